//! What the tests share: folders of their own, buses with a name, short ways to make events and to tell what came.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use newswire::{
    Attachment, Bus, BusOptions, Delivery, ErrorKind, Event, Kind, Scope, ScopeField, Start,
    SubscribeOptions, Subscription,
};

/// Longer than anything here takes; a wait of this length has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A store's file in a folder of its own, empty.
pub(crate) fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("store").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder.join("events.db")
}

pub(crate) fn url(file: &std::path::Path, options: &str) -> String {
    newswire_store::register().unwrap();
    format!("sqlite:{}{options}", file.display())
}

pub(crate) fn bus(name: &str) -> Bus {
    Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).unwrap()
}

/// A bus with a store.
pub(crate) fn stored(name: &str, file: &std::path::Path, options: &str) -> (Bus, Attachment) {
    let bus = bus(name);
    let store = bus.attach(&url(file, options)).unwrap();
    (bus, store)
}

pub(crate) fn event(kind: &str, n: u64) -> Event {
    let scope = Scope::new().with(ScopeField::Session, format!("s-{}", n % 7)).unwrap();
    Event::builder(Kind::parse(kind).unwrap()).scope(scope).json(n.to_string()).build().unwrap()
}

pub(crate) fn publish(bus: &Bus, count: u64) {
    (0..count).for_each(|n| _ = bus.publish(event("tick.heard", n)).unwrap());
}

pub(crate) fn close(bus: &Bus) {
    let report = bus.close(LONG);
    assert!(report.complete, "{report:?}");
}

/// Takes the store off its bus, which waits for some seconds only; a disk may take longer to let go of it.
pub(crate) fn detach(store: &Attachment) {
    store.flush(LONG).unwrap();
    if let Err(error) = store.detach() {
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    }
}

pub(crate) fn from(start: Start) -> SubscribeOptions {
    SubscribeOptions { start, ..SubscribeOptions::default() }
}

/// A seq, or first, last and reason of a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Seq(u64),
    Lost(u64, u64, newswire::GapReason),
}

pub(crate) fn item(delivery: &Delivery) -> Item {
    match delivery {
        Delivery::Event(event) => Item::Seq(event.seq()),
        Delivery::Gap(gap) => Item::Lost(gap.first, gap.last, gap.reason),
    }
}

/// All that can be had now.
pub(crate) fn items(subscription: &mut Subscription) -> Vec<Item> {
    std::iter::from_fn(|| subscription.try_next().ok().flatten()).map(|delivery| item(&delivery)).collect()
}

pub(crate) fn seqs(subscription: &mut Subscription) -> Vec<u64> {
    let seq = |item| match item {
        Item::Seq(seq) => seq,
        lost => panic!("{lost:?}"),
    };
    items(subscription).into_iter().map(seq).collect()
}
