//! Recordings: what real agents did, read from files as events.
//!
//! ```no_run
//! let bus = newswire::Bus::new();
//! for event in newswire_recording::open("session.jsonl".as_ref())? {
//!     bus.publish(event?)?;
//! }
//! # Ok::<(), newswire::Error>(())
//! ```

mod fields;
mod importer;
mod lines;
mod pi;
mod time;

pub use importer::{Importer, Report, open, read};
pub use lines::MAX_LINE_BYTES;
pub use pi::PiSession;
