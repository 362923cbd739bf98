//! P4: a whole emission, from the caller's values to the consumer's free: what the publisher pays.
//!
//! The peer is a complete event built by hand, its payload as JSON, since an envelope for all kinds can't be
//! typed; Newswire keeps the typed value and serialises when somebody asks. Beside it: the peer with an enum
//! of typed payloads instead, and Newswire with a payload that is JSON already.

use std::hint::black_box;
use std::sync::Arc;

use newswire::{Bus, Event, Kind, Payload};
use tokio::sync::broadcast::channel;

use crate::contest::Contest;
use crate::fabric::Consumer;
use crate::harness::{BURST, EMIT_COLUMNS, run_emit};
use crate::peers::envelope::{Content, Envelope, ToolCallDone, context};
use crate::peers::newswire_bus::{self, Setup};
use crate::report::{Limit, Line};
use crate::sample::{CALL, PAYLOAD, kind, scope, touch};
use crate::scale::Scale;

impl Payload for ToolCallDone {
    fn kind(&self) -> Kind {
        kind()
    }

    fn size_bound(&self) -> usize {
        512
    }
}

/// The payload from the caller's values.
fn payload() -> ToolCallDone {
    let (call_id, tool, status, duration_ns, result) = black_box(CALL);
    ToolCallDone::new(call_id, tool, status, duration_ns, result)
}

fn broadcast(build: impl Fn() -> Arc<Envelope>, bursts: usize) -> [f64; 2] {
    let (sender, mut receiver) = channel(BURST);
    let emit = || _ = sender.send(build()).expect("somebody listens");
    let poll = || {
        let take = || receiver.try_recv().ok();
        std::iter::from_fn(take).take(64).map(|event| look(&event)).count()
    };
    run_emit(emit, poll, bursts)
}

/// What a consumer does with the peer's event.
fn look(event: &Envelope) {
    black_box((event.id, event.kind, event.time, event.ids.len()));
    match &event.content {
        Content::Json(raw) => _ = black_box(raw.get().len()),
        Content::Done(payload) => _ = black_box(payload),
    }
}

fn newswire(build: impl Fn() -> Event, touch: fn(&Event), bursts: usize) -> [f64; 2] {
    let (bus, mut subscriptions): (Bus, _) = newswire_bus::open(&Setup::default(), 1, BURST);
    let mut subscription = subscriptions.remove(0);
    let emit = || _ = bus.publish(build()).expect("the bus is open");
    run_emit(emit, || subscription.poll(64, &mut |event| touch(event)), bursts)
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let bursts = scale.pick(5, 150);
    let (context, scope, kind) = (context(), scope(), kind());
    let typed = || Event::of(payload()).scope(scope.clone()).build().expect("a small event");
    let json =
        || Event::builder(kind.clone()).scope(scope.clone()).json(PAYLOAD).build().expect("a small event");
    let glance: fn(&Event) =
        |event| _ = black_box((event.id(), event.time_ns(), event.kind() as *const Kind));
    let read: fn(&Event) = |event| _ = touch(event);
    let outcome = Contest::new("P4: build, publish, one consumer, free", EMIT_COLUMNS)
        .enter("tokio::broadcast", || broadcast(|| Envelope::json(&context, &payload()), bursts))
        .enter("tokio::broadcast, enum", || broadcast(|| Envelope::typed(&context, payload()), bursts))
        .enter("newswire", || newswire(typed, glance, bursts))
        .enter("newswire, payload read as JSON", || newswire(typed, read, bursts))
        .enter("newswire, payload given as JSON", || newswire(json, read, bursts))
        .hold(scale.rounds());
    let line =
        Line::new("P4", outcome.ratio("newswire", "tokio::broadcast", 0), Limit::AtMost(0.35), "ratio")
            .beside("tokio::broadcast")
            .with("ratio_to_enum_peer", outcome.ratio("newswire", "tokio::broadcast, enum", 0))
            .with("ratio_from_json", outcome.ratio("newswire, payload given as JSON", "tokio::broadcast", 0))
            .with("ns", outcome.medians());
    vec![line]
}
