//! Emitting inside handlers: the event being handled is the cause, and its trace the context.

use newswire::catalogue::message::MessageCreated;
use newswire::catalogue::{Catalogued, tool::ToolCallStarted};
use newswire::{
    Bus, CorrelationField, Delivery, Event, Failure, Gap, Handler, HandlerOptions, Mode, SubscribeOptions,
    Subscription, TraceId, WhenFull,
};
use uuid::Uuid;

use super::{LONG, event, eventually, said, say, served};

fn all(events: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| events.try_next().ok().flatten()).filter_map(Delivery::event).collect()
}

/// What `react` publishes while a tool call of a traced run is handled, and that call's start.
fn reacting(mode: Mode, react: impl Fn(&Bus, &Event) + Send + Sync + 'static) -> (Event, Vec<Event>) {
    let bus = Bus::new();
    let mut events = bus.subscribe("*").unwrap();
    let inner = bus.clone();
    let handler = move |event: &Event| react(&inner, event);
    let listener = bus.on_with("tool.call.started", served(mode), handler).unwrap();
    let run = bus.emitter().run("outer", None);
    let call = run.emitter().tool_call("search", "c-1", None);
    eventually("it has reacted", || listener.stats().books.handled == 1);
    assert!(bus.close(LONG).complete);
    drop((call, run));
    let mut events = all(&mut events);
    let cause = events.remove(1);
    assert_eq!(cause.kind(), &ToolCallStarted::KIND);
    (cause, events.split_off(1))
}

#[test]
fn what_a_handler_publishes_carries_the_events_id_and_trace() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(2)] {
        let (cause, caused) = reacting(mode, |bus, _| {
            say(bus, "work.done", "published");
            bus.emitter().message_created("assistant", "emitted").unwrap();
            bus.publish_batch(vec![event("work.done").build().unwrap()]).unwrap();
        });
        assert_eq!(caused.len(), 3);
        for event in caused {
            assert_eq!(event.correlation().causation, Some(cause.id()));
            assert_eq!(event.correlation().trace, cause.correlation().trace);
        }
    }
}

#[test]
fn a_cause_and_a_trace_of_its_own_are_left_alone() {
    let (own_cause, own_trace) = (Uuid::from_u128(7), TraceId::new(9).unwrap());
    let (_, caused) = reacting(Mode::Inline, move |bus, handled| {
        let mut correlation = handled.correlation().clone();
        (correlation.causation, correlation.trace) = (Some(own_cause), Some(own_trace));
        bus.publish(event("work.done").correlation(correlation).build().unwrap()).unwrap();
    });
    let correlation = caused[0].correlation();
    assert_eq!((correlation.causation, correlation.trace), (Some(own_cause), Some(own_trace)));
}

#[test]
fn outside_of_handlers_there_is_no_cause() {
    let bus = Bus::new();
    let mut events = bus.subscribe("*").unwrap();
    let _listener = bus.on_with("*", served(Mode::Inline), |_: &Event| {}).unwrap();
    say(&bus, "work.done", 1);
    say(&bus, "work.done", 2);
    assert!(all(&mut events).iter().all(|event| event.correlation().causation.is_none()));
}

#[test]
fn the_cause_is_the_innermost_event_across_buses_and_restored_afterwards() {
    let (here, there) = (Bus::new(), Bus::new());
    let mut outcomes = here.subscribe("outcome.*").unwrap();
    let (inner_here, inner_there) = (here.clone(), there.clone());
    let outer = move |_: &Event| {
        say(&inner_there, "work.done", "");
        say(&inner_here, "outcome.reached", "outer");
    };
    let back = here.clone();
    let inner = move |_: &Event| {
        say(&back, "outcome.reached", "inner");
    };
    let _outer = here.on_with("work.*", served(Mode::Inline), outer).unwrap();
    let _inner = there.on_with("work.*", served(Mode::Inline), inner).unwrap();
    let mut works = (here.subscribe("work.*").unwrap(), there.subscribe("work.*").unwrap());
    say(&here, "work.done", "");
    let ids = (all(&mut works.0)[0].id(), all(&mut works.1)[0].id());
    let causes: Vec<_> =
        all(&mut outcomes).iter().map(|event| (said(event), event.correlation().causation)).collect();
    assert_eq!(causes, [("outer".into(), Some(ids.0)), ("inner".into(), Some(ids.1))]);
}

