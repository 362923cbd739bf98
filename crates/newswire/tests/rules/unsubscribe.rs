//! Chapter 8: unsubscribe.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use newswire::{
    Bus, ErrorKind, Event, Failure, Handler, HandlerOptions, Listener, LoopThread, SubscribeOptions,
    Unsubscribed,
};

use super::common::{LONG, event, eventually, gate, inline, publish};

#[test]
fn after_it_returns_no_call_begins() {
    let bus = Bus::new();
    let calls = Arc::new(AtomicU64::new(0));
    for _ in 0..50 {
        let counter = calls.clone();
        let listener = bus
            .on("*", move |_: &Event| {
                counter.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        publish(&bus, 20);
        assert_eq!(listener.unsubscribe(LONG), Unsubscribed::Quiet);
        let before = calls.load(Ordering::SeqCst);
        publish(&bus, 20);
        assert_eq!(calls.load(Ordering::SeqCst), before);
    }
}

#[test]
fn from_outside_it_waits_for_calls_that_have_begun() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let returned = Arc::new(AtomicU64::new(0));
    let noted = returned.clone();
    let listener = bus.on("*", move |_: &Event| {
        wait();
        noted.fetch_add(1, Ordering::SeqCst);
    });
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    let opener = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        open.send(()).unwrap();
    });
    assert_eq!(listener.unwrap().unsubscribe(LONG), Unsubscribed::Quiet);
    assert_eq!(returned.load(Ordering::SeqCst), 1);
    opener.join().unwrap();
}

#[test]
fn at_its_timeout_it_says_that_a_call_is_still_running() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let listener = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 3);
    arrived.recv_timeout(LONG).unwrap();
    assert_eq!(listener.unsubscribe(Duration::from_millis(5)), Unsubscribed::StillRunning);
    let books = bus.stats().ended[0].books;
    assert_eq!((books.in_flight, books.discarded), (1, 2));
    assert!(books.balance());
    open.send(()).unwrap();
    eventually("the call is booked", || bus.stats().ended[0].books.handled == 1);
}

#[test]
fn inside_its_own_handler_it_never_waits() {
    for is_inline in [false, true] {
        let bus = Bus::new();
        let place: Arc<Mutex<Option<Listener>>> = Arc::default();
        let (own, (tell, told)) = (place.clone(), mpsc::channel());
        let options = match is_inline {
            true => inline(SubscribeOptions::default()),
            false => HandlerOptions::default(),
        };
        let listener = bus.on_with("*", options, move |_: &Event| {
            let listener = own.lock().unwrap().take();
            let _ = tell.send(listener.map(|listener| listener.unsubscribe(LONG)));
        });
        *place.lock().unwrap() = Some(listener.unwrap());
        publish(&bus, 3);
        assert_eq!(told.recv_timeout(LONG).unwrap(), Some(Unsubscribed::StillRunning));
        eventually("it has ended", || {
            bus.stats().ended.first().is_some_and(|ended| ended.books.handled == 1)
        });
        assert!(told.try_recv().is_err());
    }
}

#[test]
fn on_a_loop_thread_it_never_waits() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let listener = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    let _on_loop = LoopThread::enter();
    assert_eq!(listener.unsubscribe(LONG), Unsubscribed::StillRunning);
    open.send(()).unwrap();
}

#[test]
fn dropping_the_listener_unsubscribes_without_waiting() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let listener = bus.on("*", move |_: &Event| wait()).unwrap();
    publish(&bus, 2);
    arrived.recv_timeout(LONG).unwrap();
    drop(listener);
    assert_eq!(bus.stats().ended[0].books.discarded, 1);
    assert!(!bus.wants(&super::common::kind("run.started")));
    open.send(()).unwrap();
}

