//! The `newswire` command, as a library: arguments and streams in, an exit code out.
//!
//! It never ends the process and never touches the process's own streams, so that other languages can offer
//! the same command and tests can run it.

mod args;
mod check;
mod events;
mod grep;
mod growing;
mod handoff;
mod import;
mod io;
mod kinds;
mod names;
mod notice;
mod play;
mod progress;
mod reading;
mod run;
mod show;
mod stats;
mod stdio;
mod strange;
mod summary;
mod table;

pub use run::{FAILED, INTERRUPTED, OK, USAGE, run};
pub use stdio::Stdio;
