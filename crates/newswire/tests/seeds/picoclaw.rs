//! PicoClaw (Go), its event bus.
//!
//! | behaviour | test | |
//! |---|---|---|
//! | a publish says what it matched and delivered; id and time are filled | `a_publish_tells_what_became_of_it` | same |
//! | drop_newest counts a drop, in subscription and bus | `drop_newest_is_counted_at_both_ends` | better: a gap |
//! | drop_oldest keeps the newest | `drop_oldest_keeps_the_newest` | better: an eviction isn't called a delivery |
//! | block returns Blocked 1, Dropped 1 at the deadline | `block_gives_up_at_its_deadline` | same |
//! | PublishNonBlocking on a full queue returns at once | `try_publish_never_waits` | better: the event comes back |
//! | statistics by priority, also after unsubscribing | `statistics_name_the_priority_and_outlive_the_subscription` | better: closed ones are kept |
//! | prefix filter: yes, no, empty | `patterns_match_at_dots` | better: `agent.turn.*` doesn't match `agent.turnover` |
//! | scope filter: empty, partial, mismatch | `scopes_match_by_every_id_given` | better: all ids |
//! | once handles one event and is done | `once_handles_one_event_and_ends` | better: the second isn't called delivered |
//! | closing a subscription releases a blocked publisher | `unsubscribing_releases_a_blocked_publisher` | better: in the books |
//! | a panic is recovered and counted | `a_panic_is_counted_as_that_only` | same |
//! | locked never overlaps; a timeout doesn't wedge it | `locked_calls_never_overlap_even_past_a_deadline` | better: not even then |
//! | logger: include, exclude, severity | `a_logger_includes_excludes_and_asks_for_severity` | same, by one filter |
//! | logger: reloading; close waits for the drain | `a_logger_is_reloaded_and_drained_at_close` | better: up to close's own deadline |
//!
//! Its summaries without raw payload are the console sink's; its message bus is not the bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use newswire::{
    Bus, Delivery, ErrorKind, Event, Filter, GapReason, HandlerOptions, Scope, ScopeField, Severity,
    SubscribeOptions, WhenFull,
};

use super::{AMPLE, Calls, Door, LONG, event, events, eventually, holding, inline, publish, queued};

#[test]
fn a_publish_tells_what_became_of_it() {
    let bus = Bus::new();
    let mut turns = bus.subscribe("turn.*").unwrap();
    let missed = publish(&bus, "work.done");
    assert_eq!((missed.matched, missed.seq), (0, Some(1)));
    let met = publish(&bus, "turn.started");
    assert_eq!((met.matched, met.delivered, met.dropped, met.blocked), (1, 1, 0, 0));
    let event = events(&mut turns).remove(0);
    assert!(!event.id().is_nil() && event.time_ns() > 0);
}

#[test]
fn drop_newest_is_counted_at_both_ends() {
    let bus = Bus::new();
    let mut narrow = bus.subscribe_with("*", holding(1, WhenFull::DropNewest)).unwrap();
    publish(&bus, "work.done");
    let second = publish(&bus, "work.done");
    assert_eq!((second.delivered, second.dropped), (0, 1));
    assert_eq!((narrow.stats().books.dropped, bus.stats().dropped), (1, 1));
    assert!(matches!(narrow.next(), Some(Delivery::Event(_))));
    assert!(matches!(narrow.next(), Some(Delivery::Gap(gap)) if gap.count == 1));
}

#[test]
fn drop_oldest_keeps_the_newest() {
    let bus = Bus::new();
    let mut narrow = bus.subscribe_with("*", holding(1, WhenFull::DropOldest)).unwrap();
    publish(&bus, "work.begun");
    let second = publish(&bus, "work.done");
    assert_eq!((second.delivered, second.dropped), (1, 0), "its result is about this event");
    assert_eq!(narrow.stats().books.dropped, 1);
    assert_eq!(events(&mut narrow)[0].kind().as_str(), "work.done");
}

