//! Workers: who serves handlers off the publisher's thread, and what stuck ones may cost others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use newswire::{Bus, BusOptions, ErrorKind, Event, HandlerOptions, Mode, SubscribeOptions};
use parking_lot::Mutex;

use super::{Door, LONG, Log, event, eventually, reports, said, say, served};

fn with_workers(workers: usize) -> Bus {
    Bus::with(BusOptions { workers, ..BusOptions::default() }).unwrap()
}

#[test]
fn a_locked_handler_is_called_off_the_publishers_thread_one_at_a_time_in_seq_order() {
    let (bus, inside) = (Bus::new(), AtomicUsize::new(0));
    let seqs: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (noted, publisher) = (seqs.clone(), std::thread::current().id());
    let handler = move |event: &Event| {
        assert_ne!(std::thread::current().id(), publisher);
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
        noted.lock().push(event.seq());
        inside.fetch_sub(1, Ordering::SeqCst);
    };
    let listener = bus.on("*", handler).unwrap();
    (0..500).for_each(|n| {
        say(&bus, "work.done", n);
    });
    assert!(bus.close(LONG).complete);
    assert_eq!(*seqs.lock(), (1..=500).collect::<Vec<_>>());
    assert_eq!(listener.stats().books.handled, 500);
}

#[test]
fn a_concurrent_handler_has_n_calls_at_a_time_and_never_more() {
    let (bus, door) = (Bus::new(), Door::default());
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let first: Arc<Mutex<BTreeSet<u64>>> = Arc::default();
    let (at, within, seen, begun) = (door.clone(), inside.clone(), most.clone(), first.clone());
    let handler = move |event: &Event| {
        seen.fetch_max(within.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        begun.lock().insert(event.seq());
        at.pass();
        within.fetch_sub(1, Ordering::SeqCst);
    };
    let listener = bus.on_with("*", served(Mode::Concurrent(3)), handler).unwrap();
    (0..40).for_each(|n| {
        say(&bus, "work.done", n);
    });
    door.await_visitors(3);
    let books = listener.stats().books;
    assert_eq!((books.in_flight, books.queued), (3, 37), "the queue's bound means something");
    assert_eq!(*first.lock(), BTreeSet::from([1, 2, 3]), "calls start in seq order");
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(listener.stats().books.handled, 40);
}

#[test]
fn stuck_handlers_are_replaced_and_starve_nobody() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let stuck: Vec<_> = (0..12)
        .map(|_| {
            let at = door.clone();
            bus.on("work.begun", move |_: &Event| at.pass()).unwrap()
        })
        .collect();
    let _listener = bus.on("work.done", log.listener()).unwrap();
    say(&bus, "work.begun", "");
    say(&bus, "work.done", "through");
    eventually("the good one is served", || log.lines() == ["through"]);
    door.await_visitors(stuck.len());
    door.open();
    assert!(bus.close(LONG).complete);
}

#[test]
fn past_the_cap_subscribing_is_an_error_until_a_worker_is_free() {
    let (bus, door) = (with_workers(2), Door::default());
    let _stuck: Vec<_> = (0..2)
        .map(|_| {
            let at = door.clone();
            bus.on("work.*", move |_: &Event| at.pass()).unwrap()
        })
        .collect();
    assert!(bus.on("*", |_: &Event| {}).is_ok(), "nobody is stuck yet");
    say(&bus, "work.begun", "");
    door.await_visitors(2);
    eventually("it is refused", || bus.on("*", |_: &Event| {}).is_err());
    let error = bus.on("*", |_: &Event| {}).err().unwrap();
    assert_eq!((error.kind(), error.message().contains("all 2 workers")), (ErrorKind::Full, true));
    assert!(bus.on_with("*", served(Mode::Inline), |_: &Event| {}).is_ok(), "inline needs no worker");
    assert!(bus.subscribe("*").is_ok(), "nor does pulling");
    door.open();
    eventually("it is accepted again", || bus.on("*", |_: &Event| {}).is_ok());
}

#[test]
fn handlers_are_woken_by_priority_and_ties_by_age() {
    let (bus, door, log) = (with_workers(1), Door::default(), Log::default());
    let at = door.clone();
    let _busy = bus.on("work.begun", move |_: &Event| at.pass()).unwrap();
    let listen = |name: &'static str, priority| {
        let log = log.clone();
        let queue = SubscribeOptions { priority, ..SubscribeOptions::default() };
        let options = HandlerOptions { queue, ..HandlerOptions::default() };
        bus.on_with("work.done", options, move |_: &Event| log.note(name)).unwrap()
    };
    let _listeners = [listen("low", -1), listen("older", 0), listen("younger", 0), listen("high", 1)];
    say(&bus, "work.begun", "");
    door.await_visitors(1);
    say(&bus, "work.done", "");
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["high", "older", "younger", "low"]);
}

