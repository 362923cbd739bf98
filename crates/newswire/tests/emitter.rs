//! Emitters and guards: context is fixed, parents nest, every operation ends, and nobody pays for nothing.

use std::cell::Cell;
use std::time::Duration;

use newswire::catalogue::message::MessageCreated;
use newswire::catalogue::model::ModelCallCompleted;
use newswire::catalogue::run::RunCompleted;
use newswire::catalogue::tool::{ToolApprovalCompleted, ToolCallCanceled, ToolCallCompleted, ToolCallFailed};
use newswire::catalogue::{Catalogued, Failure, IntoField, Json, Text, Usage};
use newswire::{
    Bus, ComponentScope, CorrelationField, Emitter, ErrorKind, Event, Kind, Published, ScopeField, Severity,
    Source, Subscription,
};

fn listening() -> (Bus, Subscription) {
    let bus = Bus::new();
    let events = bus.subscribe("*").expect("a subscription");
    (bus, events)
}

/// Everything that has been published so far.
fn seen(events: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| events.try_next().ok().flatten()).filter_map(|delivery| delivery.event()).collect()
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind().as_str()).collect()
}

/// An argument that tells whether it was turned into a field.
struct Watched<'a>(&'a Cell<bool>);

impl IntoField<Text> for Watched<'_> {
    fn into_field(self) -> Text {
        self.0.set(true);
        "watched".into()
    }
}

#[test]
fn an_event_carries_the_emitters_context() {
    let (bus, mut events) = listening();
    let emitter = bus
        .emitter()
        .with_scope(ScopeField::Session, "s-1")
        .and_then(|emitter| emitter.with_correlation(CorrelationField::Request, "q-9"))
        .expect("ids")
        .with_source(Source::named("tool_runner", "calculator").expect("a source"));
    emitter.tool_call_started("add", "c-1", serde_json::json!([1, 2])).expect("published");

    let event = seen(&mut events).remove(0);
    assert_eq!(event.scope().get(ScopeField::Session), Some("s-1"));
    assert_eq!(event.correlation().get(CorrelationField::Request), Some("q-9"));
    assert_eq!(event.source().name(), Some("calculator"));
    assert_eq!(event.payload_json(), Some(r#"{"name":"add","call_id":"c-1","arguments":[1,2]}"#));
}

#[test]
fn a_context_that_is_wrong_is_refused() {
    let error = Emitter::disabled().with_scope(ScopeField::Run, "").err().expect("an error");
    assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("scope.run")));
}

#[test]
fn a_lifecycle_event_is_about_a_component_and_others_are_not() {
    let (bus, mut events) = listening();
    let emitter = bus.emitter();
    emitter.tool_call_started("add", None, None).expect("published");
    emitter.model_call_started(None, None).expect("published");
    emitter.message_created("user", "hi").expect("published");
    emitter.agent_started("x".repeat(2000), None).expect("published");

    let events = seen(&mut events);
    let components: Vec<_> =
        events.iter().map(|event| event.component().map(|c| (c.scope(), c.id().len()))).collect();
    assert_eq!(
        components,
        [
            Some((ComponentScope::Tool, "add".len())),
            Some((ComponentScope::ModelCall, "model.call".len())),
            None,
            Some((ComponentScope::Agent, 512)),
        ]
    );
}

#[test]
fn nothing_is_built_when_nobody_listens() {
    let bus = Bus::new();
    let _others = bus.subscribe("model.*").expect("a subscription");
    let emitter = bus.emitter();
    let built = Cell::new(false);

    let published = emitter.message_created(Watched(&built), None).expect("no error");
    assert_eq!(published, Published::default());
    emitter
        .emit_with(&MessageCreated::KIND, || {
            built.set(true);
            MessageCreated::new("user", None)
        })
        .expect("no error");
    assert!(!built.get());
    assert_eq!(published.seq, None);
}

#[test]
fn what_is_wanted_takes_the_next_position() {
    let (bus, mut events) = listening();
    let published = bus.emitter().message_created("user", "hi").expect("published");
    assert_eq!((published.seq, published.matched), (Some(1), 1));
    let published = bus.emitter().emit(MessageCreated::new("user", "again")).expect("published");
    assert_eq!(published.seq, Some(2));
    assert_eq!(kinds(&seen(&mut events)), ["message.created", "message.created"]);
}

#[test]
fn a_disabled_emitter_emits_nothing_and_its_guards_work_all_the_same() {
    let emitter = Emitter::disabled();
    assert!(!emitter.is_enabled() && !emitter.wants(&MessageCreated::KIND));
    let built = Cell::new(false);
    emitter.log_written(Watched(&built)).expect("no error");
    assert!(!built.get());

    let run = emitter.run("silent", None);
    assert!(run.emitter().correlation().parent_span.is_some());
    assert_eq!(run.complete(None), Ok(Published::default()));
    let ready = Event::builder(MessageCreated::KIND).build().expect("an event");
    assert_eq!(emitter.publish(ready).expect("nothing happens").seq, None);
}