#[test]
fn block_gives_up_at_its_deadline() {
    let attempt = || {
        let bus = Bus::new();
        let max_wait = Duration::from_millis(20);
        let options = SubscribeOptions { max_wait, ..holding(1, WhenFull::Block) };
        let full = bus.subscribe_with("*", options).unwrap();
        publish(&bus, "work.done");
        let waited = publish(&bus, "work.done");
        (bus, full, waited)
    };
    // For a queue that the machine has left full for so long before, nobody waits.
    let mut attempts = (0..50).map(|_| attempt());
    let (bus, mut full, waited) = attempts.find(|(.., waited)| waited.blocked > 0).unwrap();
    assert_eq!((waited.matched, waited.delivered, waited.blocked, waited.dropped), (1, 0, 1, 1));
    assert_eq!(bus.stats().blocked, 1, "a wait counts, however it ended");
    full.next();
    let Some(Delivery::Gap(gap)) = full.next() else { panic!("no gap") };
    assert!(matches!(gap.reason, GapReason::WaitedTooLong | GapReason::Stalled));
}

#[test]
fn try_publish_never_waits() {
    let bus = Bus::new();
    let options = SubscribeOptions { max_wait: LONG, ..holding(1, WhenFull::Block) };
    let _full = bus.subscribe_with("*", options).unwrap();
    let mut other = bus.subscribe("*").unwrap();
    publish(&bus, "work.begun");
    let rejected = bus.try_publish(event("work.done").build().unwrap()).unwrap_err();
    assert_eq!((rejected.error.kind(), rejected.value.kind().as_str()), (ErrorKind::Full, "work.done"));
    assert_eq!(events(&mut other).len(), 1, "all or nothing");
}

#[test]
fn statistics_name_the_priority_and_outlive_the_subscription() {
    let bus = Bus::new();
    let with = |name: &str, priority| {
        let queue = SubscribeOptions { name: name.into(), priority, ..SubscribeOptions::default() };
        bus.on_with("*", HandlerOptions { queue, ..inline() }, |_: &Event| {}).unwrap()
    };
    let (low, _high) = (with("low", 1), with("high", 5));
    publish(&bus, "work.done");
    drop(low);
    let stats = bus.stats();
    let names = |all: &[newswire::SubscriptionStats]| {
        all.iter().map(|one| (one.name.clone(), one.priority, one.books.handled)).collect::<Vec<_>>()
    };
    assert_eq!(names(&stats.subscriptions), [("high".into(), 5, 1)]);
    assert_eq!(names(&stats.ended), [("low".into(), 1, 1)]);
}

#[test]
fn patterns_match_at_dots() {
    let matches =
        |filter: &str, kind: &str| Filter::parse(filter).unwrap().matches(&event(kind).build().unwrap());
    assert!(matches("agent.turn.*", "agent.turn.start"));
    assert!(!matches("agent.turn.*", "agent.turnover.start"));
    assert!(!matches("agent.turn.*", "channel.message.sent"));
    assert!(matches("*", "agent.turn.start"));
}

#[test]
fn scopes_match_by_every_id_given() {
    let scope =
        Scope::new().with(ScopeField::Chat, "c-1").and_then(|s| s.with(ScopeField::Topic, "t-1")).unwrap();
    let event = event("work.done").scope(scope).build().unwrap();
    let matches = |filter: &str| Filter::parse(filter).unwrap().matches(&event);
    assert!(matches("*") && matches("chat=c-1") && matches("chat=c-1 and topic=t-1"));
    assert!(!matches("chat=c-2") && !matches("chat=c-1 and topic=t-2") && !matches("session=s-1"));
}

