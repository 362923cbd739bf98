//! Everything at once, on real threads: four publishers, consumers of every kind that stumble at random,
//! subscriptions that come and go. Whatever the schedule, order, gaps and books must hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use newswire::{
    Books, Bus, Delivery, Event, Field, Gap, Handler, HandlerOptions, Kind, Listener, Mode, SubscribeOptions,
    Subscription, Unsubscribed, WhenFull,
};

const PUBLISHERS: u64 = 4;
const EVENTS: u64 = 25_000;
const LONG: Duration = Duration::from_secs(120);

/// A small generator: each thread has its own, so that runs differ only by their schedule.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Mostly nothing; now and then a pause that lets a queue run full.
    fn stumble(&mut self) {
        match self.roll(2_000) {
            0 => thread::sleep(Duration::from_micros(200)),
            1..=20 => thread::yield_now(),
            _ => {}
        }
    }
}

/// What one consumer has seen: it must go up, and add up.
#[derive(Default)]
struct Account {
    last: u64,
    events: u64,
    missed: u64,
}

impl Account {
    fn enter(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Event(event) => {
                assert!(event.seq() > self.last, "{} after {}", event.seq(), self.last);
                self.last = event.seq();
                self.events += 1;
            }
            Delivery::Gap(gap) => self.miss(gap),
        }
    }

    fn miss(&mut self, gap: &Gap) {
        assert!(gap.first > self.last && gap.last >= gap.first, "{gap:?} after {}", self.last);
        // Notices of the bus have seqs too, and don't match.
        assert!((1..=gap.last + 1 - gap.first).contains(&gap.count), "{gap:?}");
        self.last = gap.last;
        self.missed += gap.count;
    }

    fn agrees_with(&self, books: Books) {
        assert!(books.balance(), "{books:?}");
        assert_eq!((self.events, self.missed), (books.handled, books.dropped), "{books:?}");
        assert_eq!(self.events + self.missed, books.matched, "{books:?}");
    }
}

fn queue(when_full: WhenFull, buffer: usize) -> SubscribeOptions {
    SubscribeOptions { when_full, buffer, max_wait: LONG, ..SubscribeOptions::default() }
}

/// Pulls to the end; the account must be complete.
fn pull(mut subscription: Subscription, seed: u64) -> impl FnOnce() -> Account + Send {
    move || {
        let (mut account, mut dice, mut batch) = (Account::default(), Dice(seed), Vec::new());
        loop {
            let max = 1 + dice.roll(50) as usize;
            if subscription.next_batch(&mut batch, max) == 0 {
                break;
            }
            batch.drain(..).for_each(|delivery| account.enter(&delivery));
            dice.stumble();
        }
        account.agrees_with(subscription.stats().books);
        account
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The same as a task that polls a stream.
fn poll(subscription: Subscription, seed: u64) -> impl FnOnce() -> Account + Send {
    move || {
        let (mut account, mut dice, mut stream) = (Account::default(), Dice(seed), subscription.stream());
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match stream.poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(delivery)) => account.enter(&delivery),
                Poll::Ready(None) => break,
                Poll::Pending => thread::park(),
            }
            dice.stumble();
        }
        account.agrees_with(stream.into_inner().stats().books);
        account
    }
}

/// A handler that counts, and knows whether calls may overlap.
struct Counter {
    overlaps: bool,
    inside: AtomicBool,
    last: AtomicU64,
    events: AtomicU64,
    missed: AtomicU64,
}

impl Counter {
    fn enter(&self, first: u64, last: u64) {
        if !self.overlaps {
            assert!(!self.inside.swap(true, Ordering::SeqCst), "two calls at a time");
            assert!(self.last.swap(last, Ordering::SeqCst) < first, "out of order at {first}");
            self.inside.store(false, Ordering::SeqCst);
        }
    }
}

impl Handler for Counter {
    fn on_event(&self, event: &Event) -> Result<(), newswire::Failure> {
        self.enter(event.seq(), event.seq());
        self.events.fetch_add(1, Ordering::SeqCst);
        Dice(event.seq()).stumble();
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.enter(gap.first, gap.last);
        self.missed.fetch_add(gap.count, Ordering::SeqCst);
    }
}

fn handle(bus: &Bus, mode: Mode, queue: SubscribeOptions) -> (Arc<Counter>, Listener) {
    let counter = Arc::new(Counter {
        overlaps: matches!(mode, Mode::Keyed(_) | Mode::Concurrent(_)),
        inside: AtomicBool::new(false),
        last: AtomicU64::new(0),
        events: AtomicU64::new(0),
        missed: AtomicU64::new(0),
    });
    let options = HandlerOptions { mode, queue, ..HandlerOptions::default() };
    let handler: Arc<dyn Handler> = counter.clone();
    (counter, bus.on_with("stress.*", options, handler).expect("a listener"))
}

