//! `newswire completions`: what makes a shell complete this command's words.

use std::io::Write;

use newswire::Result;

use crate::exit::OK;
use crate::output::{Io, unwritten};

/// Prints what makes a shell complete this command's words
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire completions bash > ~/.local/share/bash-completion/completions/newswire
  newswire completions zsh > ~/.zfunc/_newswire
  newswire completions fish > ~/.config/fish/completions/newswire.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the script for all words of `command`.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn completions(args: &Completions, mut command: clap::Command, io: &mut Io) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "newswire", &mut script);
    io.out.write_all(&script).and_then(|()| io.out.flush()).map_err(|error| unwritten(&error))?;
    Ok(OK)
}