#[test]
fn once_handles_one_event_and_ends() {
    let (bus, calls) = (Bus::new(), Calls::default());
    let once = HandlerOptions { once: true, ..HandlerOptions::default() };
    let listener = bus.on_with("*", once, calls.handler()).unwrap();
    let delivered: u32 = (0..5).map(|_| publish(&bus, "work.done").delivered).sum();
    eventually(|| listener.stats().closed && bus.stats().subscriptions.is_empty());
    eventually(|| listener.stats().books.handled == 1);
    assert_eq!((delivered, calls.count(), listener.stats().books.matched), (1, 1, 1));
}

#[test]
fn unsubscribing_releases_a_blocked_publisher() {
    let bus = Bus::new();
    let options = SubscribeOptions { max_wait: LONG, ..holding(1, WhenFull::Block) };
    let full = bus.subscribe_with("*", options).unwrap();
    publish(&bus, "work.done");
    let blocked = std::thread::spawn({
        let bus = bus.clone();
        move || publish(&bus, "work.done")
    });
    eventually(|| full.stats().books.waiting == 1);
    drop(full);
    let released = blocked.join().unwrap();
    assert_eq!((released.matched, released.dropped, released.blocked), (1, 1, 1));
    let books = bus.stats().ended[0].books;
    assert_eq!((books.matched, books.dropped, books.discarded, books.balance()), (2, 1, 1, true));
}

#[test]
fn a_panic_is_counted_as_that_only() {
    let bus = Bus::new();
    let listener = bus.on_with("*", inline(), |_: &Event| -> () { panic!("a bug") }).unwrap();
    publish(&bus, "work.done");
    let books = listener.stats().books;
    assert_eq!((books.panicked, books.failed, books.handled), (1, 0, 0));
}

#[test]
fn locked_calls_never_overlap_even_past_a_deadline() {
    let (bus, door) = (Bus::new(), Door::default());
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at, within, seen) = (door.clone(), inside, most.clone());
    let handler = move |event: &Event| {
        seen.fetch_max(within.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        if event.seq() == 1 {
            at.pass();
        }
        within.fetch_sub(1, Ordering::SeqCst);
    };
    let options = HandlerOptions { timeout: AMPLE, ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, handler).unwrap();
    (0..5).for_each(|_| {
        publish(&bus, "work.done");
    });
    eventually(|| listener.stats().books.timed_out == 1);
    door.open();
    bus.close(LONG);
    let books = listener.stats().books;
    assert_eq!((books.timed_out, books.failed, books.handled), (1, 0, 4), "one outcome each");
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn a_logger_includes_excludes_and_asks_for_severity() {
    let bus = Bus::new();
    let mut logger = bus.subscribe("agent.* and not agent.llm.delta and severity>=warn").unwrap();
    for (kind, severity) in [
        ("agent.turn.end", Severity::Warn),
        ("agent.turn.start", Severity::Info),
        ("agent.llm.delta", Severity::Error),
        ("agent.tool.exec", Severity::Error),
        ("channel.message.failed", Severity::Error),
    ] {
        bus.publish(event(kind).severity(severity).build().unwrap()).unwrap();
    }
    let logged: Vec<_> = events(&mut logger).iter().map(|event| event.kind().to_string()).collect();
    assert_eq!(logged, ["agent.turn.end", "agent.tool.exec"]);
}

#[test]
fn a_logger_is_reloaded_and_drained_at_close() {
    let (bus, before, after) = (Bus::new(), Calls::default(), Calls::default());
    let logger =
        bus.on_with("agent.*", queued(holding(256, WhenFull::DropNewest)), before.handler()).unwrap();
    publish(&bus, "agent.started");
    eventually(|| before.count() == 1);
    drop(logger);
    publish(&bus, "agent.started");
    let options = queued(holding(256, WhenFull::DropNewest));
    let _logger = bus.on_with("channel.*", options, after.handler()).unwrap();
    (0..200).for_each(|_| {
        publish(&bus, "channel.started");
    });
    assert!(bus.close(LONG).complete);
    assert_eq!((before.count(), after.count()), (1, 200));
}