#[test]
fn a_guard_opened_inside_a_handler_is_a_part_of_what_is_handled() {
    for mode in [Mode::Locked, Mode::Inline] {
        let (cause, caused) = reacting(mode, |bus, _| {
            let check = bus.emitter().model_call("gpt-5", "openai");
            check.emitter().message_created("assistant", "fine").unwrap();
            check.complete(None).unwrap();
        });
        assert_eq!(caused.len(), 3);
        let span = caused[0].correlation().span;
        for event in &caused {
            assert_eq!(event.correlation().trace, cause.correlation().trace, "no trace of its own");
        }
        for event in [&caused[0], &caused[2]] {
            assert_eq!(event.correlation().span, span);
            assert_eq!(event.correlation().parent_span, cause.correlation().span);
        }
        assert_eq!(caused[1].correlation().parent_span, span);
    }
}

#[test]
fn a_guard_that_ends_after_its_handler_has_returned_stays_a_part_of_it() {
    let bus = Bus::new();
    let mut events = bus.subscribe("*").unwrap();
    let (inner, kept) = (bus.clone(), std::sync::Arc::new(parking_lot::Mutex::new(None)));
    let keeping = kept.clone();
    let handler = move |_: &Event| *keeping.lock() = Some(inner.emitter().model_call("gpt-5", "openai"));
    let _listener = bus.on_with("tool.call.started", served(Mode::Inline), handler).unwrap();
    let call = bus.emitter().tool_call("search", None, None);
    kept.lock().take().unwrap().complete(None).unwrap();
    drop(call);
    let events = all(&mut events);
    let (cause, end) = (events[0].correlation(), events[2].correlation());
    assert_eq!((end.trace, end.parent_span), (cause.trace, cause.span));
}

#[test]
fn a_parent_that_is_explicit_or_the_emitters_goes_before_the_ambient_one() {
    let own_trace = TraceId::new(9).unwrap();
    let (cause, caused) = reacting(Mode::Inline, move |bus, handled| {
        let parent = handled.correlation().parent_span.unwrap();
        bus.emitter().with_parent(parent).model_call_started("sibling", None).unwrap();
        drop(bus.emitter().with_parent(parent).model_call("sibling", None));
        drop(bus.emitter().with_trace(own_trace).model_call("elsewhere", None));
    });
    let run = cause.correlation().parent_span;
    let parents: Vec<_> = caused.iter().map(|event| event.correlation().parent_span).collect();
    assert_eq!(parents, [run, run, run, None, None]);
    assert_eq!(caused[4].correlation().trace, Some(own_trace), "a part of another trace is none of this one");
}

/// Publishes where it is told of a gap.
struct Complains(Bus);

impl Handler for Complains {
    fn on_event(&self, _: &Event) -> Result<(), Failure> {
        Ok(())
    }

    fn on_gap(&self, _: &Gap) {
        say(&self.0, "complaint.made", "");
    }
}

#[test]
fn a_gap_is_nobodys_cause() {
    let bus = Bus::new();
    let mut complaints = bus.subscribe("complaint.*").unwrap();
    let queue =
        SubscribeOptions { buffer: 1, when_full: WhenFull::DropNewest, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, ..HandlerOptions::default() };
    let listener = bus.on_with("work.*", options, Complains(bus.clone())).unwrap();
    listener.pause();
    say(&bus, "work.done", 1);
    say(&bus, "work.done", 2);
    listener.resume();
    let complaint = complaints.next_timeout(LONG).unwrap().event().unwrap();
    assert_eq!(complaint.correlation().causation, None);
}

#[test]
fn a_reply_bypasses_interest() {
    let bus = Bus::new();
    let question = event("work.asked").build().unwrap();
    let replying =
        bus.emitter().with_correlation(CorrelationField::ReplyTo, question.id().to_string()).unwrap();
    assert!(!bus.wants(&MessageCreated::KIND) && replying.wants(&MessageCreated::KIND));
    let answer = std::thread::spawn({
        let bus = bus.clone();
        move || bus.request(question, LONG).unwrap()
    });
    eventually("the question is pending", || bus.stats().pending_requests == 1);
    replying.message_created("assistant", "the answer").unwrap();
    assert!(answer.join().unwrap().payload_json().unwrap().contains("the answer"));
    assert_eq!(bus.emitter().message_created("assistant", "nobody").unwrap().seq, None);
}