/// Comes and goes until told to stop: a reader, and a handler that must be quiet once it has left.
fn churn(bus: Bus, stop: Arc<AtomicBool>) -> impl FnOnce() + Send {
    move || {
        let mut dice = Dice(99);
        while !stop.load(Ordering::SeqCst) {
            let mut reader = bus.subscribe("stress.*").expect("a subscription");
            let mode = if dice.roll(2) == 0 { Mode::Inline } else { Mode::Locked };
            let (counter, listener) = handle(&bus, mode, queue(WhenFull::DropOldest, 16));
            let mut account = Account::default();
            for _ in 0..dice.roll(200) {
                if let Ok(Some(delivery)) = reader.try_next() {
                    account.enter(&delivery);
                }
            }
            assert!(listener.stats().books.balance());
            assert_eq!(listener.unsubscribe(LONG), Unsubscribed::Quiet);
            let events = counter.events.load(Ordering::SeqCst);
            thread::yield_now();
            assert_eq!(counter.events.load(Ordering::SeqCst), events, "called after unsubscribe");
            let books = reader.stats().books;
            assert!(books.balance() && books.handled == account.events, "{books:?}");
        }
    }
}

fn publisher(bus: Bus, seed: u64) -> impl FnOnce() + Send {
    move || {
        let (mut dice, mut last) = (Dice(seed), 0);
        let keys = ["a", "b", "c", "d", "e"];
        let kind = Kind::parse("stress.happened").expect("a kind");
        for _ in 0..EVENTS {
            let key = keys.get(dice.roll(5) as usize).expect("one of five");
            let event = Event::builder(kind.clone()).attr("key", key).build().expect("an event");
            let published = bus.publish(event).map_err(|rejected| rejected.error).expect("the bus is open");
            let seq = published.seq.expect("a seq");
            assert!(seq > last, "{seq} after {last}");
            last = seq;
            assert_eq!(published.matched, published.delivered + published.deferred + published.dropped);
        }
    }
}

#[test]
fn order_gaps_and_books_hold_under_everything_at_once() {
    let bus = Bus::new();
    let subscribe = |options| bus.subscribe_with("stress.*", options).expect("a subscription");
    let complete = subscribe(queue(WhenFull::Block, 64));
    let pulled = [
        thread::spawn(pull(complete, 1)),
        thread::spawn(pull(subscribe(queue(WhenFull::DropOldest, 64)), 2)),
        thread::spawn(pull(subscribe(queue(WhenFull::DropNewest, 64)), 3)),
        thread::spawn(pull(
            subscribe(SubscribeOptions { internal: true, ..queue(WhenFull::DropOldest, 8) }),
            4,
        )),
        thread::spawn(poll(subscribe(queue(WhenFull::DropOldest, 32)), 5)),
    ];
    let key = Mode::Keyed(Field::parse("attrs.key").expect("a field"));
    let handled = [
        handle(&bus, Mode::Inline, queue(WhenFull::DropOldest, 1024)),
        handle(&bus, Mode::Locked, queue(WhenFull::DropOldest, 64)),
        handle(&bus, key, queue(WhenFull::Block, 64)),
        handle(&bus, Mode::Concurrent(4), queue(WhenFull::DropNewest, 64)),
    ];
    let stop = Arc::new(AtomicBool::new(false));
    let churning = thread::spawn(churn(bus.clone(), stop.clone()));
    let publishers: Vec<_> =
        (0..PUBLISHERS).map(|seed| thread::spawn(publisher(bus.clone(), 10 + seed))).collect();
    while publishers.iter().any(|publisher| !publisher.is_finished()) {
        let stats = bus.stats();
        assert!(stats.subscriptions.iter().all(|one| one.books.balance()), "{stats:?}");
        thread::sleep(Duration::from_millis(1));
    }
    publishers.into_iter().for_each(|publisher| publisher.join().expect("a publisher"));
    stop.store(true, Ordering::SeqCst);
    churning.join().expect("the churn");

    let report = bus.close(LONG);
    assert!(report.complete && report.abandoned == 0 && report.discarded == 0, "{report:?}");
    let accounts = pulled.map(|consumer| consumer.join().expect("a consumer"));
    for account in &accounts {
        assert_eq!(account.events + account.missed, PUBLISHERS * EVENTS);
    }
    assert_eq!(accounts[0].missed, 0, "who makes publishers wait misses nothing");
    for (counter, listener) in &handled {
        let books = listener.stats().books;
        assert!(books.balance() && books.panicked == 0, "{books:?}");
        assert_eq!(books.matched, PUBLISHERS * EVENTS);
        assert_eq!(books.handled, counter.events.load(Ordering::SeqCst));
        assert_eq!(books.dropped, counter.missed.load(Ordering::SeqCst), "{books:?}");
    }
}
