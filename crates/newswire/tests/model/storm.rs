//! Storms: several threads publish, handlers of every mode answer, pulls and snapshots go on beside them.
//! Nothing says who comes first; what must hold whoever does is checked when all is quiet.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use newswire::{
    Books, Bus, BusOptions, BusStats, Delivery, Event, Failure, Field, Gap, Handler, HandlerOptions, Kind,
    Listener, Mode, Published,
};

use super::program::{event_of, options_of, sample_of};
use super::reference::{Conduct, FILTERS, Sample, Seen, Spec};

/// How a subscription is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Pull,
    Inline,
    Locked,
    Keyed,
    Concurrent(usize),
}

/// What is done to a handler's subscription meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meddling {
    Pause(usize),
    Resume(usize),
    Resize(usize, usize),
    Unsubscribe(usize),
}

/// A storm.
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    pub(crate) subs: Vec<(Spec, Way)>,
    /// What each publisher publishes.
    pub(crate) scripts: Vec<Vec<Sample>>,
    pub(crate) meddling: Vec<Meddling>,
}

/// Every event that got a seq.
type Truth = Arc<Mutex<BTreeMap<u64, Sample>>>;
type Log = Arc<Mutex<Vec<(Seen, Option<u8>)>>>;

struct Witness {
    bus: Bus,
    conduct: Conduct,
    log: Log,
    truth: Truth,
}

impl Handler for Witness {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        let sample = sample_of(event);
        self.log.lock().unwrap().push((Seen::Event(event.seq()), sample.session));
        match self.conduct {
            Conduct::Fine => Ok(()),
            Conduct::Fails => Err("as agreed".into()),
            Conduct::Panics => std::panic::resume_unwind(Box::new("as agreed")),
            Conduct::Publishes => {
                if let Some(answer) = sample.answer() {
                    publish(&self.bus, answer, &self.truth)?;
                }
                Ok(())
            }
        }
    }

    fn on_gap(&self, gap: &Gap) {
        self.log.lock().unwrap().push((Seen::Gap(*gap), None));
    }
}

fn publish(bus: &Bus, sample: Sample, truth: &Truth) -> newswire::Result<()> {
    let told = bus.publish(event_of(sample)).map_err(|rejected| rejected.error)?;
    let Published { seq, matched, delivered, deferred, dropped, .. } = told;
    assert_eq!(matched, delivered + deferred + dropped, "{told:?}");
    let before = truth.lock().unwrap().insert(seq.unwrap(), sample);
    assert!(before.is_none(), "two events have one seq");
    Ok(())
}

/// Plays a storm; says how many snapshots of books were taken, all of which balanced.
///
/// # Panics
/// With the first thing that does not hold.
pub(crate) fn play(storm: &Storm) -> u64 {
    Kind::parse("bus.subscription.overrun").unwrap();
    let bus = Bus::with(BusOptions { closed_kept: 1024, ..BusOptions::default() }).unwrap();
    let (truth, done) = (Truth::default(), AtomicBool::new(false));
    let logs: Vec<Log> = storm.subs.iter().map(|_| Log::default()).collect();
    let mut gone = HashSet::new();
    let snapshots = thread::scope(|scope| {
        let mut listeners: Vec<Option<Listener>> = Vec::new();
        for ((spec, way), log) in storm.subs.iter().zip(&logs) {
            let (queue, filter) = (options_of(spec, false), FILTERS[spec.filter].0);
            let Some(mode) = mode(*way) else {
                let subscription = bus.subscribe_with(filter, queue).unwrap();
                scope.spawn(move || subscription.for_each(|delivery| note(log, delivery)));
                listeners.push(None);
                continue;
            };
            let options = HandlerOptions { queue, mode, once: spec.once, ..HandlerOptions::default() };
            let conduct = spec.conduct.unwrap_or(Conduct::Fine);
            let witness = Witness { bus: bus.clone(), conduct, log: log.clone(), truth: truth.clone() };
            listeners.push(Some(bus.on_with(filter, options, witness).unwrap()));
        }
        let observer = scope.spawn(|| {
            let mut snapshots = 0;
            while !done.load(Ordering::Acquire) {
                snapshots += look(&bus.stats());
                thread::yield_now();
            }
            snapshots
        });
        let publishers: Vec<_> = storm
            .scripts
            .iter()
            .map(|script| {
                let (bus, truth) = (&bus, &truth);
                scope.spawn(move || script.iter().for_each(|sample| publish(bus, *sample, truth).unwrap()))
            })
            .collect();
        for meddling in &storm.meddling {
            meddle(*meddling, &mut listeners, &mut gone);
            thread::yield_now();
        }
        for publisher in publishers {
            publisher.join().unwrap();
        }
        listeners.iter().flatten().for_each(Listener::resume);
        let report = bus.close(Duration::from_secs(60));
        done.store(true, Ordering::Release);
        assert!(report.complete && report.abandoned == 0, "{report:?}");
        observer.join().unwrap()
    });
    check(storm, &bus.stats(), &logs, &truth.lock().unwrap(), &gone);
    snapshots
}

fn mode(way: Way) -> Option<Mode> {
    Some(match way {
        Way::Pull => return None,
        Way::Inline => Mode::Inline,
        Way::Locked => Mode::Locked,
        Way::Keyed => Mode::Keyed(Field::parse("session").unwrap()),
        Way::Concurrent(calls) => Mode::Concurrent(calls),
    })
}

