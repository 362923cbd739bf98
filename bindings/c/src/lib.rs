//! Newswire for C, and for every language that can call C: `include/newswire.h`, docs/c-abi.md.
//!
//! A function here turns numbers and text into a call of the facade and its answer into a code; what is right and
//! what is wrong is judged there. Raw pointers are looked at in `edge` and nowhere else, and no panic leaves.
#![allow(unsafe_code, reason = "names that C can link, and the edge; `cargo xtask check` holds where")]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod attach;
mod bus;
mod edge;
mod emitter;
mod fault;
mod filter;
mod general;
mod publish;
mod source;
mod subscribe;
mod tables;

pub use attach::{nw_attach, nw_detach, nw_flush, nw_snapshot, nw_watch};
pub use bus::{
    nw_bus_close, nw_bus_default, nw_bus_interest, nw_bus_open, nw_bus_position, nw_bus_redact, nw_bus_wants,
};
pub use edge::{Bytes, Handle, Handler, Slice};
pub use emitter::{nw_emit, nw_emitter_open, nw_emitter_wants, nw_emitter_within};
pub use fault::{Code, Fault};
pub use filter::{nw_filter_matches, nw_filter_parse, nw_filter_text};
pub use general::{
    NW_ABI_VERSION, nw_abi_version, nw_bytes_free, nw_close, nw_error_free, nw_event, nw_kind_slot, nw_stats,
    nw_version,
};
pub use publish::{
    Published, nw_publish, nw_publish_batch, nw_publish_durable, nw_receipt_wait, nw_request, nw_try_publish,
    nw_wait_for,
};
pub use source::{
    nw_play, nw_player_command, nw_player_position, nw_player_wait, nw_read_batch, nw_reader_open,
    nw_reader_report, nw_runs,
};
pub use subscribe::{
    nw_confirm, nw_next_batch, nw_on, nw_pause, nw_position, nw_resize, nw_resume, nw_subscribe,
    nw_unsubscribe,
};
