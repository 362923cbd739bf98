//! JSON that is looked at once: where its parts stand, and new JSON that is put together from such parts.
//!
//! What other systems have written passes through as it stands: a text stays escaped, a number keeps its digits.
//! An [`Index`] checks it in one pass as strictly as an event's payload is checked, and every [`Raw`] of it is
//! then known to be sound; so is what an [`Object`] makes of pieces, which is why the builder takes it unread.

mod index;
mod names;
mod object;
mod raw;

pub use index::{Index, Sort};
pub use object::Object;
pub use raw::Raw;

pub use crate::event::write_string;
