//! The event model: its wire form, what it refuses, ids, kinds, cursors.

mod arbitrary;
mod bad_input;
mod cursor;
mod ids;
mod kind;
mod payload;
mod reader;
mod time;
mod wire;

use newswire::{Event, EventBuilder, Kind};

/// Begins an event whose kind doesn't matter.
fn event() -> EventBuilder {
    Event::builder(Kind::parse("deploy.finished").unwrap())
}

/// The wire form of an event that has only what must be there, and `members`.
fn line_with(members: &str) -> String {
    const REQUIRED: &str = r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"deploy.finished","time":"2026-11-21T01:02:03.000000000Z","severity":"info""#;
    if members.is_empty() { format!("{REQUIRED}}}") } else { format!("{REQUIRED},{members}}}") }
}
