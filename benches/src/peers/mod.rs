//! The peers: what people use today, and Newswire itself, behind one trait.

pub(crate) mod broadcast;
pub(crate) mod channels;
pub(crate) mod newswire_bus;
