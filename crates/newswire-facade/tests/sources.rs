//! Events from parts, recordings, stores and plays, as every language has them.

use std::path::PathBuf;
use std::time::Duration;

use newswire::{Bus, BusOptions, Delivery, ErrorKind, ScopeField};
use newswire_facade::{ContextSpec, Play, PlaySpec, ReadSpec, Reader, attach, read_event, runs};

const SOON: Duration = Duration::from_secs(60);

/// A folder of a test's own, removed when it is over.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("newswire-facade-{test}-{}", std::process::id()));
        // An earlier process of that number may have been killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// What ten events of two runs leave behind where `url` points to.
    fn filled(self, scheme: &str, name: &str) -> Self {
        let bus = Bus::with(BusOptions { name: "nightly".into(), ..BusOptions::default() }).unwrap();
        let attached = attach(&bus, &format!("{scheme}{}", self.path(name))).unwrap();
        for number in 0..10 {
            let json = format!(
                r#"{{"kind":"deploy.finished","payload":{number},"scope":{{"run":"r-{}"}}}}"#,
                number % 2
            );
            bus.publish(read_event(&json).unwrap()).unwrap();
        }
        bus.close(SOON);
        drop(attached);
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn payloads(path: &str, spec: &ReadSpec) -> Vec<String> {
    let events = Reader::open(path, spec).unwrap().filter_map(|delivery| delivery.unwrap().event());
    events.map(|event| event.payload_json().unwrap().to_owned()).collect()
}

#[test]
fn an_event_is_made_of_parts_and_its_wire_form_is_taken_as_it_is() {
    let parts = r#"{"kind":"tool.call.started","severity":"warn","message":"hm","internal":true,
        "component":{"scope":"tool","id":"search"},"source":{"component":"runner","name":"a"},"tags":["t"],
        "scope":{"session":"s"},"correlation":{"span":"00f067aa0ba902b7","reply_to":"q"},"attrs":{"k":[1]},
        "payload":{"name":"search","call_id":"c"}}"#;
    let event = read_event(parts).unwrap();
    assert_eq!(event.scope().get(ScopeField::Session), Some("s"));
    let again = read_event(&event.to_json()).unwrap();
    assert_eq!(again.to_json(), event.to_json());
}

