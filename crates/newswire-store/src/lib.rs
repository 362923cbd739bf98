//! Stores: durable history of a bus, and replay from it; SQLite by default.
//!
//! ```
//! use newswire::{Bus, BusOptions, Event, Kind, Start, SubscribeOptions};
//! # let folder = std::env::temp_dir().join(format!("newswire-store-doc-{}", std::process::id()));
//! # let url = format!("sqlite:{}", folder.join("events.db").display());
//!
//! newswire_store::register()?;
//! let bus = Bus::with(BusOptions { name: "nightly".into(), ..BusOptions::default() })?;
//! let store = bus.attach(&url)?; // such as "sqlite:events.db?durability=normal"
//! let event = Event::builder(Kind::parse("deploy.finished")?).build()?;
//! bus.publish_durable(event)?.wait(std::time::Duration::from_secs(10))?;
//!
//! let all = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
//! let mut past = bus.subscribe_with("deploy.*", all)?;
//! assert_eq!(past.next().and_then(|delivery| delivery.event()).map(|event| event.seq()), Some(1));
//! # drop(past); store.detach()?; std::fs::remove_dir_all(folder).unwrap();
//! # Ok::<(), newswire::Error>(())
//! ```
//!
//! `docs/store.md` says what survives what.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod chain;
mod clock;
mod events;
mod keeper;
mod lock;
mod options;
mod repair;
mod runs;
mod sqlite;
mod store;
mod syncing;

pub use clock::{Clock, SystemClock};
pub use events::{Begin, Events, Query};
pub use keeper::StoreKeeper;
pub use options::{Durability, Retention, StoreOptions, parse_age, read_url};
pub use repair::{RepairOptions, RepairReport, RepairedBus, repair};
pub use runs::{RunInfo, RunQuery};
pub use sqlite::{Pruned, SqliteStore, is_store};
pub use store::{BusInfo, Damage, Fault, Store, Syncer, Verified, Writer};

use newswire::{Result, register_store};

/// Makes `sqlite:` URLs attachable in this process.
///
/// ```text
/// sqlite:PATH[?durability=full|normal|off][&queue=EVENTS][&max_wait_ms=N]
///             [&max_age=AGE][&max_events=N][&max_bytes=N][&keep=PATTERN:AGE,...]
/// ```
///
/// An age is a whole number with `s`, `m`, `h` or `d` behind it. [`StoreOptions`] says what they mean.
///
/// # Errors
/// Those of [`register_store`].
pub fn register() -> Result<()> {
    register_store("sqlite", |url| {
        let (path, options) = options::of_url(url)?;
        Ok(Box::new(StoreKeeper::new(SqliteStore::open(path)?, options)))
    })
}
