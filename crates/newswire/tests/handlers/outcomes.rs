//! What becomes of calls: once, failures, panics, deadlines, handlers that are set aside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use newswire::{
    Books, Bus, Event, Failure, Field, Handler, HandlerOptions, Listener, Mode, OnPanic, SubscribeOptions,
};

use super::{Door, LONG, Log, eventually, failure, said, say, say_in, served};

/// For calls that overrun until they are let go.
const SOON: Option<Duration> = Some(Duration::from_millis(20));
/// Where other calls have to end in time as well, which takes them microseconds, unless the machine is elsewhere.
const AMPLE: Option<Duration> = Some(Duration::from_secs(2));

fn once() -> HandlerOptions {
    HandlerOptions { once: true, ..HandlerOptions::default() }
}

fn books(listener: &Listener) -> Books {
    let books = listener.stats().books;
    assert!(books.balance(), "{books:?}");
    books
}

#[test]
fn once_is_spent_by_its_first_match_even_if_that_call_fails() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(4)] {
        let (bus, log) = (Bus::new(), Log::default());
        let noted = log.clone();
        let handler = move |event: &Event| {
            noted.note(said(event));
            failure("no good")
        };
        let options = HandlerOptions { mode, ..once() };
        let listener = bus.on_with("work.*", options, handler).unwrap();
        say(&bus, "news.read", "another kind");
        assert_eq!(say(&bus, "work.done", "first").matched, 1);
        assert_eq!(say(&bus, "work.done", "second").matched, 0);
        eventually("the call has ended", || books(&listener).failed == 1);
        assert_eq!(log.lines(), ["first"]);
        eventually("it has ended", || listener.stats().closed && bus.stats().subscriptions.is_empty());
    }
}

#[test]
fn once_with_a_predicate_is_spent_by_the_first_event_that_passes() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(4)] {
        let (bus, log) = (Bus::new(), Log::default());
        let wanted = Arc::new(|event: &Event| said(event) == "wanted");
        let queue = SubscribeOptions { predicate: Some(wanted), ..SubscribeOptions::default() };
        let options = HandlerOptions { queue, mode, ..once() };
        let listener = bus.on_with("work.*", options, log.listener()).unwrap();
        for text in ["unwanted", "wanted", "wanted", "wanted"] {
            say(&bus, "work.done", text);
        }
        eventually("it has ended", || bus.stats().subscriptions.is_empty() && books(&listener).handled == 1);
        assert_eq!(log.lines(), ["wanted"]);
        assert_eq!(books(&listener).skipped, 1);
    }
}

#[test]
fn a_failure_is_counted_and_remembered_up_to_a_bound() {
    let bus = Bus::new();
    let handler = |event: &Event| match &*said(event) {
        "good" => Ok(()),
        text => Err(format!("{text}: {}", "é".repeat(2000))),
    };
    let listener = bus.on("work.*", handler).unwrap();
    say(&bus, "work.done", "bad");
    say(&bus, "work.done", "good");
    assert!(bus.close(LONG).complete);
    let counted = books(&listener);
    assert_eq!((counted.failed, counted.handled), (1, 1));
    let said = listener.stats().last_failure.unwrap();
    assert!(said.starts_with("bad: é") && said.len() < 1100, "{} bytes", said.len());
}

#[test]
fn a_panic_is_caught_counted_and_harmless_to_others() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(2)] {
        let (bus, log) = (Bus::new(), Log::default());
        let handler = |event: &Event| assert!(said(event) != "bad", "a bug of the handler");
        let bad = bus.on_with("work.*", served(mode.clone()), handler).unwrap();
        let good = bus.on_with("work.*", served(mode), log.listener()).unwrap();
        for text in ["bad", "good", "bad"] {
            say(&bus, "work.done", text);
        }
        assert!(bus.close(LONG).complete);
        assert_eq!((books(&bad).panicked, books(&bad).handled), (2, 1));
        assert_eq!(bad.stats().last_failure.as_deref(), Some("panicked: a bug of the handler"));
        assert_eq!((books(&good).handled, log.len()), (3, 3));
    }
}

#[test]
fn a_predicate_that_panics_is_counted_and_the_handler_not_called() {
    let (bus, log) = (Bus::new(), Log::default());
    let predicate = Arc::new(|event: &Event| {
        assert!(said(event) != "bad", "a bug of the predicate");
        true
    });
    let queue = SubscribeOptions { predicate: Some(predicate), ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, log.listener()).unwrap();
    say(&bus, "work.done", "bad");
    say(&bus, "work.done", "good");
    assert!(bus.close(LONG).complete);
    assert_eq!((books(&listener).panicked, log.lines()), (1, vec!["good".into()]));
}

