//! From arguments to an exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, Parser};
use newswire::Visible;

use crate::args::{Args, Command};
use crate::commands::{
    check, completions, diff, export, grep, import, kinds, ls, play, prune, record, repair, show, stats,
    tail, verify,
};
use crate::exit::{FAILED, OK, USAGE};
use crate::output::{Io, Output, unwritten};
use crate::stdio::Stdio;

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
        Command::Completions(args) => (completions::completions(&args, Args::command(), &mut io), FAILED),
    };
    done.unwrap_or_else(|error| {
        io.tell(&error.to_string());
        failed
    })
}

/// Lines that may quote arguments, fit for terminals.
fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", Visible(line))).collect()
}
