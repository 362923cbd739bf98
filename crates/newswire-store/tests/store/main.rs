//! The SQLite store, a promise a test.

mod attaching;
mod common;
mod durable;
mod events;
mod locks;
mod moved;
mod replay;
mod retention;
mod runs;
