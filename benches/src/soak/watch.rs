//! A watchdog: what doesn't end in time is a hang, told instead of waited for.

use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::Duration;

/// A stack that recursion over events would soon exhaust.
const STACK: usize = 256 << 10;

/// Runs `round` on a thread of its own; `None` when it hasn't ended after `limit` (it is left alone then) or
/// has panicked.
pub(crate) fn within<R: Send + 'static>(
    limit: Duration,
    round: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (sender, receiver) = channel();
    let run = move || drop(sender.send(round()));
    Builder::new().stack_size(STACK).spawn(run).expect("a thread can be had");
    receiver.recv_timeout(limit).ok()
}
