//! Lives of subscriptions: weak handlers, internal events, the bus's notices, pause, resize, loop threads.

use std::sync::{Arc, Weak};

use newswire::{
    Bus, Delivery, ErrorKind, Event, Failure, Gap, GapReason, Handler, HandlerGone, HandlerOptions, Kind,
    LoopThread, Mode, SubscribeOptions, Subscription, Unsubscribed, WhenFull,
};
use parking_lot::Mutex;

use super::{Door, LONG, Log, event, eventually, said, say, served};

/// An object that is also a handler.
struct Meter(Log);

impl Handler for Meter {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.0.note(said(event));
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.0.note(format!("gap of {}: {}", gap.count, gap.reason.as_str()));
    }
}

fn internally() -> SubscribeOptions {
    SubscribeOptions { internal: true, ..SubscribeOptions::default() }
}

fn heard(subscription: &mut Subscription) -> Vec<String> {
    let events = std::iter::from_fn(|| subscription.try_next().unwrap());
    events.filter_map(Delivery::event).map(|event| event.kind().to_string()).collect()
}

#[test]
fn a_weak_handler_unsubscribes_when_its_object_is_gone() {
    for mode in [Mode::Locked, Mode::Inline] {
        let (bus, log) = (Bus::new(), Log::default());
        let meter: Arc<dyn Handler> = Arc::new(Meter(log.clone()));
        let weak: Weak<dyn Handler> = Arc::downgrade(&meter);
        let listener = bus.on_with("work.*", served(mode), weak).unwrap();
        say(&bus, "work.done", "alive");
        eventually("it is called while the object lives", || listener.stats().books.handled == 1);
        // A call has one of its own, until it has returned.
        eventually("the bus keeps no strong reference", || Arc::strong_count(&meter) == 1);
        drop(meter);
        say(&bus, "work.done", "gone");
        eventually("it has unsubscribed", || bus.stats().subscriptions.is_empty());
        assert!(!bus.wants(&Kind::parse("work.done").unwrap()));
        assert_eq!(log.lines(), ["alive"]);
        let books = listener.stats().books;
        assert_eq!((books.handled, books.discarded, books.balance()), (1, 1, true));
    }
}

/// A handler that finds out by itself that what it calls is gone, as it does at its second call.
struct Fleeting(Log);

impl Handler for Fleeting {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        if self.0.len() == 1 {
            return Err(HandlerGone.into());
        }
        self.0.note(said(event));
        Ok(())
    }
}

#[test]
fn a_handler_that_says_that_its_object_is_gone_unsubscribes_as_a_weak_one_does() {
    for (mode, timeout) in [(Mode::Locked, None), (Mode::Locked, Some(LONG)), (Mode::Inline, None)] {
        let (bus, log) = (Bus::new(), Log::default());
        let options = HandlerOptions { timeout, ..served(mode) };
        let listener = bus.on_with("work.*", options, Fleeting(log.clone())).unwrap();
        say(&bus, "work.done", "alive");
        eventually("it is called", || listener.stats().books.handled == 1);
        say(&bus, "work.done", "gone");
        eventually("it has unsubscribed", || bus.stats().subscriptions.is_empty());
        let stats = listener.stats();
        assert_eq!((stats.books.handled, stats.books.discarded, stats.books.balance()), (1, 1, true));
        assert_eq!((stats.last_failure, log.lines()), (None, vec!["alive".to_owned()]));
    }
}

#[test]
fn handlers_are_strong_by_default_and_released_with_their_subscription() {
    let (bus, log) = (Bus::new(), Log::default());
    let meter: Arc<dyn Handler> = Arc::new(Meter(log.clone()));
    let watched = Arc::downgrade(&meter);
    let listener = bus.on("work.*", meter).unwrap();
    say(&bus, "work.done", "alive");
    eventually("it is called", || log.len() == 1);
    assert_eq!(listener.unsubscribe(LONG), Unsubscribed::Quiet);
    eventually("it is let go", || watched.strong_count() == 0);
}

#[test]
fn a_listener_unsubscribes_when_dropped_and_keeps_its_handler_forever_when_told() {
    let (bus, log) = (Bus::new(), Log::default());
    drop(bus.on_with("*", served(Mode::Inline), log.listener()).unwrap());
    assert_eq!(say(&bus, "work.done", "nobody").matched, 0);
    bus.on_with("*", served(Mode::Inline), log.listener()).unwrap().forever();
    say(&bus, "work.done", "somebody");
    assert_eq!(log.lines(), ["somebody"]);
}

