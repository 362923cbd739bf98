//! Sinks and stores on a bus: attached by URL, detached, ended; and URLs that are wrong.

mod stores;

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use newswire::{
    Bus, Error, ErrorKind, Event, Gap, HandlerOptions, Kind, LoopThread, Mode, Result, Sink, SinkUrl,
    SubscribeOptions, register_sink,
};

/// Longer than anything here takes; a wait of this length has failed.
const LONG: Duration = Duration::from_secs(60);

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
fn on_a_loop_thread_nobody_waits_for_a_busy_sink_which_ends_when_it_can() {
    struct Slow {
        begun: mpsc::Sender<()>,
        open: mpsc::Receiver<()>,
        ended: mpsc::Sender<()>,
    }

    impl Sink for Slow {
        fn event(&mut self, _: &Event) -> Result<()> {
            self.flush()
        }

        fn gap(&mut self, _: &Gap) -> Result<()> {
            Ok(())
        }

        fn flush(&mut self) -> Result<()> {
            let _ = self.begun.send(());
            let _ = self.open.recv_timeout(LONG);
            Ok(())
        }

        fn close(&mut self) -> Result<()> {
            let _ = self.ended.send(());
            Ok(())
        }
    }

    for is_flushed in [false, true] {
        let ((begun, has_begun), (gate, open), (ended, has_ended)) =
            (mpsc::channel(), mpsc::channel(), mpsc::channel());
        let bus = Bus::new();
        let slow = Slow { begun, open, ended };
        let options = slow.options();
        let sink = bus.attach_sink("slow:", Box::new(slow), options).unwrap();
        std::thread::scope(|scope| {
            if is_flushed {
                scope.spawn(|| sink.flush(LONG).unwrap());
            } else {
                bus.publish(event("run.started")).unwrap();
            }
            has_begun.recv_timeout(LONG).unwrap();
            let on_loop = LoopThread::enter();
            assert_eq!(sink.flush(LONG).unwrap_err().kind(), ErrorKind::WouldDeadlock);
            assert_eq!(sink.detach().unwrap_err().kind(), ErrorKind::WouldDeadlock);
            drop(on_loop);
            drop(gate);
        });
        has_ended.recv_timeout(LONG).unwrap();
        assert_eq!(sink.detach(), Ok(()));
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
