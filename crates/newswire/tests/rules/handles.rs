//! The last handle: a bus that nobody can publish on closes by itself.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures_executor::block_on;
use newswire::{
    Bus, BusOptions, Delivery, Emitter, ErrorKind, Event, Failure, GapReason, Handler, HandlerOptions, Mode,
    Predicate, SubscribeOptions, Subscription,
};

use super::common::{Item, LONG, blocking, drain, event, eventually, gate, publish, seqs};

/// Whether it has ended, all having been read.
fn has_ended(subscription: &mut Subscription) -> bool {
    subscription.try_next().is_err_and(|error| error.kind() == ErrorKind::Closed)
}

/// Runs it on a thread of its own, which may never end; what it gives comes here.
fn elsewhere<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> mpsc::Receiver<R> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || _ = tell.send(run()));
    told
}

/// Takes note of its calls, and where the last one was made.
struct Noting {
    seqs: Mutex<mpsc::Sender<u64>>,
    closed: Mutex<mpsc::Sender<ThreadId>>,
}

impl Handler for Noting {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        thread::sleep(Duration::from_micros(100));
        Ok(self.seqs.lock().unwrap().send(event.seq())?)
    }

    fn on_close(&self) {
        let _ = self.closed.lock().unwrap().send(thread::current().id());
    }
}

fn noting() -> (Arc<dyn Handler>, mpsc::Receiver<u64>, mpsc::Receiver<ThreadId>) {
    let ((seqs, noted), (closed, ended)) = (mpsc::channel(), mpsc::channel());
    (Arc::new(Noting { seqs: seqs.into(), closed: closed.into() }), noted, ended)
}

#[test]
fn iteration_ends_when_the_last_handle_is_gone() {
    let bus = Bus::new();
    let (all, own) = (bus.subscribe("*").unwrap(), bus.subscribe_with("*", blocking(64)).unwrap());
    let consumers =
        [all, own].map(|subscription| elsewhere(move || subscription.map(Item::from).collect::<Vec<_>>()));
    let other = bus.clone();
    publish(&bus, 2);
    drop(bus);
    thread::spawn(move || publish(&other, 1)).join().unwrap();
    for consumer in consumers {
        assert_eq!(consumer.recv_timeout(LONG).unwrap(), [1, 2, 3].map(Item::Seq));
    }
}