#[test]
fn crashing_at_a_panic_is_an_option() {
    const CHILD: &str = "NEWSWIRE_TEST_CRASHES";
    if std::env::var_os(CHILD).is_some() {
        let bus = Bus::new();
        let options = HandlerOptions { on_panic: OnPanic::Crash, ..served(Mode::Inline) };
        let _listener = bus.on_with("*", options, |_: &Event| -> () { panic!("crash") }).unwrap();
        say(&bus, "work.done", "");
        return;
    }
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["outcomes::crashing_at_a_panic_is_an_option", "--exact"])
        .env(CHILD, "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    #[cfg(unix)]
    assert!(
        std::os::unix::process::ExitStatusExt::signal(&status).is_some(),
        "aborted, not failed: {status}"
    );
}

#[test]
fn a_call_past_its_deadline_is_timed_out_once_and_the_next_waits_for_it() {
    for late_result in [true, false] {
        let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
        let (at, noted) = (door.clone(), log.clone());
        let handler = move |event: &Event| {
            noted.note(said(event));
            if said(event) == "slow" {
                at.pass();
                return if late_result { Ok(()) } else { failure("too late to count") };
            }
            Ok(())
        };
        let options = HandlerOptions { timeout: AMPLE, ..HandlerOptions::default() };
        let listener = bus.on_with("*", options, handler).unwrap();
        say(&bus, "work.done", "slow");
        door.await_visitors(1);
        eventually("it is timed out", || books(&listener).timed_out == 1);
        say(&bus, "work.done", "next");
        let stats = listener.stats();
        assert_eq!((stats.overrunning, stats.books.queued, stats.books.in_flight), (1, 1, 0));
        assert_eq!(log.lines(), ["slow"], "a locked handler is never called twice at a time");
        door.open();
        assert!(bus.close(LONG).complete);
        let counted = books(&listener);
        assert_eq!((counted.timed_out, counted.handled, counted.failed), (1, 1, 0));
        assert_eq!(listener.stats().overrunning, 0);
    }
}

#[test]
fn only_the_lane_of_an_overrunning_call_waits_for_it() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let (at, noted) = (door.clone(), log.clone());
    let handler = move |event: &Event| {
        if said(event) == "slow" {
            at.pass();
        }
        noted.note(said(event));
    };
    let mode = Mode::Keyed(Field::parse("session").unwrap());
    let listener = bus.on_with("*", HandlerOptions { timeout: SOON, ..served(mode) }, handler).unwrap();
    say_in(&bus, "a", "slow");
    eventually("it is timed out", || books(&listener).timed_out == 1);
    say_in(&bus, "a", "waits");
    say_in(&bus, "b", "passes");
    eventually("the other lane goes on", || log.lines() == ["passes"]);
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["passes", "slow", "waits"]);
}

#[test]
fn an_inline_call_is_judged_on_return() {
    let bus = Bus::new();
    let handler = |_: &Event| std::thread::sleep(Duration::from_millis(5));
    let options = HandlerOptions { timeout: Some(Duration::from_millis(1)), ..served(Mode::Inline) };
    let listener = bus.on_with("*", options, handler).unwrap();
    say(&bus, "work.done", "");
    assert_eq!((books(&listener).timed_out, listener.stats().overrunning), (1, 0));
}

fn fails_when_told() -> impl Fn(&Event) -> Result<(), Failure> + Send + Sync + 'static {
    |event: &Event| if said(event) == "bad" { failure("told to") } else { Ok(()) }
}

