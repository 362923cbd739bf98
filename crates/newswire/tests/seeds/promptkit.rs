//! PromptKit (Go), its bus and emitter.
//!
//! | behaviour | test | |
//! |---|---|---|
//! | a publish reaches a specific and a global listener once; a panic doesn't stop the next | `specific_and_global_listeners_are_called_once_each_beside_one_that_panics` | better: counted |
//! | unsubscribing stops delivery; Clear removes all | `after_unsubscribing_nothing_comes` | better: no call begins after it |
//! | Publish is true with room and false after Close; Close twice; Close without subscribers | `a_closed_bus_refuses_and_gives_the_event_back` | better: an error |
//! | Close drains 50 events with one worker; a store has its events before Close returns | `close_drains_fifty_events_with_one_worker` | same |
//! | pool and buffer by option; zero keeps the default; the timeout is stored | `options_that_make_no_sense_are_refused` | better: an error |
//! | the number of drops is exact with a buffer of 1 | `drops_are_counted_exactly` | better: told in a gap |
//! | a slow listener doesn't stop a later one | `a_slow_listener_stops_nobody` | better: not even for its timeout |
//! | no workers before the first subscribe | `no_thread_before_there_is_something_to_do` | better: before the first event |
//! | a failing store doesn't stop others; events without session are skipped | `a_failing_sink_stops_nobody_and_skips_are_booked` | better: booked |
//! | 1000 rounds of publish against close | `publishing_against_a_close_never_goes_wrong` | same |
//! | sequences are positive and distinct | `sequences_are_gapless_and_in_order` | better: ordered |
//! | shared ids on every event; nil does nothing | `the_shared_ids_are_on_every_event_and_a_disabled_emitter_does_nothing` | same |
//! | source default kept; user id; span context | `source_user_and_span_are_passed_on` | same |
//! | errors become text | `errors_become_text` | same |
//!
//! Left out on purpose: settings by environment variables (options are explicit), three strikes and out (a
//! handler is set aside only where it is asked for, announced, and resumable).

use std::sync::Arc;
use std::time::Duration;

use newswire::catalogue::tool::ToolCallFailed;
use newswire::{
    Bus, BusOptions, Emitter, ErrorKind, Event, HandlerOptions, Published, ScopeField, Source, SpanId,
    SubscribeOptions, TraceId, Unsubscribed, WhenFull,
};

use super::{AMPLE, Calls, Door, LONG, event, events, eventually, holding, inline, publish, queued};

#[test]
fn specific_and_global_listeners_are_called_once_each_beside_one_that_panics() {
    let (bus, specific, global) = (Bus::new(), Calls::default(), Calls::default());
    let bad = bus.on_with("tool.call.started", inline(), |_: &Event| -> () { panic!("a bug") }).unwrap();
    let _specific = bus.on_with("tool.call.started", inline(), specific.handler()).unwrap();
    let _global = bus.on_with("*", inline(), global.handler()).unwrap();
    assert_eq!(publish(&bus, "tool.call.started").delivered, 3);
    assert_eq!((specific.count(), global.count(), bad.stats().books.panicked), (1, 1, 1));
}

#[test]
fn after_unsubscribing_nothing_comes() {
    let (bus, calls) = (Bus::new(), Calls::default());
    let specific = bus.on("tool.*", calls.handler()).unwrap();
    let global = bus.on("*", calls.handler()).unwrap();
    assert_eq!(specific.unsubscribe(LONG), Unsubscribed::Quiet);
    drop(global);
    assert_eq!(publish(&bus, "tool.call.started").matched, 0);
    assert_eq!((calls.count(), bus.stats().subscriptions.len()), (0, 0));
}

#[test]
fn a_closed_bus_refuses_and_gives_the_event_back() {
    let bus = Bus::new();
    assert_eq!(publish(&bus, "work.done").seq, Some(1), "it is accepted with nobody there, too");
    assert!(bus.close(LONG).complete && bus.close(LONG).complete);
    let late = event("work.done").build().unwrap();
    let rejected = bus.publish(late.clone()).unwrap_err();
    assert_eq!((rejected.error.kind(), rejected.value.id()), (ErrorKind::Closed, late.id()));
    assert_eq!(bus.subscribe("*").err().map(|error| error.kind()), Some(ErrorKind::Closed));
}

