//! When held chunks are handed over, and how consumers of every sort get them.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use newswire::{ErrorKind, Field, Handler, HandlerOptions, Listener, Mode, WhenFull};

use super::*;

/// A moment, for tests that wait until it is over.
const MOMENT: Duration = Duration::from_millis(20);
/// A window that ends only after both chunks that are taken together have been taken.
const WHILE: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

/// Everything that a handler is given.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Handler for Heard {
    fn on_event(&self, event: &Event) -> std::result::Result<(), newswire::Failure> {
        self.0.lock().unwrap().push(shown(&Delivery::Event(event.clone())));
        Ok(())
    }

    fn on_gap(&self, gap: &newswire::Gap) {
        self.0.lock().unwrap().push(shown(&Delivery::Gap(*gap)));
    }
}

fn listen(bus: &Bus, mode: Mode, queue: SubscribeOptions) -> Result<(Listener, Heard)> {
    let heard = Heard::default();
    let listener = bus.on_with("*", HandlerOptions { queue, mode, ..Default::default() }, heard.clone())?;
    Ok((listener, heard))
}

#[test]
fn everything_that_is_held_goes_by_last_seq_before_anything_else() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    for (stream, text) in [("m-1", "a"), ("m-2", "b"), ("m-3", "c"), ("m-1", "d"), ("m-2", "e")] {
        publish(&bus, delta(stream, text))?;
    }
    assert!(events.try_next()?.is_none());
    publish(&bus, plain("work.done"))?;
    let all: Vec<_> = std::iter::from_fn(|| events.try_next().unwrap()).map(|item| shown(&item)).collect();
    assert_eq!(all, ["3 c", "4 ad", "5 be", "6 work.done"]);
    Ok(())
}

#[test]
fn a_gap_comes_after_what_was_held_before_it() -> Result<()> {
    let bus = Bus::new();
    let options = SubscribeOptions { buffer: 2, when_full: WhenFull::DropNewest, ..coalescing() };
    let mut events = bus.subscribe_with("*", options)?;
    for text in ["a", "b", "lost", "lost"] {
        publish(&bus, delta("m-1", text))?;
    }
    assert_eq!(events.try_next()?.map(|item| shown(&item)).unwrap(), "2 ab");
    let Some(Delivery::Gap(gap)) = events.try_next()? else { panic!("no gap") };
    assert_eq!((gap.first, gap.count), (3, 2));
    publish(&bus, delta("m-1", "c"))?;
    bus.close(Duration::ZERO);
    assert!(events.next().is_some_and(|item| shown(&item).ends_with(" c")));
    let books = balanced(events.stats().books);
    assert_eq!((books.matched, books.handled, books.dropped), (5, 3, 2));
    Ok(())
}

#[test]
fn at_the_byte_bound_everything_is_flushed() -> Result<()> {
    let bus = Bus::new();
    let bytes = delta("m-1", "0123456789").size();
    let coalesce = Some(Coalesce { window: LONG, max_bytes: bytes * 3 });
    let mut events = bus.subscribe_with("*", SubscribeOptions { coalesce, ..Default::default() })?;
    for _ in 0..4 {
        publish(&bus, delta("m-1", "0123456789"))?;
    }
    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    assert_eq!((event.seq(), event.merged().unwrap().count), (3, 3));
    assert!(events.try_next()?.is_none());

    let large = "x".repeat(bytes * 4);
    publish(&bus, delta("m-1", &large))?;
    assert_eq!(events.try_next()?.map(|item| shown(&item)).unwrap(), "4 0123456789");
    assert_eq!(events.try_next()?.map(|item| shown(&item)).unwrap(), format!("5 {large}"));
    Ok(())
}

#[test]
fn only_so_many_streams_are_held_open() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    for stream in 0..65 {
        publish(&bus, delta(&format!("m-{stream}"), "x"))?;
    }
    assert_eq!(std::iter::from_fn(|| events.try_next().unwrap()).count(), 64);
    assert_eq!(balanced(events.stats().books).in_flight, 1);
    Ok(())
}

