//! From arguments to an exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, Parser};
use newswire::{Result, Visible};

use crate::args::{Args, Command, Completions};
use crate::io::{Io, unwritten};
use crate::stdio::{Output, Stdio};
use crate::{
    check, diff, export, grep, import, kinds, ls, play, prune, record, repair, show, stats, tail, verify,
};

/// The exit code when all is done.
pub const OK: u8 = 0;
/// The exit code when something went wrong; what, is on the standard error. Of `grep`, when nothing matched.
pub const FAILED: u8 = 1;
/// The exit code when the arguments make no sense. Of `grep`, also when something went wrong.
pub const USAGE: u8 = 2;
/// The exit code when the user has ended it.
pub const INTERRUPTED: u8 = 130;

/// Runs the command that `args` are for, their first being the program's name; gives the exit code.
///
/// ```
/// use newswire_cli::{Stdio, USAGE, run};
///
/// use std::io::{empty, sink};
/// let stdio = Stdio::new(empty(), sink(), sink());
/// assert_eq!(run(["newswire", "fly"].map(Into::into), stdio), USAGE);
/// ```
pub fn run(args: impl IntoIterator<Item = OsString>, mut stdio: Stdio) -> u8 {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            // Where even that fails, nobody is left to be told.
            let _ = stdio.err.write_all(lines(&error.to_string()).as_bytes());
            return USAGE;
        }
        Err(help) => {
            let mut out = Output::new(stdio.out);
            let written = out.write_all(lines(&help.to_string()).as_bytes()).and_then(|()| out.flush());
            return written.map_or_else(
                |error| {
                    let _ =
                        stdio.err.write_all(lines(&format!("newswire: {}", unwritten(&error))).as_bytes());
                    FAILED
                },
                |()| OK,
            );
        }
    };
    let mut io = Io::new(stdio, &args.look);
    let (done, failed) = match args.command {
        Command::Import(args) => (import::import(&args, &mut io), FAILED),
        Command::Record(args) => (record::record(&args, &mut io), FAILED),
        Command::Export(args) => (export::export(&args, &mut io), FAILED),
        Command::Ls(args) => (ls::ls(&args, &mut io), FAILED),
        Command::Play(args) => (play::play(&args, &mut io), FAILED),
        Command::Stats(args) => (stats::stats(&args, &mut io), FAILED),
        Command::Show(args) => (show::show(&args, &mut io), FAILED),
        Command::Grep(args) => (grep::grep(&args, &mut io), USAGE),
        Command::Tail(args) => (tail::tail(&args, &mut io), FAILED),
        Command::Diff(args) => (diff::diff(&args, &mut io), USAGE),
        Command::Verify(args) => (verify::verify(&args, &mut io), FAILED),
        Command::Repair(args) => (repair::repair(&args, &mut io), FAILED),
        Command::Prune(args) => (prune::prune(&args, &mut io), FAILED),
        Command::Check(args) => (check::check(&args, &mut io), FAILED),
        Command::Kinds(args) => (kinds::kinds(&args, &mut io), FAILED),
        Command::Schema(args) => (kinds::schema(&args, &mut io), FAILED),
        Command::Completions(args) => (completions(&args, &mut io), FAILED),
    };
    done.unwrap_or_else(|error| {
        io.tell(&error.to_string());
        failed
    })
}

fn completions(args: &Completions, io: &mut Io) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "newswire", &mut script);
    io.out.write_all(&script).and_then(|()| io.out.flush()).map_err(|error| unwritten(&error))?;
    Ok(OK)
}

/// Lines that may quote arguments, fit for terminals.
fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", Visible(line))).collect()
}
