//! The `newswire` command, as a library: arguments and streams in, an exit code out.
//!
//! It never ends the process and never touches the process's own streams, so that other languages can offer
//! the same command and tests can run it.
//!
//! What is said to it (`args`) chooses a command (`commands`). That reads (`input`), has the events watched where they
//! go over a bus (`watch`), and writes (`output`). Whatever stands later in this sentence knows nothing of what stands
//! before it.

mod args;
mod commands;
mod exit;
mod input;
mod output;
mod run;
mod stdio;
mod watch;

pub use exit::{FAILED, INTERRUPTED, OK, USAGE};
pub use input::store_path;
pub use run::run;
pub use stdio::Stdio;