#[test]
fn a_stream_and_whoever_expects_something_are_told_of_the_end() {
    let bus = Bus::new();
    let mut stream = bus.subscribe("*").unwrap().stream();
    let expected = bus.wait_for_async("run.*", LONG);
    let asked = bus.request_async(event("tool.asked"), LONG);
    let told = elsewhere(move || {
        let next = |stream: &mut newswire::SubscriptionStream| {
            block_on(std::future::poll_fn(|context| stream.poll_next(context)))
        };
        let first = next(&mut stream).map(Item::from);
        (first, next(&mut stream).is_none(), block_on(expected), block_on(asked))
    });
    drop(bus);
    let (first, has_ended, expected, asked) = told.recv_timeout(LONG).unwrap();
    assert_eq!((first, has_ended), (Some(Item::Seq(1)), true));
    assert_eq!(expected.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn emitters_and_guards_are_handles() {
    let bus = Bus::new();
    let mut all = bus.subscribe("run.*").unwrap();
    let emitter = bus.emitter();
    drop(bus);
    let guard = emitter.run("greet", None);
    drop(emitter);
    assert!(!has_ended(&mut all));
    let inner: Emitter = guard.emitter();
    drop(guard);
    assert_eq!(seqs(&mut all), [2]);
    assert!(!has_ended(&mut all));
    drop(inner);
    assert!(has_ended(&mut all));
}

#[test]
fn subscriptions_listeners_and_futures_are_no_handles() {
    let bus = Bus::new();
    let (mut all, mut full) = (bus.subscribe("*").unwrap(), bus.subscribe_with("*", blocking(1)).unwrap());
    let listener = bus.on("*", |_: &Event| ()).unwrap();
    publish(&bus, 1);
    let publishing = bus.publish_async(event("run.started")).unwrap();
    let closing = bus.wait_for_async("*", LONG);
    drop(bus);
    assert_eq!(block_on(publishing).dropped, 1);
    assert_eq!(seqs(&mut all), [1, 2]);
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 2, 1, GapReason::Closed)]);
    assert!(has_ended(&mut all) && has_ended(&mut full));
    eventually("what was queued is handled", || listener.stats().books.handled == 2);
    assert!(listener.stats().closed);
    assert_eq!(block_on(closing).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn workers_handle_what_was_published_before_the_end() {
    for mode in [Mode::Locked, Mode::Concurrent(3), Mode::Keyed(newswire::Field::parse("session").unwrap())] {
        let bus = Bus::new();
        let (handler, noted, ended) = noting();
        let options = HandlerOptions { mode, ..HandlerOptions::default() };
        bus.on_with("*", options, handler).unwrap().forever();
        publish(&bus, 100);
        drop(bus);
        assert_ne!(ended.recv_timeout(LONG).unwrap(), thread::current().id());
        assert_eq!(noted.iter().count(), 100);
    }
}

#[test]
fn an_inline_handler_is_let_go_of_by_a_worker() {
    let bus = Bus::new();
    let (handler, noted, ended) = noting();
    let options = HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, handler).unwrap();
    publish(&bus, 2);
    drop(bus);
    assert_ne!(ended.recv_timeout(LONG).unwrap(), thread::current().id());
    assert_eq!(noted.iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(listener.stats().books.handled, 2);
}

#[test]
fn dropping_the_last_handle_waits_for_nobody() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let (tell, told) = mpsc::channel();
    bus.on("*", move |event: &Event| {
        if event.seq() == 1 {
            wait();
        }
        tell.send(event.seq()).unwrap();
    })
    .unwrap()
    .forever();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 3);
    arrived.recv_timeout(LONG).unwrap();
    drop(bus);
    assert_eq!(seqs(&mut all), [1, 2, 3]);
    assert!(has_ended(&mut all));
    assert!(told.try_recv().is_err());
    open.send(()).unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn what_a_handler_holds_is_a_handle() {
    let bus = Bus::new();
    let (inner, (tell, told)) = (bus.clone(), mpsc::channel());
    let listener = bus
        .on("run.started", move |_: &Event| {
            let _ = inner.publish(event("run.completed"));
            let _ = tell.send(());
        })
        .unwrap();
    let mut all = bus.subscribe("run.completed").unwrap();
    bus.publish(event("run.started")).unwrap();
    drop(bus);
    told.recv_timeout(LONG).unwrap();
    assert_eq!(seqs(&mut all), [2]);
    assert!(!has_ended(&mut all));
    // With the handler goes the handle.
    drop(listener);
    assert!(all.next_timeout(LONG).is_err_and(|error| error.kind() == ErrorKind::Closed));
}

#[test]
fn a_close_that_has_begun_goes_on_when_the_last_handle_is_gone() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let (handler, noted, ended) = noting();
    bus.on("run.started", move |_: &Event| wait()).unwrap().forever();
    bus.on("*", handler).unwrap().forever();
    bus.publish(event("run.started")).unwrap();
    publish(&bus, 50);
    arrived.recv_timeout(LONG).unwrap();
    drop(bus.close_async(LONG));
    drop(bus);
    ended.recv_timeout(LONG).unwrap();
    assert_eq!(noted.iter().count(), 51);
    open.send(()).unwrap();
}

#[test]
fn a_bus_is_freed_once_it_has_drained() {
    let marker = Arc::new(());
    let held = marker.clone();
    let bus = Bus::new();
    // Enrichers are freed with the bus.
    let enricher = bus.add_enricher(move |_| drop(held.clone())).unwrap();
    std::mem::forget(enricher);
    bus.on("*", |_: &Event| thread::sleep(Duration::from_millis(1))).unwrap().forever();
    publish(&bus, 10);
    drop(bus);
    eventually("it is freed", || Arc::strong_count(&marker) == 1);
}

#[test]
fn a_predicate_may_hold_the_last_handle() {
    let bus = Bus::with(BusOptions { closed_kept: 1, ..BusOptions::default() }).unwrap();
    let inner = bus.clone();
    let holds = Some(Arc::new(move |_: &Event| !inner.stats().closed) as Predicate);
    let holding = bus
        .subscribe_with("*", SubscribeOptions { predicate: holds, ..SubscribeOptions::default() })
        .unwrap();
    let (mut all, last) = (bus.subscribe("*").unwrap(), bus.subscribe("*").unwrap());
    drop((bus, holding));
    assert!(!has_ended(&mut all));
    // The stats forget who left before.
    elsewhere(move || drop(last)).recv_timeout(LONG).expect("it returns");
    assert!(has_ended(&mut all));
    assert!(all.next().map(|delivery| matches!(delivery, Delivery::Event(_))).is_none());
}
