//! The streams that a command reads and writes, and what the system tells of them.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a command reads, and where it writes.
///
/// ```
/// use newswire_cli::Stdio;
///
/// let stdio = Stdio { out_terminal: true, ..Stdio::new(std::io::empty(), std::io::sink(), std::io::sink()) };
/// assert!(!stdio.color);
/// ```
pub struct Stdio {
    /// What is read where a file is called `-`.
    pub input: Box<dyn Read + Send>,
    /// What was asked for.
    pub out: Box<dyn Write + Send>,
    /// Messages about it.
    pub err: Box<dyn Write + Send>,
    /// Whether `out` is a terminal: then it gets what people read, otherwise JSON.
    pub out_terminal: bool,
    /// Whether `err` is a terminal: then long work shows there how far it is.
    pub err_terminal: bool,
    /// Whether the user welcomes colours on terminals.
    pub color: bool,
    /// The file that `input` reads, where it is one.
    pub in_file: Option<File>,
    /// The file that `out` writes, where it is one: a command that read it as well would never end, and is refused.
    /// One that waits looks there whether anybody still reads.
    pub out_file: Option<File>,
    /// Set by whoever wants the command to end soon, such as a handler of Ctrl-C.
    pub stop: Arc<AtomicBool>,
}

impl Stdio {
    /// Streams that are no terminals.
    pub fn new(
        input: impl Read + Send + 'static,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
    ) -> Self {
        Self {
            input: Box::new(input),
            out: Box::new(out),
            err: Box::new(err),
            out_terminal: false,
            err_terminal: false,
            color: false,
            in_file: None,
            out_file: None,
            stop: Arc::default(),
        }
    }

    /// The streams of this process.
    pub fn of_process() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let out_file = file_of(&io::stdout());
        out_file.iter().for_each(widen);
        Self {
            out_terminal: io::stdout().is_terminal(),
            err_terminal: io::stderr().is_terminal() && !is_dumb,
            color: !is_set("NO_COLOR") && !is_dumb,
            in_file: file_of(&io::stdin()),
            out_file,
            ..Self::new(io::stdin(), io::stdout(), io::stderr())
        }
    }
}

/// What a stream of the process is, for whoever wants to know whether it is a file.
#[cfg(unix)]
fn file_of(stream: &impl std::os::fd::AsFd) -> Option<File> {
    stream.as_fd().try_clone_to_owned().ok().map(File::from)
}

#[cfg(windows)]
fn file_of(stream: &impl std::os::windows::io::AsHandle) -> Option<File> {
    stream.as_handle().try_clone_to_owned().ok().map(File::from)
}

/// Has a pipe hold more than the usual 64 KiB: with less, its writer and its reader wait for each other after every
/// hundred events. What is no pipe stays as it is, and so does one where the system says no.
#[cfg(target_os = "linux")]
fn widen(pipe: &File) {
    use nix::fcntl::{FcntlArg, fcntl};
    const BYTES: i32 = 1 << 20;
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(BYTES));
}

#[cfg(not(target_os = "linux"))]
fn widen(_: &File) {}

/// Whether both are one file, as far as the system tells.
#[cfg(unix)]
pub(crate) fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
pub(crate) fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Whether nobody reads any more what is written to that, as far as the system tells without a write.
#[cfg(unix)]
pub(crate) fn is_abandoned(stream: &File) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let mut asked = [PollFd::new(stream.as_fd(), PollFlags::empty())];
    let gone = PollFlags::POLLERR | PollFlags::POLLHUP;
    poll(&mut asked, PollTimeout::ZERO).is_ok()
        && asked.iter().any(|stream| stream.revents().is_some_and(|told| told.intersects(gone)))
}

#[cfg(not(unix))]
pub(crate) fn is_abandoned(_: &File) -> bool {
    false
}
