//! The output, shared between a command's threads.
//!
//! Whoever reads it may go away at any time (`| head`). That is no error: what is written from then on is
//! swallowed, and the command ends at its next look.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The output, shared; a reader that went away is remembered, not reported.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Shared>>);

struct Shared {
    writer: Box<dyn Write + Send>,
    unread: bool,
}

impl Output {
    pub(crate) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(Shared { writer, unread: false })))
    }

    /// Whether the reader has gone away.
    pub(crate) fn is_unread(&self) -> bool {
        self.shared().unread
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tolerate(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut shared = self.shared();
        if shared.unread {
            return Ok(());
        }
        write(&mut *shared.writer).or_else(|error| {
            shared.unread = error.kind() == ErrorKind::BrokenPipe;
            if shared.unread { Ok(()) } else { Err(error) }
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tolerate(|writer| writer.write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tolerate(|writer| writer.flush())
    }
}
