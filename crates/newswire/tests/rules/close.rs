//! Chapter 9: close.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use newswire::{
    Bus, CloseReport, ErrorKind, Event, Failure, GapReason, Handler, HandlerOptions, LoopThread,
    SubscribeOptions,
};

use super::common::{Item, LONG, blocking, drain, event, eventually, gate, inline, publish};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn what_was_sequenced_before_it_is_accounted_for() {
    let bus = Bus::new();
    let handled = Arc::new(AtomicU64::new(0));
    let counter = handled.clone();
    let _slow = bus.on("*", move |_: &Event| {
        thread::sleep(Duration::from_micros(100));
        counter.fetch_add(1, Ordering::SeqCst);
    });
    publish(&bus, 200);
    let report = bus.close(LONG);
    assert!(report.complete);
    assert_eq!((report.last_seq, report.abandoned, report.discarded), (200, 0, 0));
    assert_eq!(handled.load(Ordering::SeqCst), 200);
    let [handler] = &report.subscriptions[..] else { panic!("one handler") };
    assert_eq!((handler.books.handled, handler.closed), (200, true));
}

#[test]
fn it_waits_for_the_calls_of_those_who_have_already_left() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let predicate = Some(Arc::new(|_: &Event| true) as newswire::Predicate);
    let queue = SubscribeOptions { predicate, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, once: true, ..HandlerOptions::default() };
    let _once = bus.on_with("*", options, move |_: &Event| wait()).unwrap();
    publish(&bus, 3);
    arrived.recv_timeout(LONG).unwrap();
    eventually("it is spent", || bus.stats().ended.len() == 1);
    assert!(!bus.close(SHORT).subscriptions.is_empty());
    open.send(()).unwrap();
    eventually("its call has ended", || bus.stats().ended[0].books.handled == 1);

    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let listener = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    listener.unsubscribe(SHORT);
    thread::scope(|scope| {
        let closing = scope.spawn(|| bus.close(LONG));
        eventually("the bus is closed", || bus.stats().closed);
        assert!(!closing.is_finished());
        open.send(()).unwrap();
        let report = closing.join().unwrap();
        assert_eq!((report.complete, report.subscriptions[0].books.handled), (true, 1));
    });
}

#[test]
fn later_publishes_are_errors_those_of_handlers_too() {
    let bus = Bus::new();
    let (inner, (tell, told), (arrived, open, wait)) = (bus.clone(), mpsc::channel(), gate());
    let _handler = bus.on("*", move |_: &Event| {
        wait();
        tell.send(inner.publish(event("run.failed")).unwrap_err().error.kind()).unwrap();
    });
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(|| bus.close(LONG));
        eventually("the bus is closed", || bus.stats().closed);
        open.send(()).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), ErrorKind::Closed);
        assert!(closing.join().unwrap().complete);
    });
    assert_eq!(bus.subscribe("*").err().unwrap().kind(), ErrorKind::Closed);
    assert_eq!(bus.on("*", |_: &Event| ()).err().unwrap().kind(), ErrorKind::Closed);
    assert_eq!(bus.wait_for("*", SHORT).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(bus.request(event("run.started"), SHORT).unwrap_err().error.kind(), ErrorKind::Closed);
}

#[test]
fn waiting_publishers_are_released_and_the_gap_says_closed() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| bus.publish(event("run.started")))).collect();
        eventually("all wait", || full.stats().books.waiting == 3);
        bus.close(LONG);
        for publisher in waiting {
            let published = publisher.join().unwrap().unwrap();
            assert_eq!((published.matched, published.dropped, published.blocked), (1, 1, 1));
        }
    });
    assert_eq!(bus.stats().dropped, 3);
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 4, 3, GapReason::Closed)]);
}

