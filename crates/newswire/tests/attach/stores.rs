//! Stores on a bus, and what becomes of what they were fed.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use newswire::store::{Feed, Keeper, Opening, Page, Past, QueueBounds, Wanted};
use newswire::{
    Bus, Delivery, Error, ErrorKind, Event, Failure, Gap, GapReason, Handler, HandlerOptions, LoopThread,
    MAX_EVENT_BYTES, Result, Start, SubscribeOptions,
};

use super::{LONG, event};

/// A store that forgets at once what it is fed; what it does with its feed, a test says.
struct Fed {
    bounds: QueueBounds,
    last: u64,
    past: Arc<dyn Past>,
    keep: Box<dyn FnOnce(Feed) + Send>,
}

impl Fed {
    fn by(keep: impl FnOnce(Feed) + Send + 'static) -> Box<Self> {
        let (bounds, past) = (QueueBounds::default(), Arc::new(Nothing));
        Box::new(Self { bounds, last: 0, past, keep: Box::new(keep) })
    }
}

impl Keeper for Fed {
    fn bounds(&self) -> QueueBounds {
        self.bounds
    }

    fn open(&mut self, _: &str) -> Result<Opening> {
        Ok(Opening { epoch: 1, last: self.last, past: self.past.clone() })
    }

    fn keep(self: Box<Self>, feed: Feed) {
        (self.keep)(feed);
    }
}

/// What is told of a store that has nothing.
struct Nothing;

