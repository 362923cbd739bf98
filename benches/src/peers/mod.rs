//! The peers: what people use today, and Newswire itself, behind one trait.

pub(crate) mod broadcast;
pub(crate) mod channels;
pub(crate) mod envelope;
pub(crate) mod go_bus;
pub(crate) mod newswire_bus;
pub(crate) mod tracing_off;
