//! Minimal prototypes of delivery structures, measured before one was chosen; ARCHITECTURE.md tells what
//! came out. They have a seq, an order and a wake, and none of the other duties of a bus.

pub(crate) mod log;
pub(crate) mod queues;
pub(crate) mod raw;
pub(crate) mod ring;