#[test]
fn dropping_the_listener_runs_nothing_of_the_handler_and_a_close_waits_for_what_a_worker_runs() {
    struct Ends(Mutex<mpsc::Receiver<()>>, Arc<AtomicU64>);

    impl Handler for Ends {
        fn on_event(&self, _: &Event) -> Result<(), Failure> {
            Ok(())
        }

        fn on_close(&self) {
            self.0.lock().unwrap().recv_timeout(LONG).unwrap();
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }

    for options in [HandlerOptions::default(), inline(SubscribeOptions::default())] {
        let (bus, ended, (open, opened)) = (Bus::new(), Arc::new(AtomicU64::new(0)), mpsc::channel());
        let listener = bus.on_with("*", options, Ends(Mutex::new(opened), ended.clone())).unwrap();
        drop(listener);
        assert_eq!(bus.publish(event("run.started")).unwrap().matched, 0);
        open.send(()).unwrap();
        assert!(bus.close(LONG).complete);
        assert_eq!(ended.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn what_the_handler_holds_is_released_after_the_last_call() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let held = Arc::new(());
    let own = held.clone();
    let listener = bus.on("*", move |_: &Event| {
        wait();
        drop(own.clone());
    });
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    drop(listener);
    assert_eq!(Arc::strong_count(&held), 2);
    open.send(()).unwrap();
    eventually("the handler is released", || Arc::strong_count(&held) == 1);
}

#[test]
fn a_pull_subscription_that_is_dropped_discards_what_was_queued() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 3);
    all.try_next().unwrap();
    drop(all);
    let books = bus.stats().ended[0].books;
    assert_eq!((books.handled, books.discarded, books.queued), (1, 2, 0));
    assert_eq!(bus.publish(event("run.started")).unwrap().matched, 0);
}

#[test]
fn unsubscribing_after_the_bus_has_closed_is_quiet() {
    let bus = Bus::new();
    let listener = bus.on("*", |_: &Event| ()).unwrap();
    let all = bus.subscribe("*").unwrap();
    bus.close(LONG);
    assert_eq!(listener.unsubscribe(LONG), Unsubscribed::Quiet);
    drop(all);
}

#[test]
fn a_bus_that_is_dropped_without_a_close_frees_its_handlers_and_sinks() {
    struct Holding(Arc<()>);
    impl newswire::Sink for Holding {
        fn event(&mut self, _: &Event) -> newswire::Result<()> {
            drop(self.0.clone());
            Ok(())
        }
        fn gap(&mut self, _: &newswire::Gap) -> newswire::Result<()> {
            Ok(())
        }
        fn flush(&mut self) -> newswire::Result<()> {
            Ok(())
        }
    }
    let held = Arc::new(());
    let bus = Bus::new();
    let own = held.clone();
    bus.on("*", move |_: &Event| drop(own.clone())).unwrap().forever();
    let attachment =
        bus.attach_sink("holding:", Box::new(Holding(held.clone())), HandlerOptions::default()).unwrap();
    publish(&bus, 2);
    eventually("both have served", || bus.stats().subscriptions.iter().all(|one| one.books.handled == 2));
    drop((bus, attachment));
    eventually("the bus is freed", || Arc::strong_count(&held) == 1);
}

#[test]
fn a_thread_that_waits_for_the_next_item_is_told_that_there_is_none() {
    let bus = Bus::new();
    for patience in [None, Some(LONG)] {
        let mut subscription = bus.subscribe("*").unwrap();
        let control = subscription.control();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            tell.send(true).unwrap();
            let is_over = match patience {
                Some(patience) => {
                    subscription.next_timeout(patience).unwrap_err().kind() == ErrorKind::Closed
                }
                None => subscription.next().is_none(),
            };
            tell.send(is_over).unwrap();
        });
        assert!(told.recv_timeout(LONG).unwrap());
        // By then it has long gone to sleep.
        std::thread::sleep(Duration::from_millis(50));
        control.unsubscribe();
        assert_eq!(told.recv_timeout(LONG / 2), Ok(true));
    }
}
