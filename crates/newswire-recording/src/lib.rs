//! Recordings: what agents did, read from files as events, and written.
//!
//! ```no_run
//! let bus = newswire::Bus::new();
//! for delivery in newswire_recording::open("session.jsonl".as_ref())? {
//!     if let Some(event) = delivery?.event() {
//!         bus.publish(event)?;
//!     }
//! }
//! # Ok::<(), newswire::Error>(())
//! ```

mod import;
mod player;
mod recorder;
mod recording;
mod source;

pub use import::{
    Broken, Format, Import, Importer, Output, ReadOptions, Report, formats, open, open_with, read, read_with,
};
pub use player::{Clock, Controls, Pace, PlayOptions, Played, Player, Position, Seek, SystemClock};
pub use recorder::{Existing, RecordOptions, Recorder, register};
pub use recording::{VERSION, WriteOptions, Writer, Written};
pub use source::MAX_LINE_BYTES;