fn note(log: &Log, delivery: Delivery) {
    log.lock().unwrap().push(match delivery {
        Delivery::Event(event) => (Seen::Event(event.seq()), sample_of(&event).session),
        Delivery::Gap(gap) => (Seen::Gap(gap), None),
    });
}

fn look(stats: &BusStats) -> u64 {
    let all = stats.subscriptions.iter().chain(&stats.ended);
    all.map(|stats| assert!(stats.books.balance(), "{stats:?}")).count() as u64
}

fn meddle(meddling: Meddling, listeners: &mut [Option<Listener>], gone: &mut HashSet<usize>) {
    let count = listeners.len();
    match meddling {
        Meddling::Pause(at) => listeners[at % count].iter().for_each(Listener::pause),
        Meddling::Resume(at) => listeners[at % count].iter().for_each(Listener::resume),
        Meddling::Resize(at, buffer) => {
            listeners[at % count].iter().for_each(|listener| listener.resize(buffer, 16 << 20).unwrap());
        }
        Meddling::Unsubscribe(at) => {
            if let Some(listener) = listeners[at % count].take() {
                listener.unsubscribe(Duration::from_secs(60));
                gone.insert(at % count);
            }
        }
    }
}

fn check(
    storm: &Storm,
    stats: &BusStats,
    logs: &[Log],
    truth: &BTreeMap<u64, Sample>,
    gone: &HashSet<usize>,
) {
    look(stats);
    assert_eq!(truth.len() as u64, stats.published, "a seq was given to nobody's event");
    let mut all: Vec<_> = stats.subscriptions.iter().chain(&stats.ended).collect();
    all.sort_by_key(|stats| stats.id);
    assert_eq!(all.len(), storm.subs.len());
    for (at, ((spec, way), stats)) in storm.subs.iter().zip(all).enumerate() {
        let (books, log) = (stats.books, logs[at].lock().unwrap());
        let name = format!("subscription {at}: {spec:?} {way:?} {books:?} {log:?}");
        assert_eq!((books.queued, books.waiting, books.in_flight), (0, 0, 0), "{name}");
        let calls = log.iter().filter(|(seen, _)| matches!(seen, Seen::Event(_))).count() as u64;
        assert_eq!(calls, books.handled + books.failed + books.panicked, "{name}");
        check_order(*way, &log, &name);
        let matching = || truth.iter().filter(|(_, sample)| spec.matches(**sample));
        if spec.once {
            assert!(calls <= 1, "{name}");
            let first = matching().find(|(_, sample)| spec.accepts(**sample)).map(|(seq, _)| *seq);
            let certain = !gone.contains(&at) && books.dropped == 0;
            assert!(!certain || log.iter().all(|(seen, _)| first.map(Seen::Event) == Some(*seen)), "{name}");
        } else if !gone.contains(&at) {
            assert_eq!(books.matched, matching().count() as u64, "{name}");
            assert_eq!(books.discarded, 0, "{name}");
            check_losses(&books, &log, &name);
            if !matches!(way, Way::Keyed | Way::Concurrent(_)) {
                check_places(spec, &log, matching(), &name);
            }
        }
    }
}

/// One lane rises as a whole, a keyed one by key; calls in parallel are at least no two for one event.
fn check_order(way: Way, log: &[(Seen, Option<u8>)], name: &str) {
    let mut last = BTreeMap::new();
    for (seen, key) in log {
        let (lane, first, end) = match (way, seen) {
            (_, Seen::Told(_)) => continue,
            (Way::Keyed | Way::Concurrent(_), Seen::Gap(_)) => continue,
            (Way::Concurrent(_), Seen::Event(seq)) => (Some(*seq), *seq, *seq),
            (Way::Keyed, Seen::Event(seq)) => (key.map(u64::from), *seq, *seq),
            (_, Seen::Event(seq)) => (None, *seq, *seq),
            (_, Seen::Gap(gap)) => (None, gap.first, gap.last),
        };
        let before = last.insert(lane, end).unwrap_or(0);
        assert!(before < first && first <= end, "{first} after {before}: {name}");
    }
}

fn check_losses(books: &Books, log: &[(Seen, Option<u8>)], name: &str) {
    let told = log.iter().map(|(seen, _)| if let Seen::Gap(gap) = seen { gap.count } else { 0 }).sum::<u64>();
    assert_eq!(told, books.dropped, "told of losses: {name}");
}

/// Every matching event was seen, or refused by the predicate, or lies in a gap that counts it.
fn check_places<'a>(
    spec: &Spec,
    log: &[(Seen, Option<u8>)],
    matching: impl Iterator<Item = (&'a u64, &'a Sample)>,
    name: &str,
) {
    let mut seen: Vec<_> = log.iter().map(|(seen, _)| *seen).rev().collect();
    let mut left_in_gap = 0;
    for (seq, sample) in matching {
        match seen.last() {
            Some(Seen::Gap(gap)) if (gap.first..=gap.last).contains(seq) => {
                left_in_gap = if *seq == gap.first { gap.count } else { left_in_gap };
                assert!(left_in_gap > 0, "a gap counts too few: {name}");
                left_in_gap -= 1;
                if *seq == gap.last {
                    assert_eq!(left_in_gap, 0, "a gap counts too many: {name}");
                    seen.pop();
                }
            }
            _ if !spec.accepts(*sample) => {}
            Some(Seen::Event(next)) if next == seq => drop(seen.pop()),
            other => panic!("{seq} is missing before {other:?}: {name}"),
        }
    }
    assert!(seen.is_empty(), "{seen:?} is too much: {name}");
}
