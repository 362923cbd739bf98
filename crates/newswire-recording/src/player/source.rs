//! Where the deliveries of a play come from, once or again and again.

use newswire::{Delivery, Error, ErrorKind, Result};

type Boxed<'r> = Box<dyn Iterator<Item = Result<Delivery>> + Send + 'r>;

pub(super) struct Deliveries<'r> {
    current: Boxed<'r>,
    open: Option<Box<dyn FnMut() -> Result<Boxed<'r>> + Send + 'r>>,
}

impl<'r> Deliveries<'r> {
    pub(super) fn once(current: Boxed<'r>) -> Self {
        Self { current, open: None }
    }

    pub(super) fn again<D>(mut open: impl FnMut() -> Result<D> + Send + 'r) -> Result<Self>
    where
        D: IntoIterator<Item = Result<Delivery>, IntoIter: Send + 'r>,
    {
        let mut open = move || -> Result<Boxed<'r>> { Ok(Box::new(open()?.into_iter())) };
        Ok(Self { current: open()?, open: Some(Box::new(open)) })
    }

    pub(super) fn next(&mut self) -> Option<Result<Delivery>> {
        self.current.next()
    }

    pub(super) fn can_rewind(&self) -> bool {
        self.open.is_some()
    }

    /// Begins again.
    pub(super) fn rewind(&mut self) -> Result<()> {
        let open = self.open.as_mut().ok_or_else(backwards)?;
        self.current = open()?;
        Ok(())
    }
}

/// The error that a play can't go back.
pub(super) fn backwards() -> Error {
    Error::new(ErrorKind::OutOfRange, "what can be read only once can't be played backwards")
        .expecting("a time that hasn't been played yet, or a player that can open its recording again")
}
