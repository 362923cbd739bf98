//! The `newswire` command, as a library: arguments and streams in, an exit code out.
//!
//! It never ends the process and never touches the process's own streams, so that other languages can offer
//! the same command and tests can run it.

mod args;
mod kinds;
mod notice;
mod play;
mod run;
mod stdio;
mod summary;

pub use run::{FAILED, OK, USAGE, run};
pub use stdio::Stdio;
