//! The ready-made subscribers: status, usage, latency, traces.

mod calls;
mod census;
mod common;
mod latency;
mod runs;
mod status;
mod trace;
mod usage;
