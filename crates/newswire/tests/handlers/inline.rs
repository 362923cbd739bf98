//! Inline handlers: served by one thread at a time, in seq order, in rounds, before publish returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use newswire::{Bus, Event, Gap, GapReason, Handler, HandlerOptions, Mode, SubscribeOptions, WhenFull};
use parking_lot::Mutex;

use super::{Door, LONG, Log, event, eventually, said, say, served};

fn with_priority(priority: i32) -> HandlerOptions {
    let queue = SubscribeOptions { priority, ..SubscribeOptions::default() };
    HandlerOptions { queue, ..served(Mode::Inline) }
}

#[test]
fn an_inline_handler_has_been_called_when_publish_returns() {
    let (bus, log) = (Bus::new(), Log::default());
    let own = thread::current().id();
    let (_listener, note) = {
        let note = Arc::new(Mutex::new(None));
        let (noted, log) = (note.clone(), log.clone());
        let handler = move |event: &Event| {
            *noted.lock() = Some(thread::current().id());
            log.note(said(event));
        };
        (bus.on_with("work.*", served(Mode::Inline), handler).unwrap(), note)
    };
    let published = say(&bus, "work.done", "first");
    assert_eq!(log.lines(), ["first"]);
    assert_eq!(*note.lock(), Some(own));
    assert_eq!((published.matched, published.delivered, published.deferred), (1, 1, 0));
}

#[test]
fn inline_handlers_are_called_by_priority_and_ties_by_age_whatever_their_filters() {
    let (bus, log) = (Bus::new(), Log::default());
    let listen = |filter: &str, name: &'static str, priority| {
        let log = log.clone();
        bus.on_with(filter, with_priority(priority), move |_: &Event| log.note(name)).unwrap()
    };
    let _listeners = [
        listen("work.*", "low", -1),
        listen("*", "older", 0),
        listen("work.done", "younger", 0),
        listen("work.*", "high", 9),
        listen("work.done or work.begun", "youngest", 0),
    ];
    say(&bus, "work.done", "");
    assert_eq!(log.lines(), ["high", "older", "younger", "youngest", "low"]);
}

#[test]
fn nested_events_come_after_the_current_events_round() {
    let (bus, log) = (Bus::new(), Log::default());
    let (first_log, second_log, inner) = (log.clone(), log.clone(), bus.clone());
    let first = move |event: &Event| {
        first_log.note(format!("first {}", said(event)));
        if said(event) == "outer" {
            let nested = say(&inner, "work.done", "nested 1");
            assert_eq!((nested.matched, nested.delivered, nested.deferred), (2, 0, 2));
            say(&inner, "work.done", "nested 2");
        }
    };
    let second = move |event: &Event| second_log.note(format!("second {}", said(event)));
    let _first = bus.on_with("work.*", with_priority(1), first).unwrap();
    let _second = bus.on_with("work.*", with_priority(0), second).unwrap();
    say(&bus, "work.done", "outer");
    let expected = [
        "first outer",
        "second outer",
        "first nested 1",
        "second nested 1",
        "first nested 2",
        "second nested 2",
    ];
    assert_eq!(log.lines(), expected);
}

#[test]
fn rounds_of_two_buses_follow_one_another() {
    let (here, there, log) = (Bus::new(), Bus::new(), Log::default());
    let (first_log, second_log, other) = (log.clone(), log.clone(), there.clone());
    let first = move |event: &Event| {
        first_log.note(format!("here first {}", said(event)));
        say(&other, "work.done", said(event));
    };
    let second = move |event: &Event| second_log.note(format!("here second {}", said(event)));
    let third_log = log.clone();
    let third = move |event: &Event| third_log.note(format!("there {}", said(event)));
    let _first = here.on_with("*", with_priority(1), first).unwrap();
    let _second = here.on_with("*", with_priority(0), second).unwrap();
    let _third = there.on_with("*", served(Mode::Inline), third).unwrap();
    say(&here, "work.done", "x");
    assert_eq!(log.lines(), ["here first x", "here second x", "there x"]);
}

