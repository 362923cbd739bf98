//! Bytes inside an event are bounded at every door that JSON comes in by, whatever a bus was told to check.

use newswire::catalogue::Inline;
use newswire::{Bus, Error, ErrorKind, Event, EventReader};

use super::common::kind;

const IMAGE: &str = "media.image.received";

/// A payload with that many bytes.
fn image(bytes: usize) -> String {
    format!(r#"{{"description":"x","media":{{"inline":"{}=="}}}}"#, "A".repeat(bytes.div_ceil(3) * 4 - 2))
}

fn is_too_large(error: &Error) {
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some("payload.media.inline")), "{error}");
    assert_eq!(error.expected(), Some("a reference to where they are stored"));
}

#[test]
fn json_with_more_bytes_than_an_event_carries_is_refused_where_it_comes_in() {
    let large = image(Inline::MAX_BYTES + 3);
    is_too_large(&Event::builder(kind(IMAGE)).json(&*large).build().unwrap_err());
    let fits = Event::builder(kind(IMAGE)).json(image(Inline::MAX_BYTES)).build().unwrap();
    let line = fits.to_json().replace(&image(Inline::MAX_BYTES), &large);
    is_too_large(&Event::from_json(&*line).unwrap_err());
    is_too_large(&EventReader::new().read(&line).unwrap_err());
    Bus::new().publish(fits).unwrap();
}

#[test]
fn an_enricher_cannot_add_more_bytes_than_an_event_carries() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let _enricher = bus.add_enricher(|event| event.json(&image(Inline::MAX_BYTES + 3))).unwrap();
    let small = Event::builder(kind(IMAGE)).json(image(3)).build().unwrap();
    bus.publish(small).unwrap();
    assert_eq!(bus.stats().alteration_failures, 1);
    assert_eq!(all.next().unwrap().event().unwrap().payload_json(), Some(&*image(3)));
}

#[test]
fn large_json_without_such_bytes_is_nobodys_concern() {
    let text = "A".repeat(100_000);
    let custom = format!(r#"{{"media":{{"inline":"{text}"}}}}"#);
    Event::builder(kind("screen.seen")).json(&*custom).build().unwrap();
    let described = format!(r#"{{"media":{{"inline":7}},"description":"{text}"}}"#);
    Event::builder(kind(IMAGE)).json(described).build().unwrap();
    let other = format!(r#"{{"media":["{text}"],"other":{{"inline":"{text}"}}}}"#);
    Event::builder(kind(IMAGE)).json(other).build().unwrap();
}
