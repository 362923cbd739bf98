//! The `newswire` command.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use mimalloc::MiMalloc;
use newswire_cli::{INTERRUPTED, Stdio, run};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let stdio = Stdio::of_process();
    let stop = stdio.stop.clone();
    // Where no handler can be had, Ctrl-C ends the process as it always does. Who asks twice doesn't want to
    // wait for anything.
    let _ = ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    });
    ExitCode::from(run(std::env::args_os(), stdio))
}
