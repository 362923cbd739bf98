//! Handlers of payloads: they are given what their type says, and nothing else.

use std::sync::mpsc;

use newswire::catalogue::model::ModelCallCompleted;
use newswire::catalogue::step::{StepCompleted, StepStarted};
use newswire::{Bus, ErrorKind, Event, HandlerOptions, Kind, Mode, Payload};
use serde::{Deserialize, Serialize};

use super::LONG;

macro_rules! payload {
    ($($name:ident)+) => {$(
        #[derive(Clone, Serialize, Deserialize)]
        struct $name {
            kind: String,
        }

        impl Payload for $name {
            fn kind(&self) -> Kind {
                Kind::parse(&self.kind).unwrap()
            }

            fn size_bound(&self) -> usize {
                64
            }
        }
    )+};
}

// A kind is registered for the whole process, so for the type of one test only.
payload! { Hit Several }

fn json(kind: &str, payload: &str) -> Event {
    Event::builder(Kind::parse(kind).unwrap()).json(payload).build().unwrap()
}

#[test]
fn a_handler_of_a_payload_gets_the_events_of_its_kind_with_it() {
    let bus = Bus::new();
    let (tell, told) = mpsc::channel();
    let listener = bus
        .on_payload(move |event: &Event, step: &StepCompleted| {
            let _ = tell.send((event.seq(), step.name.to_string()));
        })
        .unwrap();
    bus.emitter().step("load", None).complete(None).unwrap();
    bus.publish(json("step.completed", r#"{"name":"clean"}"#)).unwrap();
    assert_eq!(told.recv_timeout(LONG), Ok((1, "load".to_owned())));
    assert_eq!(told.recv_timeout(LONG), Ok((2, "clean".to_owned())));
    bus.close(LONG);
    assert_eq!(listener.stats().books.matched, 2);
}

#[test]
fn a_payload_that_doesnt_fit_is_a_failure_of_the_handler_with_the_reason() {
    let bus = Bus::new();
    let listener = bus
        .on_payload_with(
            HandlerOptions::inline(),
            |_: &Event, _: &ModelCallCompleted| -> Result<(), String> { Err("the handler's own".into()) },
        )
        .unwrap();
    bus.publish(json("model.call.completed", r#"{"usage":7}"#)).unwrap();
    let stats = listener.stats();
    assert_eq!(stats.books.failed, 1);
    assert!(stats.last_failure.unwrap().starts_with("payload: invalid type: integer `7`"));
    bus.publish(json("model.call.completed", "{}")).unwrap();
    assert_eq!(listener.stats().last_failure.as_deref(), Some("the handler's own"));
    // Without a payload there is nothing to hand over.
    bus.publish(Event::builder(Kind::parse("model.call.completed").unwrap()).build().unwrap()).unwrap();
    assert_eq!((listener.stats().books.failed, listener.stats().books.handled), (2, 1));
}

#[test]
fn a_custom_type_has_handlers_once_it_is_registered_even_under_a_name_of_other_systems() {
    let bus = Bus::new();
    let handler = |_: &Event, _: &Hit| {};
    let error = bus.on_payload(handler).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().ends_with("typed::Hit is the payload of"), "{error}");
    Kind::register::<Hit>("tool.completed").unwrap();
    let listener = bus.on_payload_with(HandlerOptions::inline(), handler).unwrap();
    bus.emitter().emit(Hit { kind: "tool.completed".into() }).unwrap();
    bus.emitter().emit(Hit { kind: "cache.missed".into() }).unwrap();
    assert_eq!(listener.stats().books.handled, 1);
}

#[test]
fn a_payload_is_had_by_its_type_only_where_the_kind_is_that_types() {
    let event = json("step.completed", r#"{"name":"load"}"#);
    assert!(event.as_payload::<StepStarted>().unwrap().is_none());
    assert_eq!(event.as_payload::<StepCompleted>().unwrap().unwrap().name, "load");
    assert!(json("step.started", "7").as_payload::<StepCompleted>().unwrap().is_none());
    assert!(json("step.started", "7").as_payload::<StepStarted>().is_err());
    // A type of several kinds is told by its value.
    let hit = |kind: &str| Event::of(Several { kind: kind.into() }).build().unwrap();
    assert!(hit("cache.hit").as_payload::<Several>().unwrap().is_some());
    assert!(json("cache.hit", r#"{"kind":"cache.missed"}"#).as_payload::<Several>().unwrap().is_none());
}

#[test]
fn inline_options_serve_on_the_publishers_thread() {
    let options = HandlerOptions::inline();
    assert_eq!((options.mode, options.once), (Mode::Inline, false));
}