#[test]
fn a_chain_of_ten_thousand_events_needs_no_stack() {
    let (bus, depth) = (Bus::new(), Arc::new(AtomicU64::new(0)));
    let (inner, counted) = (bus.clone(), depth.clone());
    let handler = move |_: &Event| {
        if counted.fetch_add(1, Ordering::Relaxed) + 1 < 10_000 {
            say(&inner, "work.done", "next");
        }
    };
    let _listener = bus.on_with("work.*", served(Mode::Inline), handler).unwrap();
    let publisher = {
        let bus = bus.clone();
        thread::Builder::new().stack_size(128 << 10).spawn(move || say(&bus, "work.done", "first")).unwrap()
    };
    publisher.join().unwrap();
    assert_eq!(depth.load(Ordering::Relaxed), 10_000, "all before the outermost publish returns");
}

#[test]
fn a_cycle_over_two_buses_needs_no_stack() {
    let (ping, pong, left) = (Bus::new(), Bus::new(), Arc::new(AtomicU64::new(10_000)));
    let pass_on = |to: &Bus| {
        let (to, left) = (to.clone(), left.clone());
        move |_: &Event| {
            if left.load(Ordering::Relaxed) > 0 {
                left.fetch_sub(1, Ordering::Relaxed);
                say(&to, "ball.passed", "");
            }
        }
    };
    let _at_ping = ping.on_with("*", served(Mode::Inline), pass_on(&pong)).unwrap();
    let _at_pong = pong.on_with("*", served(Mode::Inline), pass_on(&ping)).unwrap();
    let player = {
        let ping = ping.clone();
        thread::Builder::new().stack_size(128 << 10).spawn(move || say(&ping, "ball.passed", "")).unwrap()
    };
    player.join().unwrap();
    assert_eq!(ping.stats().published + pong.stats().published, 10_001);
}

#[test]
fn a_publish_that_finds_the_handler_being_served_leaves_its_event_to_the_server() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let (at, noted) = (door.clone(), log.clone());
    let handler = move |event: &Event| {
        at.pass();
        noted.note(format!("{} {:?}", said(event), thread::current().id()));
    };
    let _listener = bus.on_with("*", served(Mode::Inline), handler).unwrap();
    let server = {
        let bus = bus.clone();
        thread::spawn(move || say(&bus, "work.done", "a"))
    };
    let id = server.thread().id();
    door.await_visitors(1);
    let published = say(&bus, "work.done", "b");
    assert_eq!((published.matched, published.delivered, published.deferred), (1, 0, 1));
    assert_eq!(log.len(), 0);
    door.open();
    server.join().unwrap();
    assert_eq!(log.lines(), [format!("a {id:?}"), format!("b {id:?}")]);
}

#[test]
fn after_sixty_four_events_of_others_a_worker_takes_over() {
    let (bus, door) = (Bus::new(), Door::default());
    let servers: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let (at, noted) = (door.clone(), servers.clone());
    let handler = move |_: &Event| {
        at.pass();
        noted.lock().push(thread::current().id());
    };
    let listener = bus.on_with("*", served(Mode::Inline), handler).unwrap();
    let server = {
        let bus = bus.clone();
        thread::spawn(move || say(&bus, "work.done", ""))
    };
    let id = server.thread().id();
    door.await_visitors(1);
    for _ in 0..200 {
        assert_eq!(say(&bus, "work.done", "").deferred, 1);
    }
    door.open();
    server.join().unwrap();
    eventually("all are handled", || listener.stats().books.handled == 201);
    let servers = servers.lock().clone();
    assert_eq!(servers.iter().filter(|server| **server == id).count(), 1 + 64);
    assert!(!servers.contains(&thread::current().id()));
    eventually("the worker gives the handler back", || say(&bus, "work.done", "").deferred == 0);
}

#[test]
fn inline_calls_keep_seq_order_and_never_overlap_whoever_publishes() {
    let (bus, inside) = (Bus::new(), Arc::new(AtomicU64::new(0)));
    let seqs: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (noted, within) = (seqs.clone(), inside.clone());
    let handler = move |event: &Event| {
        assert_eq!(within.fetch_add(1, Ordering::SeqCst), 0);
        noted.lock().push(event.seq());
        within.fetch_sub(1, Ordering::SeqCst);
    };
    let listener = bus.on_with("*", served(Mode::Inline), handler).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..250).for_each(|_| {
                    say(&bus, "work.done", "");
                })
            });
        }
    });
    eventually("all are handled", || listener.stats().books.handled == 1000);
    assert_eq!(*seqs.lock(), (1..=1000).collect::<Vec<_>>());
}

