//! Runs a command to its end: how long it took, how much memory it held, what it printed.

use std::ffi::OsString;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a command came to.
pub(crate) struct Ran {
    /// From its start to its end.
    pub(crate) time: Duration,
    /// What it used of all cores, by its own code.
    pub(crate) cpu: Duration,
    /// The most memory that it held, in bytes; everything resident counted, pages of files too.
    pub(crate) memory: u64,
    /// Lines that it printed.
    pub(crate) lines: u64,
}

/// The `newswire` command with these words: a program of its own, built beside this one as it would be shipped.
pub(crate) fn newswire<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Command {
    let here = std::env::current_exe().expect("a program has a path");
    let program = here.with_file_name(format!("newswire-measured{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} isn't there: build all of newswire-benches", program.display());
    let mut command = Command::new(program);
    command.args(words.into_iter().map(Into::into));
    command
}

#[expect(clippy::zombie_processes, reason = "`wait4` waits for it")]
/// Runs a command and reads all that it prints.
pub(crate) fn run(mut command: Command) -> Ran {
    let began = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a command that can be started");
    let mut out = child.stdout.take().expect("a pipe");
    let (mut buffer, mut lines) = (vec![0; 1 << 18], 0);
    loop {
        let read = out.read(&mut buffer).expect("a pipe that can be read");
        if read == 0 {
            break;
        }
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    let (cpu, memory) = wait(&child);
    Ran { time: began.elapsed(), cpu, memory, lines }
}

/// Waits for its end; gives the CPU that it used outside the kernel, and the most memory that it held.
#[expect(
    unsafe_code,
    reason = "what a child used is told by `wait4`, which the standard library doesn't offer"
)]
fn wait(child: &std::process::Child) -> (Duration, u64) {
    let pid = libc::pid_t::try_from(child.id()).expect("an id of a process");
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both places outlive the call, and all zeros are a valid `rusage`.
    let usage = unsafe {
        assert_eq!(libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()), pid, "a child that ends");
        usage.assume_init()
    };
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let cpu = Duration::from_secs(count(usage.ru_utime.tv_sec))
        + Duration::from_micros(count(usage.ru_utime.tv_usec));
    (cpu, count(usage.ru_maxrss) * 1024)
}