impl Past for Nothing {
    fn first(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    fn epoch_end(&self, _: u64) -> Result<Option<u64>> {
        Ok(None)
    }

    fn read(&self, from: u64, _: &Wanted<'_>, _: usize) -> Result<Page> {
        Ok(Page { deliveries: Vec::new(), through: from - 1 })
    }

    fn nth_last(&self, _: usize, _: u64, _: &Wanted<'_>) -> Result<Option<u64>> {
        Ok(None)
    }

    fn since(&self, _: i64) -> Result<Option<u64>> {
        Ok(None)
    }
}

/// Says of all that comes that it is on the disk.
fn keep_all(feed: &Feed) {
    let mut last = 0;
    loop {
        let batch = feed.next(100, LONG);
        last = batch.deliveries.last().map_or(last, last_seq);
        feed.written(last);
        feed.synced(last);
        if batch.closed {
            return;
        }
    }
}

fn last_seq(delivery: &Delivery) -> u64 {
    match delivery {
        Delivery::Event(event) => event.seq(),
        Delivery::Gap(gap) => gap.last,
    }
}

#[test]
fn a_store_that_was_detached_has_nothing_to_do_with_the_next_one() {
    let bus = Bus::new();
    let first = bus.attach_store("first", Fed::by(|feed| keep_all(&feed))).unwrap();
    bus.publish(event("run.started")).unwrap();
    first.detach().unwrap();
    let second = bus.attach_store("second", Fed::by(|feed| keep_all(&feed))).unwrap();
    first.detach().unwrap();
    assert_eq!(first.flush(LONG).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!((first.stats().detached, second.stats().detached), (true, false));
    bus.publish_durable(event("run.completed")).unwrap().wait(LONG).unwrap();
    assert_eq!(second.stats().taken, 1);
}

#[test]
fn a_store_that_is_late_to_see_that_it_was_detached_takes_nothing_from_the_next_one() {
    let bus = Bus::new();
    let (awake, wake) = mpsc::channel::<()>();
    let (gone, is_gone) = mpsc::channel::<()>();
    let (failed, has_failed) = mpsc::channel::<()>();
    let late = Fed::by(move |feed| {
        while !feed.next(1, LONG).flush {}
        // The bus is told of it, by an event, after who waits for the flush.
        feed.failed(&Error::new(ErrorKind::Io, "the disk is full"));
        drop(failed);
        let _ = wake.recv_timeout(LONG);
        assert!(feed.is_gone());
        keep_all(&feed);
        feed.renewed(7, Arc::new(Nothing));
        drop(feed);
        drop(gone);
    });
    let first = bus.attach_store("first", late).unwrap();
    bus.publish(event("run.started")).unwrap();
    let leaving = std::thread::spawn({
        let first = first.clone();
        move || first.detach().unwrap_err().message().to_owned()
    });
    assert!(has_failed.recv_timeout(LONG).is_err());
    while !first.stats().detached {
        std::thread::yield_now();
    }
    let (open, opened) = mpsc::channel::<()>();
    let next = Fed::by(move |feed| {
        let _ = opened.recv_timeout(LONG);
        keep_all(&feed);
    });
    let second = bus.attach_store("second", next).unwrap();
    let receipt = bus.publish_durable(event("run.started")).unwrap();
    drop(awake);
    assert!(is_gone.recv_timeout(LONG).is_err());
    assert_eq!((receipt.outcome(), second.stats().lag), (None, 1));
    assert_eq!(bus.position().epoch(), 1);
    drop(open);
    receipt.wait(LONG).unwrap();
    assert_eq!((second.stats().taken, &*leaving.join().unwrap()), (1, "the disk is full"));
}

#[test]
fn on_a_loop_thread_a_store_stays_attached_with_what_it_has_not_written() {
    let bus = Bus::new();
    let store = bus.attach_store("store", Fed::by(|feed| keep_all(&feed))).unwrap();
    let receipt = bus.publish_durable(event("run.started")).unwrap();
    let on_loop = LoopThread::enter();
    assert_eq!(store.detach().unwrap_err().kind(), ErrorKind::WouldDeadlock);
    drop(on_loop);
    receipt.wait(LONG).unwrap();
    store.detach().unwrap();
}

#[test]
fn a_close_tells_what_a_store_had_not_written_when_it_gave_up() {
    let bus = Bus::new();
    let full = Fed::by(|feed| {
        while !feed.is_closed() {
            let written = feed.next(1, Duration::from_millis(1)).deliveries.last().map(last_seq);
            written.filter(|seq| *seq == 1).into_iter().for_each(|seq| feed.written(seq));
        }
        feed.failed(&Error::new(ErrorKind::Io, "the disk is full"));
    });
    bus.attach_store("full", full).unwrap();
    bus.publish_durable(event("run.started")).unwrap().wait(LONG).unwrap();
    for _ in 0..3 {
        bus.publish(event("run.completed")).unwrap();
    }
    let report = bus.close(LONG);
    assert_eq!((report.complete, report.unstored), (false, 3));
}

#[test]
fn a_store_may_have_its_publishers_wait_for_ever_but_a_queue_that_takes_no_event_is_refused() {
    let bus = Bus::new();
    let (open, opened) = mpsc::channel::<()>();
    let mut patient = Fed::by(move |feed| {
        let _ = opened.recv_timeout(LONG);
        keep_all(&feed);
    });
    for (events, bytes) in [(0, MAX_EVENT_BYTES), (1, MAX_EVENT_BYTES - 1)] {
        let mut narrow = Fed::by(|feed| keep_all(&feed));
        narrow.bounds = QueueBounds { events, bytes, ..QueueBounds::default() };
        let error = bus.attach_store("narrow", narrow).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("options.queue")));
    }
    patient.bounds = QueueBounds { events: 1, max_wait: Duration::MAX, ..QueueBounds::default() };
    let store = bus.attach_store("patient", patient).unwrap();
    bus.publish(event("run.started")).unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| bus.publish(event("run.completed")).unwrap().blocked);
        while store.lag() < 2 {
            std::thread::yield_now();
        }
        drop(open);
        assert_eq!(waits.join().unwrap(), 1);
    });
    store.flush(LONG).unwrap();
    assert_eq!((store.stats().taken, store.stats().dropped), (2, 0));
}

