//! Bad input at the bus's doors: each a clear error, and the bus goes on.

use std::time::Duration;

use newswire::{
    Bus, BusOptions, ErrorKind, Event, HandlerOptions, Kind, MAX_EVENT_BYTES, Mode, SubscribeOptions,
    WhenFull,
};

use super::common::{LONG, event, inline, large_event, publish, seqs};

fn refused(options: SubscribeOptions) -> (ErrorKind, Option<String>) {
    let error = Bus::new().subscribe_with("*", options).err().unwrap();
    (error.kind(), error.path().map(str::to_owned))
}

fn path(name: &str) -> Option<String> {
    Some(format!("options.{name}"))
}

#[test]
fn a_queue_without_places_is_refused() {
    let options = SubscribeOptions { buffer: 0, ..SubscribeOptions::default() };
    assert_eq!(refused(options), (ErrorKind::Invalid, path("buffer")));
}

#[test]
fn a_queue_beyond_all_bounds_is_refused() {
    let options = SubscribeOptions { buffer: usize::MAX, ..SubscribeOptions::default() };
    assert_eq!(refused(options), (ErrorKind::TooLarge, path("buffer")));
}

#[test]
fn a_byte_bound_below_the_event_limit_is_refused() {
    for buffer_bytes in [0, 1, MAX_EVENT_BYTES - 1] {
        let options = SubscribeOptions { buffer_bytes, ..SubscribeOptions::default() };
        assert_eq!(refused(options), (ErrorKind::Invalid, path("buffer_bytes")));
    }
    let all = Bus::new().subscribe("*").unwrap();
    assert_eq!(all.resize(0, MAX_EVENT_BYTES).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(all.resize(1, MAX_EVENT_BYTES - 1).unwrap_err().path(), Some("options.buffer_bytes"));
    assert_eq!(all.stats().buffer, 1024);
}

#[test]
fn a_publisher_that_waits_for_no_time_or_for_ever_is_refused() {
    let options = SubscribeOptions {
        max_wait: Duration::ZERO,
        when_full: WhenFull::Block,
        ..SubscribeOptions::default()
    };
    assert_eq!(refused(options.clone()), (ErrorKind::Invalid, path("max_wait")));
    let options = SubscribeOptions { max_wait: Duration::MAX, ..options };
    assert_eq!(refused(options), (ErrorKind::TooLarge, path("max_wait")));
}

#[test]
fn handlers_that_could_never_be_served_are_refused() {
    let bus = Bus::with(BusOptions { history: 1, ..BusOptions::default() }).unwrap();
    let bad = [
        ("concurrency", HandlerOptions { mode: Mode::Concurrent(0), ..HandlerOptions::default() }),
        ("timeout", HandlerOptions { timeout: Some(Duration::ZERO), ..HandlerOptions::default() }),
        ("set_aside_after", HandlerOptions { set_aside_after: Some(0), ..HandlerOptions::default() }),
        ("start", inline(SubscribeOptions { start: newswire::Start::Earliest, ..Default::default() })),
    ];
    for (name, options) in bad {
        let error = bus.on_with("*", options, |_: &Event| ()).err().unwrap();
        assert_eq!((error.kind(), error.path().map(str::to_owned)), (ErrorKind::Invalid, path(name)));
    }
}

#[test]
fn a_bus_without_bounds_is_refused() {
    let bad = [
        ("shared_bytes", BusOptions { shared_bytes: 0, ..BusOptions::default() }),
        ("history_bytes", BusOptions { history_bytes: MAX_EVENT_BYTES - 1, ..BusOptions::default() }),
        ("workers", BusOptions { workers: 0, ..BusOptions::default() }),
        ("pending_requests", BusOptions { pending_requests: 0, ..BusOptions::default() }),
        ("subscriptions", BusOptions { subscriptions: 0, ..BusOptions::default() }),
    ];
    for (name, options) in bad {
        let error = Bus::with(options).err().unwrap();
        assert_eq!((error.kind(), error.path().map(str::to_owned)), (ErrorKind::Invalid, path(name)));
    }
    let long = BusOptions { name: "x".repeat(100_000), ..BusOptions::default() };
    let error = Bus::with(long).err().unwrap();
    assert_eq!((error.kind(), error.path().map(str::to_owned)), (ErrorKind::TooLarge, path("name")));
}

#[test]
fn a_name_over_its_bound_is_refused_and_one_at_it_is_taken() {
    let named = |length| SubscribeOptions { name: "n".repeat(length), ..SubscribeOptions::default() };
    assert_eq!(refused(named(SubscribeOptions::MAX_NAME + 1)), (ErrorKind::TooLarge, path("name")));
    let bus = Bus::new();
    let error = bus.on_with("*", inline(named(100_000)), |_: &Event| ()).err().unwrap();
    assert_eq!(error.to_string(), "options.name: a name has at most 256 bytes, this has 100000");
    assert!(bus.stats().subscriptions.is_empty());
    let longest = bus.subscribe_with("*", named(SubscribeOptions::MAX_NAME)).unwrap();
    assert_eq!(longest.stats().name.len(), SubscribeOptions::MAX_NAME);
}

#[test]
fn a_name_that_is_made_of_a_long_filter_is_cut_at_the_bound() {
    let bus = Bus::new();
    let name_of = |id: &str| bus.subscribe(format!("user=\"{id}\"")).unwrap().stats().name.clone();
    assert_eq!(name_of("ann"), "user=ann");
    let name = name_of(&"é".repeat(1_000));
    assert!(name.starts_with("user=\"éé") && name.ends_with("é..."), "{name}");
    assert!((250..=SubscribeOptions::MAX_NAME).contains(&name.len()), "{}", name.len());
}

#[test]
fn a_filter_error_points_at_its_column_and_leaves_nothing_behind() {
    let bus = Bus::new();
    let error = bus.subscribe("tool.* and sesion=s").err().unwrap();
    assert_eq!((error.kind(), error.column()), (ErrorKind::Invalid, Some(12)));
    assert!(bus.subscribe("").is_err() && bus.on("((", |_: &Event| ()).is_err());
    assert!(bus.stats().subscriptions.is_empty());
    assert!(!bus.wants(&Kind::parse("tool.call.started").unwrap()));
}

#[test]
fn an_event_that_is_too_large_is_never_made() {
    let error =
        Event::builder(Kind::parse("log.written").unwrap()).serialize(&"x".repeat(MAX_EVENT_BYTES)).build();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TooLarge);
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    bus.publish(large_event(MAX_EVENT_BYTES - 1_000)).unwrap();
    assert_eq!(seqs(&mut all), [1]);
}