#[test]
fn a_waiting_consumer_gets_the_chunks_at_the_windows_end() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", within(MOMENT))?;
    let (send, received) = mpsc::channel();
    let consumer = std::thread::spawn(move || {
        for item in events.by_ref() {
            send.send(shown(&item)).unwrap();
        }
    });
    publish(&bus, delta("m-1", "a"))?;
    publish(&bus, delta("m-1", "b"))?;
    let mut text = String::new();
    while text.len() < 2 {
        // How many windows the two fall into is the machine's affair.
        text.push_str(received.recv_timeout(LONG).unwrap().split_once(' ').unwrap().1);
    }
    assert_eq!(text, "ab");
    bus.close(LONG);
    consumer.join().unwrap();
    Ok(())
}

#[test]
fn next_timeout_and_next_batch_end_with_the_window() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", within(MOMENT))?;
    publish(&bus, delta("m-1", "a"))?;
    assert_eq!(shown(&events.next_timeout(LONG)?), "1 a");
    publish(&bus, delta("m-1", "b"))?;
    let mut batch = Vec::new();
    assert_eq!(events.next_batch(&mut batch, 10), 1);
    assert_eq!(shown(&batch[0]), "2 b");

    let mut patient = bus.subscribe_with("*", coalescing())?;
    publish(&bus, delta("m-1", "c"))?;
    assert_eq!(patient.next_timeout(MOMENT).unwrap_err().kind(), ErrorKind::TimedOut);
    Ok(())
}

#[test]
fn a_task_is_woken_at_the_windows_end() -> Result<()> {
    struct Signal(mpsc::Sender<()>);
    impl std::task::Wake for Signal {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
        }
    }
    let bus = Bus::new();
    let mut stream = bus.subscribe_with("*", within(WHILE))?.stream();
    publish(&bus, delta("m-1", "a"))?;
    publish(&bus, delta("m-1", "b"))?;
    let (send, woken) = mpsc::channel();
    let waker = Arc::new(Signal(send)).into();
    let mut context = std::task::Context::from_waker(&waker);
    let item = loop {
        match stream.poll_next(&mut context) {
            std::task::Poll::Ready(item) => break item,
            std::task::Poll::Pending => woken.recv_timeout(LONG).unwrap(),
        }
    };
    assert_eq!(item.map(|item| shown(&item)).unwrap(), "2 ab");
    Ok(())
}

#[test]
fn handlers_get_the_chunks_at_the_windows_end() -> Result<()> {
    for mode in [Mode::Locked, Mode::Inline] {
        let bus = Bus::new();
        let (listener, heard) = listen(&bus, mode, within(MOMENT))?;
        for text in ["a", "b", "c"] {
            publish(&bus, delta("m-1", text))?;
        }
        let text = || -> String {
            heard.all().iter().filter_map(|item| item.split_once(' ')).map(|(_, text)| text).collect()
        };
        eventually("all chunks are there", || text() == "abc");
        eventually("all chunks are booked", || balanced(listener.stats().books).handled == 3);
    }
    Ok(())
}

#[test]
fn a_close_flushes_what_handlers_are_owed() -> Result<()> {
    for mode in [Mode::Locked, Mode::Inline] {
        let bus = Bus::new();
        let (_listener, heard) = listen(&bus, mode, coalescing())?;
        for (stream, text) in [("m-1", "a"), ("m-2", "b"), ("m-1", "c")] {
            publish(&bus, delta(stream, text))?;
        }
        let report = bus.close(LONG);
        assert_eq!(heard.all(), ["2 b", "3 ac"]);
        let [stats] = report.subscriptions.as_slice() else { panic!("{report:?}") };
        assert_eq!((report.complete, report.discarded, report.abandoned), (true, 0, 0));
        assert_eq!((balanced(stats.books).matched, stats.books.handled), (3, 3));
    }
    Ok(())
}

