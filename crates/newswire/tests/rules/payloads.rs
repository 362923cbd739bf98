//! Payloads whose own `Serialize` uses the bus: whenever it runs, it runs without a lock.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use newswire::{
    Bus, Coalesce, Delivery, Event, Field, Filter, HandlerOptions, Kind, Mode, Payload, SubscribeOptions,
    WhenFull,
};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::common::{LONG, eventually, kind, queue};

/// Publishes whenever it is serialised, and looks at every subscription.
#[derive(Clone, Deserialize)]
struct Talkative {
    kind: String,
    #[serde(skip)]
    bus: Option<Bus>,
}

impl Serialize for Talkative {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(bus) = &self.bus {
            bus.publish(Event::builder(kind("talk.heard")).build().unwrap()).unwrap();
            assert!(bus.stats().subscriptions.iter().all(|one| one.books.balance()));
        }
        let mut fields = serializer.serialize_struct("Talkative", 3)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("message_id", "m-1")?;
        fields.serialize_field("text", "x")?;
        fields.end()
    }
}

impl Payload for Talkative {
    fn kind(&self) -> Kind {
        kind(&self.kind)
    }

    fn size_bound(&self) -> usize {
        64 + self.kind.len()
    }
}

fn talk(bus: &Bus, kind: &str) -> Event {
    Event::of(Talkative { kind: kind.to_owned(), bus: Some(bus.clone()) }).build().unwrap()
}

/// Runs it on a thread of its own, so that a deadlock is a failure.
fn promptly(run: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        run();
        let _ = tell.send(());
    });
    told.recv_timeout(LONG).expect("it returns");
}

/// How often the payloads have been serialised so far.
fn times(heard: &mut newswire::Subscription) -> usize {
    std::iter::from_fn(|| heard.try_next().ok().flatten()).count()
}

fn keyed_on(field: &str) -> HandlerOptions {
    HandlerOptions { mode: Mode::Keyed(Field::parse(field).unwrap()), ..HandlerOptions::default() }
}

#[test]
fn a_key_in_the_payload_is_read_without_the_lock() {
    promptly(|| {
        let bus = Bus::new();
        let mut heard = bus.subscribe("talk.heard").unwrap();
        let listener = bus.on_with("talk.begun", keyed_on("payload.text"), |_: &Event| ()).unwrap();
        bus.publish(talk(&bus, "talk.begun")).unwrap();
        bus.try_publish(talk(&bus, "talk.begun")).unwrap();
        bus.publish_batch(vec![talk(&bus, "talk.begun"), talk(&bus, "talk.begun")]).unwrap();
        drop(bus.publish_async(talk(&bus, "talk.begun")).ok());
        eventually("all are handled", || listener.stats().books.handled == 5);
        assert_eq!(times(&mut heard), 5);
    });
}

#[test]
fn a_key_is_read_without_the_lock_also_behind_a_filter_that_looks_elsewhere() {
    promptly(|| {
        let bus = Bus::new();
        let mut heard = bus.subscribe("talk.heard").unwrap();
        let filter = "talk.begun and not tag=quiet";
        let listener = bus.on_with(filter, keyed_on("payload.text"), |_: &Event| ()).unwrap();
        bus.publish(talk(&bus, "talk.begun")).unwrap();
        eventually("it is handled", || listener.stats().books.handled == 1);
        assert_eq!(times(&mut heard), 1);
    });
}

#[test]
fn filters_of_a_batch_look_into_payloads_without_the_lock() {
    promptly(|| {
        let bus = Bus::new();
        let mut heard = bus.subscribe("talk.heard").unwrap();
        let mut found = bus.subscribe("talk.* and payload.text=x").unwrap();
        bus.publish_batch((0..3).map(|_| talk(&bus, "talk.begun")).collect()).unwrap();
        assert_eq!(times(&mut heard), 3);
        assert_eq!(times(&mut found), 3);
    });
}