#[test]
fn a_handler_that_unsubscribes_itself_is_called_no_more_and_released() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(2)] {
        let (bus, log) = (Bus::new(), Log::default());
        let own: Arc<Mutex<Option<newswire::Listener>>> = Arc::default();
        let (inner, noted) = (own.clone(), log.clone());
        let handler = move |event: &Event| {
            noted.note(said(event));
            if let Some(listener) = inner.lock().take() {
                assert_eq!(
                    listener.unsubscribe(LONG),
                    Unsubscribed::StillRunning,
                    "it never waits for itself"
                );
            }
        };
        let mut held = own.lock();
        *held = Some(bus.on_with("*", served(mode), handler).unwrap());
        drop(held);
        say(&bus, "work.done", "first");
        eventually("it has ended", || bus.stats().subscriptions.is_empty() && log.len() == 1);
        assert_eq!(say(&bus, "work.done", "second").matched, 0);
        eventually("its books are complete", || bus.stats().ended[0].books.handled == 1);
        assert_eq!(log.lines(), ["first"]);
    }
}

#[test]
fn internal_events_reach_only_those_who_ask_for_them() {
    let (bus, log) = (Bus::new(), Log::default());
    let mut plain = bus.subscribe("work.*").unwrap();
    let mut insider = bus.subscribe_with("work.*", internally()).unwrap();
    let _listener = bus.on_with("work.*", served(Mode::Inline), log.listener()).unwrap();
    let published = bus.publish(event("work.hidden").internal(true).build().unwrap()).unwrap();
    assert_eq!((published.matched, published.seq), (1, Some(1)));
    say(&bus, "work.done", "shown");
    assert_eq!(heard(&mut plain), ["work.done"]);
    assert_eq!(heard(&mut insider), ["work.hidden", "work.done"]);
    assert_eq!(log.lines(), ["shown"]);
}

#[test]
fn a_notice_is_internal_and_never_delivered_to_its_subject() {
    let bus = Bus::new();
    let narrow = SubscribeOptions { buffer: 1, when_full: WhenFull::DropNewest, ..internally() };
    let mut subject = bus.subscribe_with("*", narrow).unwrap();
    let mut observer = bus.subscribe_with("bus.*", internally()).unwrap();
    let mut outsider = bus.subscribe("bus.*").unwrap();
    for n in 0..5 {
        say(&bus, "work.done", n);
    }
    let notices: Vec<_> =
        std::iter::from_fn(|| observer.try_next().unwrap()).filter_map(Delivery::event).collect();
    assert_eq!(notices.len(), 1, "one for a change of state, not one for a loss");
    let payload = notices[0].payload_json().unwrap();
    assert!(payload.contains(&subject.stats().id.to_string()), "{payload}");
    assert_eq!(heard(&mut subject), ["work.done"]);
    assert_eq!(heard(&mut outsider), Vec::<String>::new());
}

#[test]
fn a_notice_never_waits_for_anyone() {
    let bus = Bus::new();
    let full = SubscribeOptions { buffer: 1, when_full: WhenFull::Block, max_wait: LONG, ..internally() };
    let observer = bus.subscribe_with("bus.* or news.*", full).unwrap();
    say(&bus, "news.read", "fills it");
    let options = HandlerOptions { set_aside_after: Some(1), ..served(Mode::Inline) };
    let _bad = bus.on_with("work.*", options, |_: &Event| Err("bad")).unwrap();
    say(&bus, "work.done", "");
    let books = observer.stats().books;
    assert_eq!((books.queued, books.dropped, books.waiting), (1, 1, 0));
}

