//! The SQLite store, a promise a test.

mod attaching;
mod common;
mod durable;
mod replay;
mod retention;
mod runs;