#[test]
fn filters_look_without_the_lock_however_often_routes_change_meanwhile() {
    promptly(|| {
        let bus = Bus::new();
        let mut found = bus.subscribe("talk.begun and payload.text=x").unwrap();
        let (stop, stopped) = mpsc::channel::<()>();
        let others = bus.clone();
        let changing = thread::spawn(move || {
            while stopped.try_recv().is_err() {
                drop(others.subscribe(Filter::parse("talk.begun and not tag=a").unwrap()));
            }
        });
        for _ in 0..200 {
            bus.publish(talk(&bus, "talk.begun")).unwrap();
        }
        stop.send(()).unwrap();
        changing.join().unwrap();
        assert_eq!(times(&mut found), 200);
    });
}

#[test]
fn nobody_who_looks_elsewhere_has_a_payload_serialised() {
    let bus = Bus::new();
    let mut heard = bus.subscribe("talk.heard").unwrap();
    let _keyed = bus.on_with("other.thing", keyed_on("payload.text"), |_: &Event| ()).unwrap();
    let _by_session = bus.on_with("*", keyed_on("session"), |_: &Event| ()).unwrap();
    let mut filtered = bus.subscribe("other.* and payload.text=x").unwrap();
    bus.publish(talk(&bus, "talk.begun")).unwrap();
    bus.publish_batch(vec![talk(&bus, "talk.begun"), talk(&bus, "talk.begun")]).unwrap();
    assert_eq!((times(&mut heard), times(&mut filtered)), (0, 0));
}

fn merging(when_full: WhenFull) -> SubscribeOptions {
    let coalesce = Some(Coalesce { window: Duration::from_secs(600), max_bytes: 1 << 16 });
    SubscribeOptions { coalesce, ..queue(1024, when_full) }
}

#[test]
fn chunks_are_merged_without_the_lock() {
    for when_full in [WhenFull::DropOldest, WhenFull::DropNewest] {
        promptly(move || {
            let bus = Bus::new();
            let mut heard = bus.subscribe("talk.heard").unwrap();
            let mut merged = bus.subscribe_with("message.delta", merging(when_full)).unwrap();
            let mut batches = bus.subscribe_with("message.delta", merging(when_full)).unwrap();
            for _ in 0..3 {
                bus.publish(talk(&bus, "message.delta")).unwrap();
            }
            assert!(merged.try_next().unwrap().is_none());
            assert_eq!(times(&mut heard), 3);
            assert_eq!((merged.stats().books.in_flight, merged.stats().books.queued), (3, 0));
            bus.close(LONG);
            let all: Vec<_> = merged.by_ref().filter_map(Delivery::event).collect();
            assert_eq!(all[0].merged().map(|merged| (merged.first_seq, merged.count)), Some((1, 3)));
            assert_eq!(
                all[0].payload_json(),
                Some(r#"{"kind":"message.delta","message_id":"m-1","text":"xxx"}"#)
            );
            let mut taken = Vec::new();
            assert_eq!(batches.next_batch(&mut taken, 5), 1);
            assert!(merged.stats().books.balance() && batches.stats().books.balance());
        });
    }
}

#[test]
fn handlers_get_merged_chunks_of_such_payloads() {
    for mode in [Mode::Locked, Mode::Inline] {
        promptly(move || {
            let bus = Bus::new();
            let options =
                HandlerOptions { queue: merging(WhenFull::DropOldest), mode, ..HandlerOptions::default() };
            let (tell, told) = mpsc::channel();
            let heard = bus.subscribe("talk.heard").unwrap();
            let listener = bus
                .on_with("message.delta", options, move |event: &Event| {
                    let _ = tell.send(event.merged().map(|merged| merged.count));
                })
                .unwrap();
            for _ in 0..3 {
                bus.publish(talk(&bus, "message.delta")).unwrap();
            }
            // Each talks when it is merged, which a closed bus wouldn't take.
            eventually("all are held back", || {
                listener.stats().books.in_flight == 3 && heard.stats().books.queued == 3
            });
            let report = bus.close(LONG);
            assert_eq!(told.recv_timeout(LONG), Ok(Some(3)));
            assert_eq!((report.complete, report.subscriptions[0].books.handled), (true, 3));
        });
    }
}
