//! Who waits for what is decided once: an answer, room in a queue.

use std::task::Waker;

use crate::sync::{Thread, wake};

/// Whom to tell.
#[derive(Default)]
pub(crate) enum Caller {
    #[default]
    Nobody,
    Thread(Thread),
    Task(Waker),
}

impl Caller {
    /// Has whoever waits look again; call it without holding a lock.
    pub(crate) fn tell(self) {
        match self {
            Self::Nobody => {}
            Self::Thread(thread) => thread.unpark(),
            Self::Task(waker) => wake(waker),
        }
    }
}