#[test]
fn close_drains_fifty_events_with_one_worker() {
    let bus = Bus::with(BusOptions { workers: 1, ..BusOptions::default() }).unwrap();
    let calls = Calls::default();
    let listener = bus.on("*", calls.handler()).unwrap();
    (0..50).for_each(|_| {
        publish(&bus, "work.done");
    });
    let report = bus.close(LONG);
    assert_eq!((report.complete, report.discarded, calls.count()), (true, 0, 50));
    assert_eq!(listener.stats().books.handled, 50);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let path =
        |options: BusOptions| Bus::with(options).err().and_then(|error| error.path().map(str::to_owned));
    assert_eq!(path(BusOptions { workers: 0, ..BusOptions::default() }), Some("options.workers".into()));
    assert_eq!(path(BusOptions { workers: 3, ..BusOptions::default() }), None);
    let bus = Bus::new();
    let error = bus.subscribe_with("*", holding(0, WhenFull::DropNewest)).err().unwrap();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("options.buffer")));
    let no_time = HandlerOptions { timeout: Some(Duration::ZERO), ..HandlerOptions::default() };
    let error = bus.on_with("*", no_time, |_: &Event| {}).err().unwrap();
    assert_eq!(error.path(), Some("options.timeout"));
    let subscription = bus.subscribe_with("*", holding(7, WhenFull::DropNewest)).unwrap();
    assert_eq!(subscription.stats().buffer, 7);
}

#[test]
fn drops_are_counted_exactly() {
    for count in [10, 250] {
        let (bus, door) = (Bus::new(), Door::default());
        let at = door.clone();
        let options = queued(holding(1, WhenFull::DropNewest));
        let listener = bus.on_with("*", options, move |_: &Event| at.pass()).unwrap();
        publish(&bus, "work.done");
        door.await_visitor();
        publish(&bus, "work.done");
        let dropped: u32 = (0..count).map(|_| publish(&bus, "work.done").dropped).sum();
        assert_eq!((dropped, listener.stats().books.dropped), (count, u64::from(count)));
        door.open();
        bus.close(LONG);
        assert_eq!((listener.stats().books.handled, bus.stats().dropped), (2, u64::from(count)));
    }
}

#[test]
fn a_slow_listener_stops_nobody() {
    let (bus, door, specific, global) = (Bus::new(), Door::default(), Calls::default(), Calls::default());
    let at = door.clone();
    let options = HandlerOptions { timeout: AMPLE, ..HandlerOptions::default() };
    let slow = bus.on_with("tool.*", options, move |_: &Event| at.pass()).unwrap();
    let _specific = bus.on("tool.*", specific.handler()).unwrap();
    let _global = bus.on("*", global.handler()).unwrap();
    publish(&bus, "tool.call.started");
    door.await_visitor();
    (0..9).for_each(|_| {
        publish(&bus, "tool.call.started");
    });
    eventually(|| specific.count() == 10 && global.count() == 10);
    eventually(|| slow.stats().books.timed_out == 1);
    door.open();
    bus.close(LONG);
    assert_eq!(slow.stats().books.handled, 9, "no strikes: it goes on as soon as it can");
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_before_there_is_something_to_do() {
    const CHILD: &str = "NEWSWIRE_TEST_THREADS";
    if std::env::var_os(CHILD).is_none() {
        // Other tests' buses have threads of the same names, so it runs in a process of its own.
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["promptkit::no_thread_before_there_is_something_to_do", "--exact"])
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let ours = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|name| name.starts_with("newswire-")).count()
    };
    let (bus, calls) = (Bus::new(), Calls::default());
    let _listener = bus.on("*", calls.handler()).unwrap();
    assert_eq!(ours(), 0);
    publish(&bus, "work.done");
    eventually(|| calls.count() == 1);
    assert_eq!(ours(), 1);
}

