//! What every language needs of Newswire, checked once.
//!
//! Bindings turn their language's values into bytes, integers and text; here these are judged, with errors that
//! say what was expected, and become what the core takes.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod batch;
mod context;
mod handle;
mod json;
mod lock;
mod options;
mod play;
mod pull;
mod reader;
mod redact;
mod schemes;
mod views;

pub use batch::{BATCH_VERSION, BatchItem, BatchWriter, MAX_BATCH_BYTES, read_batch};
pub use context::{
    ComponentSpec, ContextSpec, EventSpec, SourceSpec, correlation_field, read_event, scope_field,
};
pub use handle::{BadHandle, HandleType, Handles};
pub use json::to_json;
pub use lock::Mutex;
pub use newswire_cli::{Stdio, run};
pub use options::{BusSpec, HandlerSpec, SubscribeSpec, time};
pub use play::{Ending, Play, PlaySpec};
pub use pull::Pull;
pub use reader::{ReadSpec, Reader, runs};
pub use redact::RedactSpec;
pub use schemes::attach;
pub use views::{VIEWS, Watching, watch};
