//! Recordings of any format, as events.
//!
//! A format is one file here: a [`Format`] that says how it is told from others, and an [`Importer`] that
//! turns its records into events. All else (lines, bounds, places of errors, what is counted) is done once,
//! in [`Import`].

mod ag_ui;
mod ahead;
mod ai_sdk;
mod answer;
mod codex;
mod decode;
mod format;
mod frame;
mod langfuse;
mod open;
mod ours;
mod output;
mod pairing;
mod pi;
mod read;
mod report;
mod systems;
mod tau_bench;

pub use format::{Format, formats};
pub use open::{open, open_with, read, read_with};
pub use output::Output;
pub use read::{Broken, Import, Importer, ReadOptions};
pub use report::Report;
