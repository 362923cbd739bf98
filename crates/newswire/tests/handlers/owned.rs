//! Handlers that their owners call, as a language does on its event loop: what the bus keeps of them.

use std::time::Duration;

use newswire::{
    Bus, BusOptions, Control, Delivery, ErrorKind, HandlerOptions, Mode, Outcome, Start, SubscribeOptions,
    Subscription, Unsubscribed,
};

use super::{LONG, event, eventually, said, say, served};

fn taken(subscription: &mut Subscription) -> Vec<String> {
    std::iter::from_fn(|| subscription.try_next().ok().flatten())
        .map(|item| item.event().map_or_else(|| "a gap".to_owned(), |event| said(&event)))
        .collect()
}

#[test]
fn one_that_is_called_once_matches_once() {
    let bus = Bus::new();
    let mut owned =
        bus.subscribe_to_serve("*", HandlerOptions { once: true, ..HandlerOptions::default() }).unwrap();
    assert_eq!((say(&bus, "work.done", 1).matched, say(&bus, "work.done", 2).matched), (1, 0));
    assert_eq!(taken(&mut owned), ["1"]);
    owned.confirm(1, Outcome::Handled);
    assert_eq!(owned.try_next().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!((owned.stats().books.matched, owned.stats().books.handled), (1, 1));
}

#[test]
fn once_is_spent_by_a_match_of_the_past_whoever_calls() {
    let bus = Bus::with(BusOptions { history: 100, ..BusOptions::default() }).unwrap();
    for number in 0..3 {
        say(&bus, "work.done", number);
    }
    let options = || HandlerOptions {
        queue: SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() },
        once: true,
        ..HandlerOptions::default()
    };
    let mut owned = bus.subscribe_to_serve("work.*", options()).unwrap();
    assert_eq!(taken(&mut owned), ["0"]);
    let log = super::Log::default();
    let listener = bus.on_with("work.*", options(), log.listener()).unwrap();
    eventually("it was called", || listener.stats().closed && listener.stats().books.handled == 1);
    say(&bus, "work.done", 3);
    assert_eq!((log.lines(), taken(&mut owned)), (vec!["0".to_owned()], Vec::new()));
    assert_eq!(listener.stats().books.matched, 1);
}

#[test]
fn one_that_fails_too_often_in_a_row_is_set_aside_and_says_why() {
    let bus = Bus::new();
    let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let mut notices = bus.subscribe_with("bus.*", internal).unwrap();
    let options = HandlerOptions { set_aside_after: Some(3), ..HandlerOptions::default() };
    let mut owned = bus.subscribe_to_serve("work.*", options).unwrap();
    for number in 0..6 {
        say(&bus, "work.done", number);
        assert!(matches!(owned.try_next(), Ok(Some(Delivery::Event(_)))));
    }
    owned.confirm(2, Outcome::Failed);
    owned.confirm(1, Outcome::Handled);
    owned.confirm(2, Outcome::TimedOut);
    assert!(!owned.stats().set_aside, "only failures in a row count");
    owned.confirm_failed("no such thing");
    let stats = owned.stats();
    assert_eq!((stats.set_aside, stats.paused, stats.books.failed), (true, true, 3));
    assert_eq!(stats.last_failure.as_deref(), Some("no such thing"));
    say(&bus, "work.done", "later");
    assert_eq!(taken(&mut owned), [""; 0]);
    owned.control().resume();
    assert_eq!(taken(&mut owned), ["later"]);
    let told: Vec<_> = std::iter::from_fn(|| notices.try_next().ok().flatten().and_then(Delivery::event))
        .map(|event| event.kind().to_string())
        .collect();
    assert_eq!(told, ["bus.subscription.suspended", "bus.subscription.resumed"]);
}

#[test]
fn what_no_owner_can_keep_is_refused() {
    let bus = Bus::new();
    let path = |options| bus.subscribe_to_serve("*", options).err().unwrap().path().unwrap().to_owned();
    assert_eq!(path(served(Mode::Inline)), "options.mode");
    assert_eq!(path(served(Mode::Concurrent(0))), "options.concurrency");
    let never = HandlerOptions { set_aside_after: Some(0), ..HandlerOptions::default() };
    assert_eq!(path(never), "options.set_aside_after");
}

#[test]
fn a_control_works_while_another_pulls_and_holds_nothing() {
    let bus = Bus::new();
    let mut owned = bus.subscribe("*").unwrap().confirming();
    let control: Control = owned.control();
    say(&bus, "work.done", 1);
    assert_eq!(taken(&mut owned), ["1"]);
    assert_eq!((control.stats().books.in_flight, control.position().seq()), (1, 0));
    control.confirm(1, Outcome::Handled);
    assert_eq!((control.stats().books.handled, control.position().seq()), (1, 1));
    drop(owned);
    assert!(control.stats().closed);
}

#[test]
fn who_unsubscribes_may_wait_in_pieces() {
    let bus = Bus::new();
    let (go, hold) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = std::sync::mpsc::channel();
    let hold = std::sync::Mutex::new(hold);
    let waits = move |_: &newswire::Event| {
        begun.send(()).unwrap();
        let _ = hold.lock().unwrap().recv_timeout(LONG);
    };
    let listener = bus.on("*", waits).unwrap();
    bus.publish(event("work.done").build().unwrap()).unwrap();
    begins.recv_timeout(LONG).unwrap();
    assert_eq!(listener.end(Duration::ZERO), Unsubscribed::StillRunning);
    assert_eq!(listener.end(Duration::from_millis(1)), Unsubscribed::StillRunning);
    go.send(()).unwrap();
    assert_eq!(listener.end(LONG), Unsubscribed::Quiet);
    assert_eq!(say(&bus, "work.done", 2).matched, 0);
}