#[test]
fn parts_that_no_event_can_have_are_told_with_their_path() {
    let wrong = |parts: &str| read_event(parts).unwrap_err();
    assert_eq!(wrong(r#"{"kind":"Deploy"}"#).path(), Some("kind"));
    assert_eq!(wrong(r#"{"kind":"a.b","severity":"bad"}"#).path(), Some("severity"));
    assert_eq!(wrong(r#"{"kind":"a.b","scope":{"runn":"r"}}"#).path(), Some("scope.runn"));
    assert_eq!(wrong(r#"{"kind":"a.b","correlation":{"span":"x"}}"#).path(), Some("correlation.span"));
    assert_eq!(wrong(r#"{"kind":"a.b","component":{"scope":"x","id":"y"}}"#).path(), Some("component.scope"));
    assert!(wrong(r#"{"kind":"a.b","payloads":1}"#).expected().unwrap().contains("payload"));
    assert!(wrong(r#"{"payload":1}"#).message().contains("kind"));
    assert_eq!(wrong("[").kind(), ErrorKind::Invalid);
    assert_eq!(wrong("").kind(), ErrorKind::Invalid);
}

#[test]
fn an_emitter_adds_its_context_to_what_it_emits() {
    let bus = Bus::new();
    let context = r#"{"source":{"component":"planner"},"scope":{"run":"r-1"},"tags":["canary"],
        "correlation":{"request":"q-1","trace":"0af7651916cd43dd8448eb211c80319c"},"attrs":{"region":"eu"}}"#;
    let emitter = ContextSpec::from_json(context).unwrap().emitter(&bus).unwrap();
    let mut events = bus.subscribe("run=r-1 and tag=canary and request=q-1 and attrs.region=eu").unwrap();
    emitter.publish(emitter.event("deploy.finished".parse().unwrap()).build().unwrap()).unwrap();
    assert!(matches!(events.try_next().unwrap(), Some(Delivery::Event(_))));
}

#[test]
fn a_recording_is_read_with_a_filter_and_a_limit() {
    let folder = Folder::of("recording").filled("file:", "run.ndjson");
    let path = folder.path("run.ndjson");
    assert_eq!(payloads(&path, &ReadSpec::default()).len(), 10);
    let spec = ReadSpec { filter: "run=r-1".into(), limit: Some(2), ..ReadSpec::default() };
    assert_eq!(payloads(&path, &spec), ["1", "3"]);
    let mut reader = Reader::open(&path, &ReadSpec::default()).unwrap();
    assert_eq!(reader.by_ref().count(), 10);
    assert_eq!(reader.report().unwrap().events, 10);
}

#[test]
fn a_store_is_read_from_a_cursor_on_and_lists_its_runs() {
    let folder = Folder::of("store").filled("sqlite:", "events.db");
    let path = folder.path("events.db");
    let spec =
        |start: &str| ReadSpec { start: start.into(), filter: "run=r-0".into(), ..ReadSpec::default() };
    assert_eq!(payloads(&path, &spec("earliest")), ["0", "2", "4", "6", "8"]);
    assert_eq!(payloads(&path, &spec("last:2")), ["6", "8"]);
    assert_eq!(payloads(&path, &spec("after:nw1.1.7.nightly")), ["8"]);
    assert_eq!(payloads(&path, &ReadSpec { limit: Some(1), ..spec("after:nw1.1.1.nightly") }), ["2"]);
    let beyond = Reader::open(&path, &spec("after:nw1.1.11.nightly")).err().unwrap();
    assert_eq!(beyond.kind(), ErrorKind::OutOfRange, "{beyond}");
    let runs = runs(&path, r#"{"newest":5}"#).unwrap();
    assert_eq!(runs.lines().count(), 2, "{runs}");
    assert!(runs.contains(r#""run":"r-1""#), "{runs}");
}

#[test]
fn options_that_a_source_has_no_use_for_are_told() {
    let folder = Folder::of("useless").filled("file:", "run.ndjson");
    let path = folder.path("run.ndjson");
    let wrong = |spec: ReadSpec| Reader::open(&path, &spec).err().unwrap().path().map(str::to_owned);
    assert_eq!(wrong(ReadSpec { bus: "a".into(), ..ReadSpec::default() }).as_deref(), Some("options.bus"));
    assert_eq!(
        wrong(ReadSpec { start: "last:1".into(), ..ReadSpec::default() }).as_deref(),
        Some("options.start")
    );
    assert_eq!(
        wrong(ReadSpec { broken: "mend".into(), ..ReadSpec::default() }).as_deref(),
        Some("options.broken")
    );
    assert_eq!(
        wrong(ReadSpec { format: "mp3".into(), ..ReadSpec::default() }).as_deref(),
        Some("options.format")
    );
    assert_eq!(runs(&path, "").err().unwrap().kind(), ErrorKind::Invalid);
    let missing = Reader::open("/no/such/file", &ReadSpec::default()).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert_eq!(runs("/no/such/file", "").err(), Some(missing));
}

#[test]
fn a_play_is_stepped_sought_and_ended() {
    let folder = Folder::of("play").filled("file:", "run.ndjson");
    let (bus, path) = (Bus::new(), folder.path("run.ndjson"));
    let mut events = bus.subscribe("*").unwrap();
    let spec = PlaySpec { paused: true, pace: "max".into(), ..PlaySpec::default() };
    let play = Play::start(&bus, &path, &spec).unwrap();
    play.command("step").unwrap();
    assert!(events.next_timeout(SOON).is_ok());
    assert_eq!(play.wait(Duration::from_millis(10)).err().unwrap().kind(), ErrorKind::TimedOut);
    assert!(play.position().paused);
    play.command("pace:max").unwrap();
    play.command("resume").unwrap();
    assert_eq!(play.wait(SOON).unwrap().events, 10);
    assert_eq!(play.command("fly").unwrap_err().path(), Some("command"));
    assert_eq!(play.command("seek:0s").unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn dropping_a_play_stops_it() {
    let folder = Folder::of("dropped").filled("file:", "run.ndjson");
    let bus = Bus::new();
    let spec = PlaySpec { paused: true, ..PlaySpec::default() };
    let events = bus.subscribe("*").unwrap();
    drop(Play::start(&bus, &folder.path("run.ndjson"), &spec).unwrap());
    drop(bus);
    assert_eq!(events.count(), 0, "the player has let go of the bus");
}