#[test]
fn all_events_of_an_operation_have_its_span() {
    let (bus, mut events) = listening();
    let call = bus.emitter().tool_call("search", "c-1", Json::of("rust").expect("JSON"));
    call.progress("asking").expect("published");
    call.progress_with(None, |progress| progress.current = Some(3)).expect("published");
    call.complete(serde_json::json!(["a", "b"])).expect("published");

    let events = seen(&mut events);
    assert_eq!(
        kinds(&events),
        ["tool.call.started", "tool.call.progress", "tool.call.progress", "tool.call.completed"]
    );
    let span = events[0].correlation().span.expect("a span");
    assert!(events.iter().all(|event| event.correlation().span == Some(span)));
    assert!(events.iter().all(|event| event.correlation().trace == events[0].correlation().trace));
    assert!(events.iter().all(|event| event.component().is_some_and(|component| component.id() == "search")));
    let ended = events[3].payload::<ToolCallCompleted>().expect("a payload").expect("one");
    assert_eq!((ended.name.as_ref(), ended.call_id.as_deref()), ("search", Some("c-1")));
    assert_eq!(ended.result.as_ref().map(Json::get), Some(r#"["a","b"]"#));
    assert!(ended.duration_ns.is_some());
}

#[test]
fn what_happens_within_an_operation_has_it_as_parent() {
    let (bus, mut events) = listening();
    let run = bus.emitter().run("demo", None);
    let inside = run.emitter();
    let turn = inside.turn(None, "hello");
    let call = turn.emitter().model_call("gpt-5", "openai");
    call.emitter().message_created("assistant", "hi").expect("published");
    call.complete(Usage::tokens(10, 2)).expect("published");
    turn.complete("hi").expect("published");
    run.complete(None).expect("published");

    let events = seen(&mut events);
    let span = |kind: &str| {
        events.iter().find(|event| event.kind().as_str() == kind).expect("it happened").correlation().clone()
    };
    assert_eq!(span("run.started").parent_span, None);
    assert_eq!(span("turn.started").parent_span, span("run.started").span);
    assert_eq!(span("model.call.completed").parent_span, span("turn.completed").span);
    assert_eq!(span("message.created").parent_span, span("model.call.started").span);
    assert_eq!(span("message.created").span, None);
    let run = events[0].scope().get(ScopeField::Run).expect("a run has an id");
    assert!(events.iter().all(|event| event.scope().get(ScopeField::Run) == Some(run)));
    assert!(events.iter().all(|event| event.correlation().trace == events[0].correlation().trace));
}

#[test]
fn siblings_share_a_parent_and_differ_in_their_spans() {
    let (bus, mut events) = listening();
    let step = bus.emitter().step("gather", None);
    let (first, second) =
        (step.emitter().tool_call("a", None, None), step.emitter().tool_call("b", None, None));
    drop((first, second, step));

    let starts: Vec<_> =
        seen(&mut events).into_iter().filter(|event| event.kind().as_str() == "tool.call.started").collect();
    assert_eq!(starts[0].correlation().parent_span, starts[1].correlation().parent_span);
    assert_ne!(starts[0].correlation().span, starts[1].correlation().span);
}

#[test]
fn an_explicit_parent_and_run_are_kept() {
    let (bus, mut events) = listening();
    let outer = bus.emitter().run("outer", None);
    let parent = outer.emitter().correlation().parent_span.expect("the run's span");
    let other = bus.emitter().with_parent(parent).with_scope(ScopeField::Run, "r-7").expect("an id");
    other.run("inner", None).complete(None).expect("published");

    let inner = seen(&mut events).into_iter().nth(1).expect("the start of the inner run");
    assert_eq!(inner.correlation().parent_span, Some(parent));
    assert_eq!(inner.scope().get(ScopeField::Run), Some("r-7"));
}

#[test]
fn a_guard_dropped_open_has_canceled_its_operation() {
    let (bus, mut events) = listening();
    drop(bus.emitter().tool_call("search", "c-1", None));
    let event = seen(&mut events).remove(1);
    let payload = event.payload::<ToolCallCanceled>().expect("a payload").expect("one");
    assert_eq!(payload.reason.as_deref(), Some("dropped while open"));
    assert_eq!(payload.call_id.as_deref(), Some("c-1"));
    assert_eq!(event.severity(), Severity::Warn);
}

#[test]
fn a_panic_cancels_what_is_open_with_that_reason() {
    let (bus, mut events) = listening();
    let emitter = bus.emitter();
    let crashed = std::thread::spawn(move || {
        let _call = emitter.tool_call("search", None, None);
        panic!("a bug of the tool");
    })
    .join();
    assert!(crashed.is_err());
    let payload = seen(&mut events).remove(1);
    let payload = payload.payload::<ToolCallCanceled>().expect("a payload").expect("one");
    assert_eq!(payload.reason.as_deref(), Some("panicked"));
}

#[test]
fn a_panic_in_what_tells_the_end_of_an_operation_cancels_it() {
    let (bus, mut events) = listening();
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let call = bus.emitter().model_call("gpt-5", "openai");
        call.complete_with(Usage::tokens(1, 2), |_| std::panic::resume_unwind(Box::new("as agreed")))
    }));
    assert!(ended.is_err());
    assert_eq!(kinds(&seen(&mut events)), ["model.call.started", "model.call.canceled"]);
    bus.emitter().model_call("gpt-5", "openai").complete_with(Usage::tokens(1, 2), |_| ()).unwrap();
    assert_eq!(kinds(&seen(&mut events)), ["model.call.started", "model.call.completed"]);
}