#[test]
fn an_unknown_scheme_lists_those_that_are_built_in() {
    let bus = Bus::new();
    let error = bus.attach("carrier-pigeon:coop").err().unwrap();
    assert_eq!((error.kind(), error.column()), (ErrorKind::Invalid, Some(1)));
    assert!(error.expected().unwrap().contains("console:"), "{error}");
    assert!(bus.attach("").is_err() && bus.attach("no scheme").is_err());
    assert!(bus.stats().subscriptions.is_empty());
}

#[test]
fn a_deadline_of_no_time_is_over_at_once() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    assert_eq!(all.next_timeout(Duration::ZERO).unwrap_err().kind(), ErrorKind::TimedOut);
    publish(&bus, 1);
    assert!(all.next_timeout(Duration::ZERO).is_ok());
    assert_eq!(bus.wait_for("*", Duration::ZERO).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(bus.close(Duration::ZERO).complete);
}

#[test]
fn a_deadline_beyond_all_clocks_is_far_away_and_no_panic() {
    let bus = Bus::new();
    let options = HandlerOptions { timeout: Some(Duration::MAX), ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, |_: &Event| ()).unwrap();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 1);
    assert!(all.next_timeout(Duration::MAX).is_ok());
    let asking = bus.request_async(event("task.started"), Duration::MAX);
    drop((asking, bus.wait_for_async("*", Duration::MAX)));
    assert_eq!(listener.unsubscribe(Duration::MAX), newswire::Unsubscribed::Quiet);
    assert!(bus.close(Duration::MAX).complete);
}

#[test]
fn a_handler_that_panics_harms_nobody() {
    let bus = Bus::new();
    let _bad = bus.on("*", |_: &Event| -> () { panic!("as told") }).unwrap();
    let _worse = bus
        .on_with("*", inline(SubscribeOptions::default()), |_: &Event| -> () { panic!("as told") })
        .unwrap();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 3);
    assert_eq!(seqs(&mut all), [1, 2, 3]);
    let report = bus.close(LONG);
    assert!(report.subscriptions.iter().all(|one| one.books.panicked == 3));
}
