//! Chapter 5: a full queue, above all `Block`: who waits, for whom, and how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use newswire::{
    Bus, Event, GapReason, HandlerOptions, LoopThread, Mode, Published, SubscribeOptions, Subscription,
    WhenFull,
};

use super::common::{
    Item, LONG, before_it_stalls, blocking, drain, event, eventually, inline, publish, queue, seqs,
};

const SHORT: Duration = Duration::from_millis(20);

fn impatient(buffer: usize) -> SubscribeOptions {
    SubscribeOptions { max_wait: SHORT, ..blocking(buffer) }
}

fn waiting(subscription: &Subscription) -> u64 {
    subscription.stats().books.waiting
}

#[test]
fn drop_oldest_is_the_default_and_keeps_the_last() {
    let bus = Bus::new();
    let options = SubscribeOptions { buffer: 3, ..SubscribeOptions::default() };
    let mut last = bus.subscribe_with("*", options).unwrap();
    publish(&bus, 10);
    let kept = [Item::Lost(1, 7, 7, GapReason::Full), Item::Seq(8), Item::Seq(9), Item::Seq(10)];
    assert_eq!(drain(&mut last), kept);
}

#[test]
fn drop_newest_keeps_the_first() {
    let bus = Bus::new();
    let mut first = bus.subscribe_with("*", queue(3, WhenFull::DropNewest)).unwrap();
    publish(&bus, 10);
    let kept = [Item::Seq(1), Item::Seq(2), Item::Seq(3), Item::Lost(4, 10, 7, GapReason::Full)];
    assert_eq!(drain(&mut first), kept);
}

#[test]
fn a_publisher_waits_for_room_and_nothing_is_lost() {
    let bus = Bus::new();
    let mut slow = bus.subscribe_with("*", blocking(2)).unwrap();
    thread::scope(|scope| {
        let publisher = scope.spawn(|| (0..50).map(|_| bus.publish(event("run.started")).unwrap()).collect());
        let got: Vec<Item> = slow.by_ref().take(50).map(Item::from).collect();
        assert_eq!(got, (1..=50).map(Item::Seq).collect::<Vec<_>>());
        let results: Vec<Published> = publisher.join().unwrap();
        assert!(results.iter().all(|one| (one.matched, one.delivered, one.dropped) == (1, 1, 0)));
        let blocked: u32 = results.iter().map(|one| one.blocked).sum();
        assert_eq!(u64::from(blocked), bus.stats().blocked);
    });
}

#[test]
fn a_block_queue_stops_nobody_whose_event_it_does_not_match() {
    let bus = Bus::new();
    let full = bus.subscribe_with("run.*", blocking(1)).unwrap();
    bus.publish(event("run.started")).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| bus.publish(event("run.failed")).unwrap());
        eventually("a publisher waits", || waiting(&full) == 1);
        assert_eq!(bus.publish(event("tool.call.started")).unwrap().blocked, 0);
        drop(full);
    });
}

#[test]
fn all_others_have_the_event_before_anybody_waits() {
    let bus = Bus::new();
    let full = bus.subscribe_with("*", SubscribeOptions { priority: 9, ..blocking(1) }).unwrap();
    let mut other = bus.subscribe("*").unwrap();
    let called = Arc::new(AtomicU64::new(0));
    let noted = called.clone();
    let _inline = bus.on_with("*", inline(SubscribeOptions::default()), move |event: &Event| {
        noted.store(event.seq(), Ordering::SeqCst);
    });
    publish(&bus, 1);
    thread::scope(|scope| {
        scope.spawn(|| publish(&bus, 1));
        eventually("a publisher waits", || waiting(&full) == 1);
        assert_eq!(seqs(&mut other), [1, 2]);
        eventually("the inline handler has it", || called.load(Ordering::SeqCst) == 2);
        assert_eq!(waiting(&full), 1);
        drop(full);
    });
}

#[test]
fn all_full_queues_are_waited_for_together() {
    let wait = Duration::from_secs(1);
    let (dropped, waited) = before_it_stalls(wait, || {
        let bus = Bus::new();
        let _all: Vec<_> = (0..8)
            .map(|_| bus.subscribe_with("*", SubscribeOptions { max_wait: wait, ..blocking(1) }).unwrap())
            .collect();
        publish(&bus, 1);
        let began = Instant::now();
        let published = bus.publish(event("run.started")).unwrap();
        (published.blocked == 8, (published.dropped, began.elapsed()))
    });
    assert_eq!(dropped, 8);
    // One after the other they would have taken eight times that.
    assert!(waited >= wait && waited < wait * 7, "{waited:?}");
}

