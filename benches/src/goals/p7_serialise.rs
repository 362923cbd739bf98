//! P7: an event becomes JSON at most once, however many sinks ask for it.
//!
//! The peer derives serde's `Serialize` for the same members, keeps the payload as a `RawValue`, and writes
//! into a reused buffer. Both texts must be equal.

use std::hint::black_box;
use std::time::Duration;

use newswire::Event;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::contest::Contest;
use crate::machine::thread_cpu;
use crate::report::{Limit, Line};
use crate::sample::{IDS, KIND, PAYLOAD, event, events};
use crate::scale::Scale;

/// When the events happened.
const TIME_NS: i64 = 1_795_223_045_123_456_789;

/// The wire form of the event of the measurements, as one would derive it.
#[derive(Serialize)]
struct Derived<'a> {
    id: Uuid,
    kind: &'a str,
    time: &'a str,
    scope: Ids<'a>,
    severity: &'a str,
    /// In memory of its own, as each event's is.
    payload: Box<RawValue>,
}

#[derive(Serialize)]
struct Ids<'a> {
    session: &'a str,
    run: &'a str,
    step: &'a str,
    turn: &'a str,
}

/// How many events are made at a time: few enough to be in the cache when they are written.
const BATCH: usize = 64;

/// CPU of writing fresh events, each for so many sinks, in ns per event; making them is not charged.
fn time<T>(
    batches: usize,
    make: impl Fn(&[Event]) -> Vec<T>,
    sinks: usize,
    write: fn(&T, &mut Vec<u8>),
) -> [f64; 1] {
    let (mut line, mut spent) = (Vec::with_capacity(4096), Duration::ZERO);
    for _ in 0..batches {
        let items = make(&events(TIME_NS, BATCH));
        let before = thread_cpu();
        for item in &items {
            for _ in 0..sinks {
                line.clear();
                write(black_box(item), &mut line);
                black_box(&line);
            }
        }
        spent += thread_cpu() - before;
    }
    [spent.as_nanos() as f64 / (batches * BATCH) as f64]
}

fn derive<'a>(event: &Event, time: &'a str, payload: &RawValue) -> Derived<'a> {
    let [session, run, step, turn] = IDS.map(|(_, id)| id);
    let scope = Ids { session, run, step, turn };
    Derived { id: event.id(), kind: KIND, time, scope, severity: "info", payload: payload.to_owned() }
}

fn write_derived(derived: &Derived<'_>, line: &mut Vec<u8>) {
    serde_json::to_writer(line, derived).expect("plain data");
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let batches = scale.pick(4, 1_000);
    let payload: Box<RawValue> = RawValue::from_string(PAYLOAD.into()).expect("JSON");
    let sample = event(TIME_NS);
    let text = sample.to_json();
    let stamp =
        text.split_once(r#""time":""#).and_then(|(_, rest)| rest.split_once('"')).expect("it has a time").0;
    let mut derived = Vec::new();
    write_derived(&derive(&sample, stamp, &payload), &mut derived);
    assert_eq!(text.as_bytes(), derived, "both write the same");

    let derived =
        |events: &[Event]| -> Vec<_> { events.iter().map(|event| derive(event, stamp, &payload)).collect() };
    let peer = |sinks| move || time(batches, derived, sinks, write_derived);
    let ours = |sinks| move || time(batches, <[Event]>::to_vec, sinks, Event::write_json);
    let outcome = Contest::new(format!("P7: {} bytes of JSON, once and for 16 sinks", text.len()), ["ns"])
        .enter("serde_json with RawValue", peer(1))
        .enter("newswire", ours(1))
        .enter("serde_json, 16 sinks", peer(16))
        .enter("newswire, 16 sinks", ours(16))
        .hold(scale.rounds());
    [(1, "newswire", "serde_json with RawValue"), (16, "newswire, 16 sinks", "serde_json, 16 sinks")]
        .map(|(sinks, ours, peer)| {
            Line::new(format!("P7.{sinks}"), outcome.ratio(ours, peer, 0), Limit::AtMost(0.5), "ratio")
                .beside("serde_json with RawValue")
                .with("bytes", text.len())
                .with("ns", outcome.median(ours, 0))
                .with("peer_ns", outcome.median(peer, 0))
        })
        .into()
}
