//! The ready-made subscribers: status, usage, latency, traces.

mod calls;
mod census;
mod common;
mod latency;
mod status;
mod trace;
mod usage;