#[test]
fn room_is_given_in_seq_order() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    thread::scope(|scope| {
        for already in 0..6 {
            scope.spawn(|| publish(&bus, 1));
            eventually("one more waits", || waiting(&full) == already + 1);
        }
        let got: Vec<_> = full.by_ref().take(7).map(Item::from).collect();
        assert_eq!(got, (1..=7).map(Item::Seq).collect::<Vec<_>>());
    });
}

#[test]
fn at_the_deadline_the_event_is_dropped_there_with_a_gap() {
    let (mut full, published, waited) = before_it_stalls(SHORT, || {
        let bus = Bus::new();
        let full = bus.subscribe_with("*", impatient(1)).unwrap();
        publish(&bus, 1);
        let began = Instant::now();
        let published = bus.publish(event("run.started")).unwrap();
        (published.blocked > 0, (full, published, began.elapsed()))
    });
    assert!(waited >= SHORT);
    assert_eq!((published.matched, published.dropped, published.blocked), (1, 1, 1));
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 2, 1, GapReason::WaitedTooLong)]);
}

#[test]
fn nobody_waits_for_a_stalled_subscription_until_it_takes_one() {
    let wait = Duration::from_millis(300);
    let mut stuck = before_it_stalls(wait, || {
        let bus = Bus::new();
        let mut stuck = bus.subscribe_with("*", SubscribeOptions { max_wait: wait, ..blocking(2) }).unwrap();
        publish(&bus, 2);
        let before = bus.publish(event("run.started")).unwrap().blocked;
        let began = Instant::now();
        for _ in 0..100 {
            let published = bus.publish(event("run.started")).unwrap();
            assert_eq!((published.blocked, published.dropped), (0, 1));
        }
        // To wait for each would have taken a hundred times that.
        assert!(began.elapsed() < wait * 50, "{:?}", began.elapsed());
        let first = stuck.try_next().unwrap().map(Item::from);
        assert_eq!(first, Some(Item::Seq(1)));
        publish(&bus, 1);
        let after = bus.publish(event("run.started")).unwrap().blocked;
        ((before, after) == (1, 1), stuck)
    });
    let lost = Item::Lost(3, 103, 101, GapReason::Stalled);
    assert_eq!(drain(&mut stuck)[..3], [Item::Seq(2), lost, Item::Seq(104)]);
}

#[test]
fn a_queue_full_of_bytes_stalls_too() {
    let bus = Bus::new();
    let options = SubscribeOptions { buffer_bytes: newswire::MAX_EVENT_BYTES, ..impatient(1_000) };
    let _stuck = bus.subscribe_with("*", options).unwrap();
    let large = || super::common::large_event(700_000);
    bus.publish(large()).unwrap();
    assert_eq!(bus.publish(large()).unwrap().blocked, 1);
    let again = bus.publish(large()).unwrap();
    assert_eq!((again.blocked, again.dropped), (0, 1));
}

#[test]
fn a_larger_queue_lets_who_waits_in() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| bus.publish(event("run.started")).unwrap());
        eventually("a publisher waits", || waiting(&full) == 1);
        full.resize(2, 16 << 20).unwrap();
        let published = publisher.join().unwrap();
        assert_eq!((published.delivered, published.blocked), (1, 1));
    });
    assert_eq!(seqs(&mut full), [1, 2]);
}

#[test]
fn dropping_a_full_subscription_releases_who_waits_for_it() {
    let bus = Bus::new();
    let full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| bus.publish(event("run.started")).unwrap());
        eventually("a publisher waits", || waiting(&full) == 1);
        drop(full);
        let published = publisher.join().unwrap();
        assert_eq!((published.matched, published.dropped, published.blocked), (1, 1, 1));
    });
    let books = bus.stats().ended[0].books;
    assert!(books.balance());
    assert_eq!((books.discarded, books.dropped), (1, 1));
}

