//! From arguments to an exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;
use newswire::Visible;

use crate::args::{Args, Command};
use crate::kinds;
use crate::play::{self, Played};
use crate::stdio::{Output, Stdio};

/// The exit code when all is done.
pub const OK: u8 = 0;
/// The exit code when something went wrong; what, is on the standard error.
pub const FAILED: u8 = 1;
/// The exit code when the arguments make no sense.
pub const USAGE: u8 = 2;

/// Runs the command that `args` are for, their first being the program's name; gives the exit code.
///
/// ```
/// use newswire_cli::{Stdio, USAGE, run};
///
/// use std::io::{empty, sink};
/// let stdio =
///     Stdio { input: Box::new(empty()), out: Box::new(sink()), err: Box::new(sink()), color: false };
/// assert_eq!(run(["newswire", "fly"].map(Into::into), stdio), USAGE);
/// ```
pub fn run(args: impl IntoIterator<Item = OsString>, stdio: Stdio) -> u8 {
    let Stdio { input, out, mut err, color } = stdio;
    let mut out = Output::new(out);
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            tell(&mut err, &error.to_string());
            return USAGE;
        }
        Err(help) => {
            tell(&mut out, &help.to_string());
            return OK;
        }
    };
    let done = match args.command {
        Command::Play(args) => play::play(&args, input, &out, color),
        Command::Kinds(args) => kinds::kinds(&args, &out).map(|()| Played::default()),
        Command::Schema(args) => kinds::schema(&args, &out).map(|()| Played::default()),
    };
    let Played { notice, wrong } = done.unwrap_or_else(|error| Played::failed(error.to_string()));
    for message in notice.iter().chain(&wrong) {
        tell(&mut err, &format!("newswire: {message}"));
    }
    if wrong.is_empty() { OK } else { FAILED }
}

/// Writes lines that may quote arguments and files; where even that fails, nobody is left to be told.
fn tell(to: &mut impl Write, text: &str) {
    for line in text.lines() {
        let _ = writeln!(to, "{}", Visible(line));
    }
}