#[test]
fn a_failure_tells_what_went_wrong() {
    let (bus, mut events) = listening();
    let error = "x".parse::<u32>().expect_err("no number");
    bus.emitter().tool_call("count", None, None).fail(&error).expect("published");
    let failure = Failure { class: Some("timeout".into()), ..Failure::new("too slow") };
    bus.emitter().tool_call("count", None, None).fail(failure).expect("published");
    bus.emitter().tool_call("count", None, None).cancel("denied").expect("published");

    let events = seen(&mut events);
    assert_eq!(events.len(), 6);
    let message =
        |event: &Event| event.payload::<ToolCallFailed>().expect("fits").expect("one").error.clone();
    assert_eq!(&*message(&events[1]).message, "invalid digit found in string");
    assert_eq!(message(&events[3]).class.as_deref(), Some("timeout"));
    assert_eq!(events[5].kind(), &ToolCallCanceled::KIND);
}

#[test]
fn a_guards_end_can_tell_more_than_its_outcome() {
    let (bus, mut events) = listening();
    let usage = Usage { cost_usd: Some(0.25), ..Usage::tokens(10, 2) };
    bus.emitter()
        .model_call("gpt-5", "openai")
        .complete_with(usage.clone(), |call| call.finish_reason = Some("stop".into()))
        .expect("published");
    bus.emitter().tool_approval("rm", "c-1", None).complete(false).expect("published");

    let events = seen(&mut events);
    let call = events[1].payload::<ModelCallCompleted>().expect("fits").expect("one");
    assert_eq!((call.usage.as_ref(), call.finish_reason.as_deref()), (Some(&usage), Some("stop")));
    let verdict = events[3].payload::<ToolApprovalCompleted>().expect("fits").expect("one");
    assert!(!verdict.approved);
}

#[test]
fn a_subscriber_that_comes_late_still_sees_the_end() {
    let bus = Bus::new();
    let run = bus.emitter().run("long", None);
    let mut events = bus.subscribe("run.*").expect("a subscription");
    run.complete(None).expect("published");
    let event = seen(&mut events).remove(0);
    let payload = event.payload::<RunCompleted>().expect("fits").expect("one");
    assert_eq!((payload.name.as_deref(), payload.duration_ns), (Some("long"), None));
}

#[test]
fn a_custom_kind_is_emitted_like_any_other() {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    struct DeployFinished {
        version: String,
    }

    impl newswire::Payload for DeployFinished {
        fn kind(&self) -> Kind {
            Kind::parse("deploy.finished").expect("a well-formed name")
        }

        fn size_bound(&self) -> usize {
            16 + newswire::json_len(&self.version)
        }
    }

    let (bus, mut events) = listening();
    bus.emitter().emit(DeployFinished { version: "1.2".into() }).expect("published");
    let emitter = bus.emitter();
    let tagged = emitter.event(MessageCreated::KIND).tag("canary").build().expect("an event");
    emitter.publish(tagged).expect("published");

    let events = seen(&mut events);
    assert_eq!(events[0].payload_json(), Some(r#"{"version":"1.2"}"#));
    assert_eq!(events[0].component(), None);
    assert_eq!(events[1].tags().collect::<Vec<_>>(), ["canary"]);
}

#[test]
fn an_event_that_is_too_large_or_late_is_an_error_and_a_guard_drops_quietly() {
    let (bus, _events) = listening();
    let emitter = bus.emitter();
    let error = emitter.message_created("user", "x".repeat(1 << 20)).expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::TooLarge);

    let call = emitter.tool_call("search", None, None);
    bus.close(Duration::from_secs(1));
    assert!(bus.publish(Event::builder(MessageCreated::KIND).build().expect("an event")).is_err());
    drop(call);
}