#[test]
fn a_paused_handler_goes_on_matching_and_queuing_by_its_policy() {
    for mode in [Mode::Locked, Mode::Inline] {
        let (bus, log) = (Bus::new(), Log::default());
        let queue = SubscribeOptions { buffer: 3, ..SubscribeOptions::default() };
        let options = HandlerOptions { queue, ..served(mode) };
        let listener = bus.on_with("*", options, Meter(log.clone())).unwrap();
        listener.pause();
        for n in 1..=5 {
            assert_eq!(say(&bus, "work.done", n).matched, 1);
        }
        let stats = listener.stats();
        assert_eq!((stats.paused, stats.books.queued, stats.books.dropped), (true, 3, 2));
        assert_eq!(log.len(), 0);
        listener.resume();
        eventually("all is handled", || log.len() == 4);
        assert_eq!(log.lines(), ["gap of 2: full", "3", "4", "5"]);
        say(&bus, "work.done", 6);
        eventually("it is called as before", || log.len() == 5);
    }
}

#[test]
fn a_handler_resized_down_drops_by_its_policy_and_is_told() {
    let kept = |when_full| {
        let (bus, log) = (Bus::new(), Log::default());
        let queue = SubscribeOptions { when_full, ..SubscribeOptions::default() };
        let options = HandlerOptions { queue, ..HandlerOptions::default() };
        let listener = bus.on_with("*", options, Meter(log.clone())).unwrap();
        listener.pause();
        (1..=4).for_each(|n| {
            say(&bus, "work.done", n);
        });
        listener.resize(2, 16 << 20).unwrap();
        assert_eq!((listener.stats().books.dropped, listener.stats().buffer), (2, 2));
        assert_eq!(listener.resize(0, 16 << 20).unwrap_err().kind(), ErrorKind::Invalid);
        listener.resume();
        eventually("all is handled", || log.len() == 3);
        log.lines()
    };
    assert_eq!(kept(WhenFull::DropOldest), ["gap of 2: resized", "3", "4"]);
    assert_eq!(kept(WhenFull::DropNewest), ["1", "2", "gap of 2: resized"]);
    assert_eq!(kept(WhenFull::Block), ["1", "2", "gap of 2: resized"]);
}

#[test]
fn on_a_loop_thread_nothing_waits() {
    let bus = Bus::new();
    let block =
        SubscribeOptions { buffer: 1, when_full: WhenFull::Block, max_wait: LONG, ..Default::default() };
    let mut full = bus.subscribe_with("work.*", block).unwrap();
    let door = Door::default();
    let at = door.clone();
    let stuck = bus.on("news.*", move |_: &Event| at.pass()).unwrap();
    say(&bus, "news.read", "");
    door.await_visitors(1);

    let on_loop = LoopThread::enter();
    assert_eq!(say(&bus, "work.done", 1).delivered, 1);
    let published = say(&bus, "work.done", 2);
    assert_eq!((published.dropped, published.blocked), (1, 0));
    assert_eq!(full.next_timeout(LONG).unwrap().event().map(|event| said(&event)), Some("1".into()));
    let Ok(Delivery::Gap(gap)) = full.next_timeout(LONG) else { panic!("no gap") };
    assert_eq!((gap.first, gap.last, gap.count, gap.reason), (3, 3, 1, GapReason::WouldBlock));
    assert_eq!(full.next_timeout(LONG).unwrap_err().kind(), ErrorKind::WouldDeadlock);
    let question = event("work.asked").build().unwrap();
    assert_eq!(bus.request(question, LONG).unwrap_err().error.kind(), ErrorKind::WouldDeadlock);
    assert_eq!(bus.wait_for("*", LONG).unwrap_err().kind(), ErrorKind::WouldDeadlock);
    assert_eq!(stuck.unsubscribe(LONG), Unsubscribed::StillRunning);
    assert!(!bus.close(LONG).complete || door.visitors() == 1);
    drop(on_loop);
    door.open();
    assert!(bus.close(LONG).complete);
}

#[test]
fn inside_a_handler_asking_answers_would_deadlock_at_once() {
    for mode in [Mode::Locked, Mode::Inline] {
        let bus = Bus::new();
        let inner = bus.clone();
        let handler = move |_: &Event| {
            let question = event("work.asked").build().unwrap();
            assert_eq!(inner.request(question, LONG).unwrap_err().error.kind(), ErrorKind::WouldDeadlock);
            assert_eq!(inner.wait_for("*", LONG).unwrap_err().kind(), ErrorKind::WouldDeadlock);
        };
        let listener = bus.on_with("work.done", served(mode), handler).unwrap();
        say(&bus, "work.done", "");
        assert!(bus.close(LONG).complete);
        assert_eq!(listener.stats().books.handled, 1);
    }
}