#[test]
fn modes_that_could_never_serve_are_refused() {
    let bus = Bus::new();
    let refused = |options: HandlerOptions| {
        let error = bus.on_with("*", options, |_: &Event| {}).err().unwrap();
        (error.kind(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(served(Mode::Concurrent(0))), (ErrorKind::Invalid, "options.concurrency".into()));
    let timeout = HandlerOptions { timeout: Some(std::time::Duration::ZERO), ..HandlerOptions::default() };
    assert_eq!(refused(timeout), (ErrorKind::Invalid, "options.timeout".into()));
    let set_aside = HandlerOptions { set_aside_after: Some(0), ..HandlerOptions::default() };
    assert_eq!(refused(set_aside), (ErrorKind::Invalid, "options.set_aside_after".into()));
    let queue = SubscribeOptions { start: newswire::Start::Earliest, ..SubscribeOptions::default() };
    let replayed = HandlerOptions { queue, ..served(Mode::Inline) };
    assert_eq!(refused(replayed), (ErrorKind::Invalid, "options.start".into()));
}

#[test]
fn a_handler_may_use_the_bus_in_every_way() {
    let (bus, log) = (Bus::new(), Log::default());
    let (report, reported) = reports();
    let (inner, noted) = (bus.clone(), log.clone());
    let kept = Mutex::new(None);
    let handler = move |event: &Event| match &*said(event) {
        "subscribe" => *kept.lock() = Some(inner.on("news.*", noted.listener()).unwrap()),
        "publish" => {
            say(&inner, "news.read", "nested");
        }
        "stats" => assert!(inner.stats().subscriptions.iter().all(|one| one.books.balance())),
        "close" => report.lock().send(inner.close(LONG)).unwrap(),
        _ => {}
    };
    let listener = bus.on("work.*", handler).unwrap();
    for text in ["subscribe", "publish", "stats"] {
        say(&bus, "work.done", text);
    }
    eventually("the nested event is handled", || log.len() == 1);
    say(&bus, "work.done", "close");
    assert!(!reported.recv_timeout(LONG).unwrap().complete, "the drain can't end before its own caller");
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["nested"]);
    assert_eq!(listener.stats().books.handled, 4);
    assert!(bus.publish(event("work.done").build().unwrap()).is_err());
}

#[test]
fn a_handler_that_begins_earlier_gets_what_was_and_then_what_comes() {
    for mode in [Mode::Locked, Mode::Concurrent(4), Mode::Keyed(newswire::Field::parse("session").unwrap())] {
        let bus = Bus::with(BusOptions { history: 10_000, ..BusOptions::default() }).unwrap();
        let publish = || {
            (0..1000).for_each(|n| {
                say(&bus, "work.done", n);
            })
        };
        publish();
        let seqs: Arc<Mutex<Vec<u64>>> = Arc::default();
        let noted = seqs.clone();
        let queue = SubscribeOptions {
            start: newswire::Start::Earliest,
            buffer: 10_000,
            ..SubscribeOptions::default()
        };
        let options = HandlerOptions { queue, ..served(mode.clone()) };
        let handler = move |event: &Event| noted.lock().push(event.seq());
        let listener = bus.on_with("work.*", options, handler).unwrap();
        publish();
        eventually("all are handled", || listener.stats().books.handled == 2000);
        let mut seqs = seqs.lock().clone();
        if mode == Mode::Concurrent(4) {
            seqs.sort_unstable();
        }
        assert_eq!(seqs, (1..=2000).collect::<Vec<_>>());
        assert!(listener.stats().books.balance());
    }
}

/// Takes its time with a gap.
struct Pondering {
    door: Door,
    log: Log,
}

impl newswire::Handler for Pondering {
    fn on_event(&self, event: &Event) -> Result<(), newswire::Failure> {
        self.log.note(said(event));
        Ok(())
    }

    fn on_gap(&self, gap: &newswire::Gap) {
        self.door.pass();
        self.log.note(format!("gap of {}", gap.count));
    }
}

#[test]
fn a_gap_is_told_in_position_before_any_later_call_begins_and_a_close_waits_for_it() {
    for mode in [Mode::Locked, Mode::Concurrent(3), Mode::Keyed(newswire::Field::parse("text").unwrap())] {
        let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
        let queue = SubscribeOptions { buffer: 2, ..SubscribeOptions::default() };
        let options = HandlerOptions { queue, ..served(mode) };
        let handler = Pondering { door: door.clone(), log: log.clone() };
        let listener = bus.on_with("work.*", options, handler).unwrap();
        listener.pause();
        (1..=4).for_each(|n| {
            say(&bus, "work.done", n);
        });
        listener.resume();
        door.await_visitors(1);
        assert_eq!((listener.stats().books.queued, log.len()), (2, 0));
        let closing = std::thread::spawn({
            let bus = bus.clone();
            move || bus.close(LONG)
        });
        eventually("it is closed", || bus.stats().closed);
        door.open();
        assert!(closing.join().unwrap().complete);
        let mut lines = log.lines();
        assert_eq!(lines.remove(0), "gap of 2");
        lines.sort_unstable();
        assert_eq!(lines, ["3", "4"]);
    }
}
