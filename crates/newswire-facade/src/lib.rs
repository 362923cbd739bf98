//! What every language needs of Newswire, checked once.
//!
//! Bindings turn their language's values into bytes, integers and text; here these are judged, with errors that
//! say what was expected, and become what the core takes.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod schemes;

pub use schemes::attach;