#[test]
fn pull_subscriptions_are_not_waited_for_stay_readable_and_then_end() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 3);
    let report = bus.close(LONG);
    assert!(report.complete && report.subscriptions.is_empty());
    assert_eq!(all.by_ref().map(Item::from).collect::<Vec<_>>(), [1, 2, 3].map(Item::Seq));
    assert_eq!(all.try_next().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(all.next_timeout(LONG).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(all.next_batch(&mut Vec::new(), 5), 0);
    assert!(all.next().is_none());
}

#[test]
fn a_consumer_that_waits_is_told_of_the_end() {
    let bus = Bus::new();
    let consumers: Vec<_> = (0..4).map(|_| bus.subscribe("*").unwrap()).collect();
    thread::scope(|scope| {
        let waiting: Vec<_> = consumers.into_iter().map(|mut all| scope.spawn(move || all.next())).collect();
        thread::sleep(Duration::from_millis(5));
        bus.close(LONG);
        assert!(waiting.into_iter().all(|consumer| consumer.join().unwrap().is_none()));
    });
}

#[test]
fn a_paused_subscription_of_a_closed_bus_sleeps_until_it_is_resumed() {
    let bus = Bus::new();
    let mut paused = bus.subscribe("*").unwrap();
    publish(&bus, 1);
    paused.pause();
    bus.close(LONG);
    assert!(paused.try_next().unwrap().is_none());
    assert_eq!(paused.next_timeout(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    let mut stream = paused.stream();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(stream.poll_next(&mut context).is_pending());
    let mut paused = stream.into_inner();
    paused.resume();
    assert_eq!(paused.next().map(Item::from), Some(Item::Seq(1)));
    assert!(paused.next().is_none());
}

#[test]
fn a_replay_that_is_under_way_is_read_to_its_end() {
    let bus = Bus::with(newswire::BusOptions { history: 1_000, ..Default::default() }).unwrap();
    publish(&bus, 300);
    let options = SubscribeOptions { start: newswire::Start::Earliest, ..SubscribeOptions::default() };
    let mut all = bus.subscribe_with("*", options).unwrap();
    all.try_next().unwrap();
    bus.close(LONG);
    assert_eq!(all.map(Item::from).collect::<Vec<_>>(), (2..=300).map(Item::Seq).collect::<Vec<_>>());
}

#[test]
fn at_the_deadline_queues_are_discarded_and_running_calls_abandoned() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let _stuck = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 5);
    arrived.recv_timeout(LONG).unwrap();
    let began = Instant::now();
    let report = bus.close(SHORT);
    assert!(began.elapsed() >= SHORT && began.elapsed() < LONG / 2);
    assert_eq!((report.complete, report.abandoned, report.discarded), (false, 1, 4));
    let books = report.subscriptions[0].books;
    assert!(books.balance());
    assert_eq!((books.in_flight, books.discarded), (1, 4));
    open.send(()).unwrap();
}

#[test]
fn inside_a_handler_it_starts_the_drain_and_returns_a_pending_report() {
    for options in [HandlerOptions::default(), inline(SubscribeOptions::default())] {
        let bus = Bus::new();
        let (inner, (tell, told)) = (bus.clone(), mpsc::channel());
        let _handler = bus.on_with("*", options, move |_: &Event| tell.send(inner.close(LONG)).unwrap());
        publish(&bus, 1);
        let pending: CloseReport = told.recv_timeout(LONG).unwrap();
        assert!(!pending.complete);
        assert_eq!((pending.last_seq, pending.subscriptions.len()), (1, 1));
        let report = bus.close(LONG);
        assert!(report.complete);
        assert_eq!(report.subscriptions[0].books.handled, 1);
    }
}

#[test]
fn on_a_loop_thread_it_returns_a_pending_report_and_its_twin_waits() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let _handler = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    let _on_loop = LoopThread::enter();
    assert!(!bus.close(LONG).complete);
    let closing = bus.close_async(LONG);
    open.send(()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(closing).complete);
    assert!(futures_executor::block_on(bus.close_async(LONG)).complete);
}

#[test]
fn close_async_keeps_its_deadline() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let _stuck = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 2);
    arrived.recv_timeout(LONG).unwrap();
    let report = futures_executor::block_on(bus.close_async(SHORT));
    assert_eq!((report.complete, report.abandoned, report.discarded), (false, 1, 1));
    open.send(()).unwrap();
}

