//! What looks at the events on their way.

mod strange;
mod summary;
mod watching;

pub(crate) use strange::Strange;
pub(crate) use summary::{INDENT, Summary};
pub(crate) use watching::{Unseen, Watching};