#[test]
fn a_store_may_ask_for_all_that_there_is() {
    let bus = Bus::new();
    let (tell, told) = mpsc::channel();
    let greedy = Fed::by(move |feed| {
        loop {
            feed.gather(usize::MAX, Duration::from_millis(1));
            let batch = feed.next(usize::MAX, Duration::from_millis(1));
            if let Some(last) = batch.deliveries.last().map(last_seq) {
                feed.written(last);
                tell.send(last).unwrap();
            }
            if batch.closed {
                return;
            }
        }
    });
    bus.attach_store("greedy", greedy).unwrap();
    for seq in 1..5 {
        bus.publish(event("run.started")).unwrap();
        assert_eq!(told.recv_timeout(LONG), Ok(seq));
    }
    assert!(bus.close(LONG).complete);
}

/// A past of five events, each read of which does that.
struct Reads<R>(R);

impl<R: Fn() + Send + Sync> Past for Reads<R> {
    fn first(&self) -> Result<Option<u64>> {
        Ok(Some(1))
    }

    fn epoch_end(&self, _: u64) -> Result<Option<u64>> {
        Ok(None)
    }

    fn read(&self, from: u64, _: &Wanted<'_>, _: usize) -> Result<Page> {
        (self.0)();
        Ok(Page { deliveries: Vec::new(), through: from - 1 })
    }

    fn nth_last(&self, _: usize, _: u64, _: &Wanted<'_>) -> Result<Option<u64>> {
        Ok(None)
    }

    fn since(&self, _: i64) -> Result<Option<u64>> {
        Ok(None)
    }
}

/// A bus that has such a past.
fn reading(read: impl Fn() + Send + Sync + 'static) -> Bus {
    let bus = Bus::new();
    let mut store = Fed::by(|feed| keep_all(&feed));
    (store.last, store.past) = (5, Arc::new(Reads(read)));
    bus.attach_store("store", store).unwrap();
    bus
}

fn from_the_earliest() -> SubscribeOptions {
    SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() }
}

#[test]
fn handlers_that_wait_for_a_slow_past_starve_no_others() {
    let (answer, answered) = mpsc::channel::<()>();
    let answered = Mutex::new(answered);
    let bus = reading(move || {
        let _ = answered.lock().unwrap().recv_timeout(LONG);
    });
    let all = || HandlerOptions { queue: from_the_earliest(), ..HandlerOptions::default() };
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let _stuck: Vec<_> = (0..workers).map(|_| bus.on_with("*", all(), |_: &Event| ()).unwrap()).collect();
    let (tell, told) = mpsc::channel();
    let _live = bus.on("*", move |event: &Event| tell.send(event.seq()).unwrap()).unwrap();
    bus.publish(event("run.started")).unwrap();
    let heard = told.recv_timeout(LONG / 2);
    drop(answer);
    assert_eq!(heard, Ok(6));
}

struct Tells(Mutex<mpsc::Sender<Delivery>>);

impl Handler for Tells {
    fn on_event(&self, event: &Event) -> std::result::Result<(), Failure> {
        Ok(self.0.lock().unwrap().send(Delivery::Event(event.clone()))?)
    }

    fn on_gap(&self, gap: &Gap) {
        let _ = self.0.lock().unwrap().send(Delivery::Gap(*gap));
    }
}

#[test]
fn a_past_that_panics_is_unreadable_and_the_live_events_follow() {
    let bus = reading(|| std::panic::resume_unwind(Box::new("as agreed")));
    let (tell, told) = mpsc::channel();
    let handler: Arc<dyn Handler> = Arc::new(Tells(Mutex::new(tell)));
    let options = HandlerOptions { queue: from_the_earliest(), ..HandlerOptions::default() };
    let _listener = bus.on_with("*", options, handler).unwrap();
    let pulled = bus.subscribe_with("*", from_the_earliest()).unwrap();
    let streamed = bus.subscribe_with("*", from_the_earliest()).unwrap().stream();
    bus.publish(event("run.started")).unwrap();
    assert!(bus.close(LONG).complete);
    let all: [Vec<Delivery>; 3] =
        [told.try_iter().collect(), pulled.collect(), futures_executor::block_on_stream(streamed).collect()];
    for found in all {
        let [Delivery::Gap(lost), Delivery::Event(event)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((lost.first, lost.last, lost.reason), (1, 5, GapReason::Unreadable));
        assert_eq!(event.seq(), 6);
    }
}