#[test]
fn each_chunk_has_the_outcome_of_the_merged_events_call() -> Result<()> {
    let bus = Bus::new();
    let options = HandlerOptions { queue: coalescing(), mode: Mode::Inline, ..Default::default() };
    let listener = bus.on_with("*", options, |event: &Event| match event.merged() {
        Some(_) => Err("too much at once"),
        None => Ok(()),
    })?;
    for event in [delta("m-1", "a"), delta("m-1", "b"), plain("work.done")] {
        publish(&bus, event)?;
    }
    let books = balanced(listener.stats().books);
    assert_eq!((books.matched, books.failed, books.handled), (3, 2, 1));
    Ok(())
}

#[test]
fn a_call_past_its_deadline_counts_every_chunk_as_timed_out() -> Result<()> {
    let bus = Bus::new();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let options = HandlerOptions { queue: coalescing(), timeout: Some(MOMENT), ..Default::default() };
    let listener = bus.on_with("message.*", options, move |_: &Event| {
        let _ = held.lock().unwrap().recv_timeout(LONG);
    })?;
    publish(&bus, delta("m-1", "a"))?;
    publish(&bus, delta("m-1", "b"))?;
    publish(&bus, Event::of(newswire::catalogue::message::MessageCreated::new("user", "hi")).build()?)?;
    eventually("the call has timed out", || balanced(listener.stats().books).timed_out == 2);
    release.send(()).unwrap();
    release.send(()).unwrap();
    Ok(())
}

#[test]
fn unsubscribing_discards_what_is_held_and_does_not_wait_for_it() -> Result<()> {
    for mode in [Mode::Locked, Mode::Inline] {
        let bus = Bus::new();
        let (listener, heard) = listen(&bus, mode, coalescing())?;
        publish(&bus, delta("m-1", "a"))?;
        publish(&bus, delta("m-1", "b"))?;
        assert_eq!(listener.unsubscribe(LONG), newswire::Unsubscribed::Quiet);
        assert!(heard.all().is_empty());
        let books = balanced(bus.stats().ended[0].books);
        assert_eq!((books.matched, books.discarded, books.in_flight), (2, 2, 0));
    }
    Ok(())
}

#[test]
fn a_paused_handler_gets_what_is_held_when_it_is_resumed() -> Result<()> {
    for mode in [Mode::Locked, Mode::Inline] {
        let bus = Bus::new();
        let (listener, heard) = listen(&bus, mode, within(WHILE))?;
        listener.pause();
        publish(&bus, delta("m-1", "a"))?;
        publish(&bus, delta("m-1", "b"))?;
        assert!(heard.all().is_empty());
        listener.resume();
        eventually("both chunks are there", || heard.all() == ["2 ab"]);
    }
    Ok(())
}

#[test]
fn coalescing_is_refused_where_calls_run_in_parallel_or_bounds_make_no_sense() -> Result<()> {
    let bus = Bus::new();
    for mode in [Mode::Keyed(Field::parse("session")?), Mode::Concurrent(2)] {
        let error = listen(&bus, mode, coalescing()).err().unwrap();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("options.coalesce")));
    }
    let wrong = [
        (Duration::ZERO, 1000, "options.coalesce.window"),
        (Duration::from_secs(1 << 40), 1000, "options.coalesce.window"),
        (LONG, 0, "options.coalesce.max_bytes"),
        (LONG, usize::MAX, "options.coalesce.max_bytes"),
    ];
    for (window, max_bytes, path) in wrong {
        let coalesce = Some(Coalesce { window, max_bytes });
        let error =
            bus.subscribe_with("*", SubscribeOptions { coalesce, ..Default::default() }).err().unwrap();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some(path)));
    }
    Ok(())
}
