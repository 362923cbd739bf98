//! `schema/`: the JSON Schema of the envelope, and one file for each payload.
//!
//! A file a kind, because each is whole in itself: what `newswire schema KIND` prints is the file, a
//! validator needs no other, and a changed row shows as one changed file.

use newswire::catalogue::{rows, schema};

use super::Generated;

pub(super) fn files() -> Vec<Generated> {
    let payloads = rows().iter().map(|row| {
        Generated::new(format!("schema/payload/{}.schema.json", row.kind), schema::of_payload(row))
    });
    payloads.chain([Generated::new("schema/event.schema.json", schema::of_event())]).collect()
}
