//! Sinks and stores on a bus: attached by URL, detached, ended; and URLs that are wrong.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use newswire::store::{Feed, Keeper, Opening, Page, Past, QueueBounds, Wanted};
use newswire::{
    Bus, Delivery, Error, ErrorKind, Event, Gap, HandlerOptions, Kind, LoopThread, MAX_EVENT_BYTES, Mode,
    Result, Sink, SinkUrl, SubscribeOptions, register_sink,
};

/// Longer than anything here takes; a wait of this length has failed.
const LONG: Duration = Duration::from_secs(20);

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: &str) -> Result<()> {
        self.0.lock().unwrap().push(what.to_owned());
        Ok(())
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Sink for Seen {
    fn event(&mut self, event: &Event) -> Result<()> {
        self.note(event.kind().as_str())
    }

    fn gap(&mut self, _: &Gap) -> Result<()> {
        self.note("gap")
    }

    fn flush(&mut self) -> Result<()> {
        self.note("flushed")
    }
}

/// A store that forgets at once what it is fed; what it does with its feed, a test says.
struct Fed {
    bounds: QueueBounds,
    keep: Box<dyn FnOnce(Feed) + Send>,
}

impl Fed {
    fn by(keep: impl FnOnce(Feed) + Send + 'static) -> Box<Self> {
        Box::new(Self { bounds: QueueBounds::default(), keep: Box::new(keep) })
    }
}

impl Keeper for Fed {
    fn bounds(&self) -> QueueBounds {
        self.bounds
    }

    fn open(&mut self, _: &str) -> Result<Opening> {
        Ok(Opening { epoch: 1, last: 0, past: Arc::new(Nothing) })
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

fn event(kind: &str) -> Event {
    Event::builder(Kind::parse(kind).unwrap()).build().unwrap()
}

fn inline(sink: &Seen) -> HandlerOptions {
    HandlerOptions { mode: Mode::Inline, ..sink.options() }
}

#[test]
fn a_sink_stays_attached_without_its_handle_and_gets_internal_events() {
    let (bus, seen) = (Bus::new(), Seen::default());
    drop(bus.attach_sink("seen:", Box::new(seen.clone()), inline(&seen)).unwrap());
    bus.publish(event("run.started")).unwrap();
    let internal = Event::builder(Kind::parse("bus.noticed").unwrap()).internal(true).build().unwrap();
    bus.publish(internal).unwrap();
    assert_eq!(seen.all(), ["run.started", "bus.noticed"]);
}

#[test]
fn detaching_ends_the_sink_once_and_no_event_follows() {
    let (bus, seen) = (Bus::new(), Seen::default());
    let attachment = bus.attach_sink("seen:", Box::new(seen.clone()), inline(&seen)).unwrap();
    bus.publish(event("run.started")).unwrap();
    attachment.detach().unwrap();
    attachment.clone().detach().unwrap();
    bus.publish(event("run.completed")).unwrap();
    assert_eq!(seen.all(), ["run.started", "flushed"]);
}

#[test]
fn detaching_tells_what_the_sink_says_while_it_ends() {
    struct Full;

    impl Sink for Full {
        fn event(&mut self, _: &Event) -> Result<()> {
            Ok(())
        }

        fn gap(&mut self, _: &Gap) -> Result<()> {
            Ok(())
        }

        fn flush(&mut self) -> Result<()> {
            Err(Error::new(ErrorKind::Io, "the disk is full"))
        }
    }

    for is_closed in [false, true] {
        let bus = Bus::new();
        let attachment = bus.attach_sink("full:", Box::new(Full), Full.options()).unwrap();
        bus.publish(event("run.started")).unwrap();
        if is_closed {
            assert!(bus.close(LONG).complete);
        }
        assert_eq!(attachment.detach().unwrap_err().message(), "the disk is full");
        assert_eq!(attachment.detach(), Ok(()));
    }
}

#[test]
fn a_registered_scheme_is_attached_with_its_parameters() {
    fn factory(url: &SinkUrl) -> Result<Box<dyn Sink>> {
        url.allow(&["mode"])?;
        url.param("mode").map(|param| param.choice(&[("fast", 1), ("safe", 2)])).transpose()?;
        Ok(Box::new(Seen::default()))
    }
    register_sink("seen+test", factory).unwrap();
    let bus = Bus::new();
    let attachment = bus.attach("seen+test://user:secret@host/a%20b?mode=fast").unwrap();
    assert_eq!(attachment.name(), "seen+test://host/a b");
    let error = bus.attach("seen+test:x?mode=slow").unwrap_err();
    assert_eq!((error.column(), error.expected()), (Some(13), Some("one of fast, safe")));
    let error = bus.attach("nosuch:x").unwrap_err();
    assert_eq!((error.kind(), error.column()), (ErrorKind::Invalid, Some(1)));
    let known = error.expected().unwrap();
    assert!(known.contains("console:") && known.contains("seen+test:"), "{known}");
    assert!(register_sink("No", factory).is_err() && register_sink("", factory).is_err());
}

#[test]
fn a_name_shows_no_credentials_whatever_they_are_made_of() {
    for (url, name) in [
        ("nats://user:secret@host:4222/a", "nats://host:4222/a"),
        ("nats://user:se%2Fcret@host/a%20b", "nats://host/a b"),
        ("nats://user:se%40cret@host", "nats://host"),
        ("nats://se%2Fcret@host/a@b/c", "nats://host/a@b/c"),
        ("nats://host/a%2Fb@c", "nats://host/a/b@c"),
        ("file:runs/a@b.ndjson", "file:runs/a@b.ndjson"),
    ] {
        let url = SinkUrl::parse(url).unwrap();
        assert_eq!(url.name(), name, "{}", url.body());
    }
}

#[test]
fn the_console_is_attached_by_url_with_its_options() {
    let bus = Bus::new();
    let attachment = bus.attach("console:?width=120&color=never&to=stderr").unwrap();
    assert_eq!(attachment.name(), "console:");
    attachment.detach().unwrap();
}

#[test]
fn what_is_wrong_with_a_url_is_told_by_column() {
    let bus = Bus::new();
    let cases = [
        ("", 1, "the URL has no scheme"),
        ("console", 1, "the URL has no scheme"),
        (":x", 1, "the URL's scheme is not well formed"),
        ("conSole:", 4, "the URL's scheme is not well formed"),
        ("9x:", 1, "the URL's scheme is not well formed"),
        ("console:\u{7}", 9, "a control character stands in the URL"),
        ("console:here", 9, "console: takes no address"),
        ("console:?width", 10, "\"width\" has no value"),
        ("console:?width=39", 10, "width=\"39\" doesn't fit"),
        ("console:?color=never&width=many", 22, "width=\"many\" doesn't fit"),
        ("console:?color=pink", 10, "color=\"pink\" doesn't fit"),
        ("console:?to=moon", 10, "to=\"moon\" doesn't fit"),
        ("console:?hight=3", 10, "console: has no option \"hight\""),
        ("console:?width=50&width=60", 19, "\"width\" is given twice"),
        ("console:?to=%zz", 13, "a percent sign without its digits, or for a control character"),
        ("console:%1b", 9, "a percent sign without its digits, or for a control character"),
        ("console:?to=a%2", 14, "a percent sign without its digits, or for a control character"),
        ("console:?to=%ff", 13, "the percent-encoded bytes are not UTF-8"),
    ];
    for (url, column, message) in cases {
        let error = bus.attach(url).unwrap_err();
        assert_eq!((error.message(), error.column()), (message, Some(column)), "{url:?}");
    }
    let long = format!("console:{}", "x".repeat(5000));
    assert_eq!(bus.attach(&long).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn names_and_schemes_of_sinks_are_bounded_and_a_long_address_is_cut() {
    fn factory(_: &SinkUrl) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Seen::default()))
    }
    let bus = Bus::new();
    let error = register_sink(&"s".repeat(65), factory).unwrap_err();
    assert_eq!((error.kind(), error.column()), (ErrorKind::TooLarge, Some(1)));
    register_sink("long-test", factory).unwrap();
    let attachment = bus.attach(&format!("long-test:{}", "é".repeat(1_000))).unwrap();
    assert!(attachment.name().len() <= SubscribeOptions::MAX_NAME && attachment.name().ends_with("é..."));

    let seen = Seen::default();
    let named = |name: &str, queue: &str| {
        let mut options = inline(&seen);
        options.queue.name = queue.to_owned();
        bus.attach_sink(name, Box::new(seen.clone()), options).unwrap_err()
    };
    let long = "n".repeat(SubscribeOptions::MAX_NAME + 1);
    for (name, queue, path) in
        [(&*long, "", "name"), (&long, "short", "name"), ("short", &long, "options.name")]
    {
        let error = named(name, queue);
        assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some(path)));
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
    let late = Fed::by(move |feed| {
        let _ = wake.recv_timeout(LONG);
        assert!(feed.is_gone());
        keep_all(&feed);
        feed.renewed(7, Arc::new(Nothing));
        drop(feed);
        drop(gone);
    });
    let first = bus.attach_store("first", late).unwrap();
    let on_loop = LoopThread::enter();
    assert_eq!(first.detach().unwrap_err().kind(), ErrorKind::WouldDeadlock);
    drop(on_loop);
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
    assert_eq!(second.stats().taken, 1);
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
