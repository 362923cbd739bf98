//! The `newswire` command, as a library: arguments and streams in, an exit code out.
//!
//! It never ends the process and never touches the process's own streams, so that other languages can offer
//! the same command and tests can run it.

mod args;
mod between;
mod check;
mod diff;
mod events;
mod export;
mod grep;
mod growing;
mod handoff;
mod ids;
mod import;
mod io;
mod kinds;
mod ls;
mod names;
mod notice;
mod play;
mod progress;
mod prune;
mod reading;
mod record;
mod repair;
mod run;
mod show;
mod source;
mod stats;
mod stdio;
mod strange;
mod summary;
mod table;
mod tail;
mod verify;

pub use run::{FAILED, INTERRUPTED, OK, USAGE, run};
pub use source::store_path;
pub use stdio::Stdio;
