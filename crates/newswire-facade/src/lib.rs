//! What every language needs of Newswire, checked once.
//!
//! Bindings turn their language's values into bytes, integers and text; here these are judged, with errors that
//! say what was expected, and become what the core takes.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod json;
mod options;
mod schemes;
mod views;

pub use json::to_json;
pub use options::{BusSpec, HandlerSpec, SubscribeSpec, time};
pub use schemes::attach;
pub use views::{VIEWS, Watching, watch};
