//! Recordings: what real agents did, read from files.