/// Publishes three events at once from its first, into a queue that has room for one.
struct Flood {
    bus: Bus,
    log: Log,
}

impl Handler for Flood {
    fn on_event(&self, event: &Event) -> Result<(), newswire::Failure> {
        self.log.note(said(event));
        if said(event) == "begin" {
            for text in ["one", "two", "three"] {
                let nested = say(&self.bus, "work.done", text);
                assert_eq!(nested.matched, nested.delivered + nested.deferred + nested.dropped);
            }
        }
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.log.note(format!("gap of {}: {}", gap.count, gap.reason.as_str()));
    }
}

fn flooded(when_full: WhenFull) -> Vec<String> {
    let (bus, log) = (Bus::new(), Log::default());
    let queue = SubscribeOptions { buffer: 1, when_full, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, ..served(Mode::Inline) };
    let _listener = bus.on_with("work.*", options, Flood { bus: bus.clone(), log: log.clone() }).unwrap();
    say(&bus, "work.done", "begin");
    log.lines()
}

#[test]
fn an_inline_handler_that_floods_itself_is_told_what_it_missed() {
    assert_eq!(flooded(WhenFull::DropOldest), ["begin", "gap of 2: full", "three"]);
    assert_eq!(flooded(WhenFull::DropNewest), ["begin", "one", "gap of 2: full"]);
    let reason = GapReason::WouldDeadlock.as_str();
    assert_eq!(flooded(WhenFull::Block), ["begin".into(), "one".into(), format!("gap of 2: {reason}")]);
}

#[test]
fn inside_an_inline_handler_nobody_waits_for_another_one_that_the_same_thread_will_serve() {
    let (bus, log) = (Bus::new(), Log::default());
    let queue = SubscribeOptions {
        buffer: 1,
        when_full: WhenFull::Block,
        max_wait: LONG,
        ..SubscribeOptions::default()
    };
    let options = HandlerOptions { queue, ..served(Mode::Inline) };
    let _narrow = bus.on_with("part.*", options, log.listener()).unwrap();
    let inner = bus.clone();
    let handler = move |_: &Event| {
        assert_eq!(say(&inner, "part.done", "one").deferred, 1);
        assert_eq!(say(&inner, "part.done", "two").dropped, 1);
    };
    let _wide = bus.on_with("work.*", served(Mode::Inline), handler).unwrap();
    say(&bus, "work.done", "");
    assert_eq!(log.lines(), ["one"]);
}

#[test]
fn what_a_paused_inline_handler_missed_is_served_when_it_resumes_and_chains_still_end_before_publish_returns()
{
    let (bus, log) = (Bus::new(), Log::default());
    let (inner, noted) = (bus.clone(), log.clone());
    let handler = move |event: &Event| {
        noted.note(said(event));
        if let Ok(left @ 1..) = said(event).parse::<u32>() {
            say(&inner, "work.done", left - 1);
        }
    };
    let listener = bus.on_with("*", served(Mode::Inline), handler).unwrap();
    listener.pause();
    say(&bus, "work.done", "queued");
    assert_eq!(log.len(), 0);
    listener.resume();
    eventually("the queued event is handled", || log.len() == 1);
    eventually("the worker has let go", || bus.stats().subscriptions[0].books.in_flight == 0);
    say(&bus, "work.done", 200);
    eventually("the chain has ended", || log.len() == 202);
}

#[test]
fn a_bus_can_be_used_in_every_way_inside_its_inline_handler() {
    let (bus, log) = (Bus::new(), Log::default());
    let (inner, noted) = (bus.clone(), log.clone());
    let kept = Mutex::new(None);
    let handler = move |event: &Event| match &*said(event) {
        "subscribe" => {
            *kept.lock() = Some(inner.on_with("*", served(Mode::Inline), noted.listener()).unwrap())
        }
        "unsubscribe" => drop(kept.lock().take()),
        "close" => assert!(!inner.close(Duration::from_secs(5)).complete),
        _ => {}
    };
    let listener = bus.on_with("*", served(Mode::Inline), handler).unwrap();
    for text in ["subscribe", "seen", "unsubscribe", "unseen", "close"] {
        say(&bus, "work.done", text);
    }
    assert_eq!(log.lines(), ["seen"]);
    assert!(bus.close(LONG).complete);
    assert_eq!(listener.stats().books.handled, 5);
    assert!(bus.publish(event("work.done").build().unwrap()).is_err());
}
