//! P4: a whole emission, from the caller's values to the consumer's free: what the publisher pays.
//!
//! The peer is a complete event built by hand, its payload as JSON, since an envelope for all kinds can't be
//! typed; Newswire keeps the typed value and serialises when somebody asks. Beside it: the peer with an enum
//! of typed payloads instead, and Newswire with a payload that is JSON already.

use std::hint::black_box;
use std::sync::Arc;

use newswire::catalogue::Json;
use newswire::catalogue::tool::ToolCallCompleted;
use newswire::{Bus, Emitter, Event, Kind};
use tokio::sync::broadcast::channel;

use crate::contest::Contest;
use crate::fabric::Consumer;
use crate::harness::{BURST, EMIT_COLUMNS, Taking, run_emit};
use crate::peers::envelope::{Content, Envelope, context};
use crate::peers::newswire_bus::{self, Setup};
use crate::report::{Limit, Line};
use crate::sample::{CALL, Call, IDS, PAYLOAD, RESULT_BYTES, kind, touch};
use crate::scale::Scale;

/// The payload of a typed emission.
fn payload(call: Call) -> ToolCallCompleted {
    ToolCallCompleted {
        result_bytes: Some(RESULT_BYTES),
        status: Some(call.status.into()),
        ..ToolCallCompleted::new(call.name, call.call_id, Json::of(call.result).ok(), call.duration_ns)
    }
}

fn broadcast(build: impl Fn() -> Arc<Envelope>, taking: Taking, bursts: usize) -> [f64; 2] {
    let (sender, mut receiver) = channel(BURST);
    let emit = || _ = sender.send(build()).expect("somebody listens");
    let poll = || {
        let take = || receiver.try_recv().ok();
        std::iter::from_fn(take).take(64).map(|event| look(&event)).count()
    };
    run_emit(emit, poll, taking, bursts)
}

/// What a consumer does with the peer's event.
fn look(event: &Envelope) {
    black_box((event.id, event.kind, event.time, event.ids.len()));
    match &event.content {
        Content::Json(raw) => _ = black_box(raw.get().len()),
        Content::ToolCallFinished(payload) => _ = black_box(payload),
    }
}

fn newswire(emit: impl Fn(&Emitter), touch: fn(&Event), taking: Taking, bursts: usize) -> [f64; 2] {
    let (bus, mut subscriptions): (Bus, _) = newswire_bus::open(&Setup::default(), 1, BURST);
    let mut subscription = subscriptions.remove(0);
    let emitter = IDS
        .iter()
        .fold(bus.emitter(), |emitter, (field, id)| emitter.with_scope(*field, *id).expect("a short id"));
    run_emit(|| emit(&emitter), || subscription.poll(64, &mut |event| touch(event)), taking, bursts)
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let bursts = scale.pick(5, 150);
    let (context, kind) = (context(), kind());
    let typed = |emitter: &Emitter| _ = emitter.emit(payload(black_box(CALL))).expect("the bus is open");
    let json = |emitter: &Emitter| {
        let event = emitter.event(kind.clone()).json(black_box(PAYLOAD)).build().expect("a small event");
        emitter.publish(event).expect("the bus is open");
    };
    let glance: fn(&Event) =
        |event| _ = black_box((event.id(), event.time_ns(), event.kind() as *const Kind));
    let read: fn(&Event) = |event| _ = touch(event);
    let held = |title: &str, taking| {
        let peer_json = || Envelope::json(&context, black_box(CALL));
        let peer_enum = || Envelope::typed(&context, black_box(CALL));
        Contest::new(format!("P4: build, publish, one consumer, free; taken {title}"), EMIT_COLUMNS)
            .enter("tokio::broadcast", || broadcast(peer_json, taking, bursts))
            .enter("tokio::broadcast, enum", || broadcast(peer_enum, taking, bursts))
            .enter("newswire", || newswire(typed, glance, taking, bursts))
            .enter("newswire, payload read as JSON", || newswire(typed, read, taking, bursts))
            .enter("newswire, payload given as JSON", || newswire(json, read, taking, bursts))
            .hold(scale.rounds())
    };
    let outcome = held("afterwards", Taking::Afterwards);
    let beside = held("at once", Taking::Beside);
    let line =
        Line::new("P4", outcome.ratio("newswire", "tokio::broadcast", 0), Limit::AtMost(0.35), "ratio")
            .beside("tokio::broadcast")
            .with("ratio_to_enum_peer", outcome.ratio("newswire", "tokio::broadcast, enum", 0))
            .with("ratio_from_json", outcome.ratio("newswire, payload given as JSON", "tokio::broadcast", 0))
            .with("ratio_taken_at_once", beside.ratio("newswire", "tokio::broadcast", 0))
            .with("ns", outcome.medians())
            .with("taken_at_once_ns", beside.medians());
    vec![line]
}