#[test]
fn a_handler_never_waits_for_itself() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(1)] {
        let bus = Bus::new();
        let inner = bus.clone();
        let options = HandlerOptions { queue: blocking(1), mode: mode.clone(), ..HandlerOptions::default() };
        let (tell, told) = std::sync::mpsc::channel();
        let _handler = bus.on_with("run.*", options, move |event: &Event| {
            if event.seq() == 1 {
                let results: Vec<_> =
                    (0..3).map(|_| inner.publish(super::common::event("run.progress")).unwrap()).collect();
                tell.send(results).unwrap();
            }
        });
        let began = Instant::now();
        bus.publish(event("run.started")).unwrap();
        let results: Vec<Published> = told.recv_timeout(LONG).unwrap();
        assert!(began.elapsed() < LONG / 2, "{mode:?}");
        assert_eq!(results.iter().map(|one| one.dropped).sum::<u32>(), 2, "{mode:?}");
        assert!(results.iter().all(|one| one.blocked == 0));
        bus.close(LONG);
    }
}

#[test]
fn a_handler_never_waits_for_itself_across_two_buses() {
    let (here, there) = (Bus::new(), Bus::new());
    let gaps = Arc::new(std::sync::Mutex::new(Vec::new()));
    struct Outer(Bus, Arc<std::sync::Mutex<Vec<GapReason>>>);
    impl newswire::Handler for Outer {
        fn on_event(&self, event: &Event) -> Result<(), newswire::Failure> {
            if event.seq() == 1 {
                self.0.publish(super::common::event("run.progress"))?;
            }
            Ok(())
        }
        fn on_gap(&self, gap: &newswire::Gap) {
            self.1.lock().unwrap().push(gap.reason);
        }
    }
    let options = HandlerOptions { queue: blocking(1), ..HandlerOptions::default() };
    let _outer = here.on_with("run.*", options, Outer(there.clone(), gaps.clone())).unwrap();
    let back = here.clone();
    let _inner = there.on_with("*", inline(SubscribeOptions::default()), move |_: &Event| {
        for _ in 0..3 {
            back.publish(super::common::event("run.started")).unwrap();
        }
    });
    let began = Instant::now();
    here.publish(event("run.started")).unwrap();
    eventually("the loss is told", || !gaps.lock().unwrap().is_empty());
    assert_eq!(*gaps.lock().unwrap(), [GapReason::WouldDeadlock]);
    assert!(began.elapsed() < LONG / 2);
    here.close(LONG);
    there.close(LONG);
}

#[test]
fn on_a_loop_thread_a_full_queue_is_a_drop_that_says_so() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    let on_loop = LoopThread::enter();
    let published = bus.publish(event("run.started")).unwrap();
    drop(on_loop);
    assert_eq!((published.dropped, published.blocked), (1, 0));
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 2, 1, GapReason::WouldBlock)]);
}

#[test]
fn publish_async_waits_for_room_on_a_loop_thread_too() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    let _on_loop = LoopThread::enter();
    let publishing = bus.publish_async(event("run.started")).unwrap();
    assert_eq!(waiting(&full), 1);
    let taker = thread::spawn(move || full.by_ref().take(2).map(Item::from).collect::<Vec<_>>());
    let published = futures_executor::block_on(publishing);
    assert_eq!((published.delivered, published.blocked, published.dropped), (1, 1, 0));
    assert_eq!(taker.join().unwrap(), [Item::Seq(1), Item::Seq(2)]);
}

#[test]
fn publish_async_gives_up_at_the_deadline() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut full, published) = before_it_stalls(SHORT, || {
        let bus = Bus::new();
        let full = bus.subscribe_with("*", impatient(1)).unwrap();
        publish(&bus, 1);
        let published = runtime.block_on(bus.publish_async(event("run.started")).unwrap());
        (published.blocked > 0, (full, published))
    });
    assert_eq!((published.delivered, published.blocked, published.dropped), (0, 1, 1));
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 2, 1, GapReason::WaitedTooLong)]);
}

#[test]
fn a_publishing_that_is_dropped_takes_its_event_back_from_the_full_queue_only() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    let mut other = bus.subscribe("*").unwrap();
    publish(&bus, 1);
    drop(bus.publish_async(event("run.started")).unwrap());
    assert_eq!(seqs(&mut other), [1, 2]);
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 2, 1, GapReason::WaitedTooLong)]);
}
