//! The `newswire` command, as a library.