#[test]
fn a_handler_that_fails_too_often_in_a_row_is_set_aside_announced_and_resumable() {
    for mode in [Mode::Locked, Mode::Inline] {
        let bus = Bus::new();
        let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
        let mut notices = bus.subscribe_with("bus.*", internal).unwrap();
        let options = HandlerOptions { set_aside_after: Some(3), ..served(mode) };
        let listener = bus.on_with("work.*", options, fails_when_told()).unwrap();
        for text in ["bad", "bad", "good", "bad", "bad", "bad"] {
            say(&bus, "work.done", text);
        }
        let notice = notices.next_timeout(LONG).unwrap().event().unwrap();
        assert_eq!(notice.kind().as_str(), "bus.subscription.suspended");
        assert!(notice.internal());
        let stats = listener.stats();
        assert_eq!((stats.set_aside, stats.paused, stats.books.failed), (true, true, 5));

        assert_eq!(say(&bus, "work.done", "good").delivered, 1, "it goes on matching and queuing");
        assert_eq!(books(&listener).queued, 1);
        listener.resume();
        let notice = notices.next_timeout(LONG).unwrap().event().unwrap();
        assert_eq!(notice.kind().as_str(), "bus.subscription.resumed");
        eventually("what had queued is handled", || books(&listener).handled == 2);
        assert!(!listener.stats().set_aside);
        assert!(notices.try_next().unwrap().is_none(), "one notice for each change of state");
    }
}

#[test]
fn panics_and_timeouts_count_as_failures_in_a_row() {
    let (bus, door) = (Bus::new(), Door::default());
    let at = door.clone();
    let handler = move |event: &Event| match &*said(event) {
        // Past the hook: to print a backtrace may take longer than the handler has.
        "panic" => std::panic::resume_unwind(Box::new("told to")),
        _ => at.pass(),
    };
    let options = HandlerOptions { set_aside_after: Some(2), timeout: AMPLE, ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, handler).unwrap();
    say(&bus, "work.done", "panic");
    say(&bus, "work.done", "sleep");
    eventually("it is set aside", || listener.stats().set_aside);
    assert_eq!((books(&listener).panicked, books(&listener).timed_out), (1, 1));
    door.open();
}

#[test]
fn a_close_does_not_call_who_is_set_aside() {
    let bus = Bus::new();
    let options = HandlerOptions { set_aside_after: Some(1), ..HandlerOptions::default() };
    let listener = bus.on_with("work.*", options, fails_when_told()).unwrap();
    say(&bus, "work.done", "bad");
    eventually("it is set aside", || listener.stats().set_aside);
    say(&bus, "work.done", "good");
    let report = bus.close(LONG);
    assert_eq!((report.complete, report.discarded), (true, 1));
    assert_eq!((books(&listener).handled, books(&listener).discarded), (0, 1));
}

#[test]
fn a_close_does_not_wait_for_who_is_set_aside_meanwhile() {
    for timeout in [None, SOON] {
        let (bus, door) = (Bus::new(), Door::default());
        let (at, held) = (door.clone(), Arc::new(()));
        let is_held = Arc::downgrade(&held);
        let handler = move |event: &Event| {
            at.pass();
            failure(&format!("{} {}", said(event), Arc::strong_count(&held)))
        };
        let options = HandlerOptions { set_aside_after: Some(1), timeout, ..HandlerOptions::default() };
        let listener = bus.on_with("work.*", options, handler).unwrap();
        for _ in 0..5 {
            say(&bus, "work.done", "bad");
        }
        match timeout {
            None => {
                std::thread::scope(|scope| {
                    let closing = scope.spawn(|| bus.close(LONG));
                    eventually("the bus is closed", || bus.stats().closed);
                    door.open();
                    let report = closing.join().unwrap();
                    assert_eq!((report.complete, report.discarded), (true, 4));
                });
                assert_eq!((books(&listener).failed, books(&listener).discarded), (1, 4));
            }
            // Nobody closes the bus, and nobody could resume the handler.
            Some(_) => {
                listener.forever();
                drop(bus);
                std::thread::sleep(2 * SOON.unwrap());
                door.open();
            }
        }
        eventually("the handler is let go of", || is_held.strong_count() == 0);
    }
}

struct Closes {
    closed: Arc<AtomicUsize>,
    log: Log,
}

impl Handler for Closes {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.log.note(said(event));
        Ok(())
    }

    fn on_close(&self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        self.log.note("closed");
    }
}

#[test]
fn a_handler_is_told_of_its_end_once_and_last() {
    for mode in [Mode::Locked, Mode::Inline, Mode::Concurrent(2)] {
        let (bus, log, closed) = (Bus::new(), Log::default(), Arc::default());
        let handler = Closes { closed: Arc::clone(&closed), log: log.clone() };
        let listener = bus.on_with("*", served(mode), handler).unwrap();
        say(&bus, "work.done", "last");
        assert!(bus.close(LONG).complete);
        bus.close(LONG);
        drop(listener);
        assert_eq!((closed.load(Ordering::SeqCst), log.lines().last().unwrap().as_str()), (1, "closed"));
    }
}
