//! The ready-made subscribers: status, usage, latency, traces.

mod common;
mod latency;
mod status;
mod trace;
mod usage;