#[test]
fn a_failing_sink_stops_nobody_and_skips_are_booked() {
    let (bus, calls, kept) = (Bus::new(), Calls::default(), Calls::default());
    let failing = bus.on("*", |_: &Event| Err("disk full")).unwrap();
    let _other = bus.on("*", calls.handler()).unwrap();
    let has_session = Arc::new(|event: &Event| event.scope().get(ScopeField::Session).is_some());
    let queue = SubscribeOptions { predicate: Some(has_session), ..SubscribeOptions::default() };
    let store = bus.on_with("*", queued(queue), kept.handler()).unwrap();
    publish(&bus, "work.done");
    bus.close(LONG);
    assert_eq!((failing.stats().books.failed, calls.count()), (1, 1));
    assert_eq!((store.stats().books.skipped, kept.count()), (1, 0));
    assert_eq!(failing.stats().last_failure.as_deref(), Some("disk full"));
}

#[test]
fn publishing_against_a_close_never_goes_wrong() {
    for _ in 0..1000 {
        let (bus, calls) = (Bus::new(), Calls::default());
        let listener = bus.on("*", calls.handler()).unwrap();
        let accepted: u64 = std::thread::scope(|scope| {
            let publishers: [_; 4] = std::array::from_fn(|_| {
                let attempt = || bus.publish(event("work.done").build().unwrap()).is_ok();
                scope.spawn(move || (0..3).map(|_| u64::from(attempt())).sum::<u64>())
            });
            assert!(bus.close(LONG).complete);
            publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum()
        });
        let books = listener.stats().books;
        assert_eq!((bus.stats().published, books.matched, books.handled), (accepted, accepted, accepted));
    }
}

#[test]
fn sequences_are_gapless_and_in_order() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..100).for_each(|_| {
                    publish(&bus, "work.done");
                })
            });
        }
    });
    let seqs: Vec<_> = events(&mut all).iter().map(Event::seq).collect();
    assert_eq!(seqs, (1..=400).collect::<Vec<_>>());
}

#[test]
fn the_shared_ids_are_on_every_event_and_a_disabled_emitter_does_nothing() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let ids = [(ScopeField::Run, "r-1"), (ScopeField::Session, "s-1"), (ScopeField::Conversation, "c-1")];
    let emit = |emitter: Emitter| {
        let emitter =
            ids.iter().fold(emitter, |emitter, (field, id)| emitter.with_scope(*field, *id).unwrap());
        let first = emitter.message_created("user", "hi").unwrap();
        emitter.tool_call_started("add", "c-1", None).unwrap();
        drop(emitter.model_call("gpt-5", "openai"));
        first
    };
    assert_eq!(emit(Emitter::disabled()), Published::default());
    assert_eq!(bus.stats().published, 0);
    emit(bus.emitter());
    let all = events(&mut all);
    let kinds: Vec<_> = all.iter().map(|event| event.kind().as_str()).collect();
    assert_eq!(kinds, ["message.created", "tool.call.started", "model.call.started", "model.call.canceled"]);
    for event in &all {
        assert!(ids.iter().all(|(field, id)| event.scope().get(*field) == Some(id)));
    }
}

#[test]
fn source_user_and_span_are_passed_on() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let (trace, span) = (TraceId::new(7).unwrap(), SpanId::new(8).unwrap());
    bus.emitter().message_created("user", "hi").unwrap();
    let emitter = bus.emitter().with_scope(ScopeField::User, "u-1").unwrap();
    let emitter = emitter.with_source(Source::named("agent", "judge").unwrap()).with_trace(trace);
    emitter.with_span(span).model_call_started("gpt-5", "openai").unwrap();
    let all = events(&mut all);
    assert_eq!(all[0].source().name(), None);
    assert_eq!((all[1].source().component(), all[1].source().name()), (Some("agent"), Some("judge")));
    assert_eq!(all[1].scope().get(ScopeField::User), Some("u-1"));
    assert_eq!((all[1].correlation().trace, all[1].correlation().span), (Some(trace), Some(span)));
}

#[test]
fn errors_become_text() {
    let bus = Bus::new();
    let mut all = bus.subscribe("tool.call.failed").unwrap();
    let error = std::io::Error::other("no such host");
    bus.emitter().tool_call("fetch", None, None).fail(&error).unwrap();
    let failed = events(&mut all).remove(0);
    let read_back = Event::from_json(failed.to_json()).unwrap();
    let payload = read_back.payload::<ToolCallFailed>().unwrap().unwrap();
    assert_eq!(&*payload.error.message, "no such host");
}