#[test]
fn further_calls_wait_for_the_same_report_each_up_to_its_own_deadline() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let _slow = bus.on("*", move |event: &Event| {
        if event.seq() == 1 {
            wait();
        }
    });
    publish(&bus, 3);
    arrived.recv_timeout(LONG).unwrap();
    thread::scope(|scope| {
        let first = scope.spawn(|| bus.close(LONG));
        eventually("the bus is closed", || bus.stats().closed);
        assert!(!bus.close(SHORT).complete);
        assert!(!futures_executor::block_on(bus.close_async(SHORT)).complete);
        let second = scope.spawn(|| bus.close(LONG));
        open.send(()).unwrap();
        for report in [first.join().unwrap(), second.join().unwrap(), bus.close(Duration::ZERO)] {
            assert!(report.complete);
            assert_eq!((report.discarded, report.abandoned, report.last_seq), (0, 0, 3));
            assert_eq!(report.subscriptions[0].books.handled, 3);
        }
    });
}

#[test]
fn a_handler_that_is_paused_is_not_called_for_a_close() {
    let bus = Bus::new();
    let paused = bus.on("*", |_: &Event| ()).unwrap();
    paused.pause();
    publish(&bus, 2);
    let report = bus.close(LONG);
    assert!(report.complete);
    assert_eq!((report.discarded, report.subscriptions[0].books.handled), (2, 0));
}

#[test]
fn a_sink_is_ended_before_the_report() {
    struct Ends(Arc<AtomicU64>);
    impl newswire::Sink for Ends {
        fn event(&mut self, _: &Event) -> newswire::Result<()> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
        fn gap(&mut self, _: &newswire::Gap) -> newswire::Result<()> {
            Ok(())
        }
        fn flush(&mut self) -> newswire::Result<()> {
            self.0.fetch_add(100, Ordering::SeqCst);
            Ok(())
        }
    }
    let bus = Bus::new();
    let count = Arc::new(AtomicU64::new(0));
    bus.attach_sink("ends:", Box::new(Ends(count.clone())), HandlerOptions::default()).unwrap();
    publish(&bus, 7);
    assert!(bus.close(LONG).complete);
    assert_eq!(count.load(Ordering::SeqCst), 107);
}

#[test]
fn pending_questions_are_told_of_the_close() {
    let bus = Bus::new();
    thread::scope(|scope| {
        let asking = scope.spawn(|| bus.request(event("run.started"), LONG));
        eventually("it has been asked", || bus.stats().pending_requests == 1);
        let expecting = bus.wait_for_async("run.failed", LONG);
        bus.close(LONG);
        assert_eq!(asking.join().unwrap().unwrap_err().error.kind(), ErrorKind::Closed);
        assert_eq!(futures_executor::block_on(expecting).unwrap_err().kind(), ErrorKind::Closed);
    });
}

#[test]
fn it_tells_only_what_it_discarded_itself() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let predicate = Some(Arc::new(|_: &Event| true) as newswire::Predicate);
    let queue = SubscribeOptions { predicate, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, once: true, ..HandlerOptions::default() };
    let _once = bus.on_with("*", options, move |_: &Event| wait()).unwrap();
    publish(&bus, 3);
    arrived.recv_timeout(LONG).unwrap();
    eventually("it is spent", || bus.stats().ended.len() == 1);
    thread::scope(|scope| {
        let closing = scope.spawn(|| bus.close(LONG));
        eventually("the bus is closed", || bus.stats().closed);
        open.send(()).unwrap();
        let report = closing.join().unwrap();
        assert_eq!((report.complete, report.abandoned, report.discarded), (true, 0, 0));
        assert_eq!(report.subscriptions[0].books.discarded, 2);
    });
}

/// Takes long to end.
struct Lingering(mpsc::Sender<()>, Mutex<mpsc::Receiver<()>>);

impl Handler for Lingering {
    fn on_event(&self, _: &Event) -> Result<(), Failure> {
        Ok(())
    }

    fn on_close(&self) {
        let _ = self.0.send(());
        let _ = self.1.lock().unwrap().recv_timeout(LONG);
    }
}

#[test]
fn it_is_not_complete_while_a_handler_still_ends() {
    let bus = Bus::new();
    let ((arrive, arrived), (open, opened)) = (mpsc::channel(), mpsc::channel());
    let lingering = bus.on("*", Lingering(arrive, Mutex::new(opened))).unwrap();
    publish(&bus, 1);
    eventually("its event is handled", || lingering.stats().books.handled == 1);
    let report = bus.close(SHORT);
    arrived.recv_timeout(LONG).unwrap();
    assert_eq!((report.complete, report.abandoned, report.discarded), (false, 0, 0));
    assert_eq!(report.subscriptions[0].books.handled, 1);
    open.send(()).unwrap();
}
