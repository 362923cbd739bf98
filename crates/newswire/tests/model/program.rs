//! Programs: what is done to a bus, step by step, by one thread; and the machine that does it to a real
//! bus and to the reference model at once, and compares everything that either shows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use newswire::{
    Bus, BusOptions, Delivery, ErrorKind, Event, Failure, Gap, GapReason, Handler, HandlerOptions, Kind,
    Listener, LoopThread, Mode, Published, Scope, ScopeField, SubscribeOptions, Subscription, WhenFull,
};

use super::reference::{Conduct, FILTERS, Model, Sample, Seen, Spec};

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Publish(Sample),
    TryPublish(Sample),
    PublishBatch(Vec<Sample>),
    Subscribe(Spec),
    Unsubscribe(usize),
    Pull { at: usize, count: usize, batch: bool },
    Pause(usize),
    Resume(usize),
    Resize(usize, usize),
    Look(usize),
    Close,
}

/// What somebody holds of a subscription.
enum Held {
    Pulled(Subscription),
    Pushed(Listener),
    Nothing,
}

type Log = Arc<Mutex<Vec<(usize, Seen)>>>;

/// A bus and its model, side by side.
struct Machine {
    bus: Bus,
    model: Model,
    held: Vec<(u64, Held)>,
    log: Log,
}

/// An inline handler that notes what it sees.
struct Witness {
    bus: Bus,
    log: Log,
    at: usize,
    conduct: Conduct,
}

impl Handler for Witness {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.log.lock().unwrap().push((self.at, Seen::Event(event.seq())));
        match self.conduct {
            Conduct::Fine => Ok(()),
            Conduct::Fails => Err("as agreed".into()),
            Conduct::Panics => std::panic::resume_unwind(Box::new("as agreed")),
            Conduct::Publishes => {
                if let Some(answer) = sample_of(event).answer() {
                    for _ in 0..2 {
                        let told = self.bus.publish(event_of(answer)).map_err(|rejected| rejected.error)?;
                        self.log.lock().unwrap().push((self.at, Seen::Told(told)));
                    }
                }
                Ok(())
            }
        }
    }

    fn on_gap(&self, gap: &Gap) {
        self.log.lock().unwrap().push((self.at, Seen::Gap(*gap)));
    }
}

/// The event of a sample.
pub(crate) fn event_of(sample: Sample) -> Event {
    let Sample { kind, session, internal, n, depth } = sample;
    let mut scope = Scope::new();
    if let Some(session) = session {
        scope = scope.with(ScopeField::Session, format!("s{session}")).unwrap();
    }
    Event::builder(Kind::parse(["m.a", "m.b"][usize::from(kind)]).unwrap())
        .scope(scope)
        .internal(internal)
        .message(format!("{n} {depth}"))
        .json(format!(r#"{{"n":{n}}}"#))
        .build()
        .unwrap()
}

/// The sample of an event.
pub(crate) fn sample_of(event: &Event) -> Sample {
    let (n, depth) = event.message().unwrap().split_once(' ').unwrap();
    Sample {
        kind: u8::from(event.kind().as_str() == "m.b"),
        session: event.scope().get(ScopeField::Session).map(|session| u8::from(session == "s1")),
        internal: event.internal(),
        n: n.parse().unwrap(),
        depth: depth.parse().unwrap(),
    }
}

/// The options of a specification. Where nothing waits, a queue that blocks never counts as stalled.
pub(crate) fn options_of(spec: &Spec, on_loop: bool) -> SubscribeOptions {
    let accepts = *spec;
    SubscribeOptions {
        buffer: spec.buffer,
        when_full: spec.when_full,
        max_wait: if on_loop { Duration::from_secs(3600) } else { Duration::from_millis(1) },
        internal: spec.internal,
        priority: spec.priority,
        predicate: spec
            .even_only
            .then(|| Arc::new(move |event: &Event| accepts.accepts(sample_of(event))) as _),
        ..SubscribeOptions::default()
    }
}

/// Plays a program on a thread that runs an event loop, where nothing waits, or on one that does not.
///
/// # Panics
/// With both sides of the first difference.
pub(crate) fn play(steps: &[Step], on_loop: bool) {
    let _on_loop = on_loop.then(LoopThread::enter);
    // A kind that is named for the first time counts as wanted: a notice that nobody gets would take a seq.
    Kind::parse("bus.subscription.overrun").unwrap();
    let options = BusOptions { closed_kept: 1024, ..BusOptions::default() };
    let model = Model::new(on_loop);
    let bus = Bus::with(options).unwrap();
    let mut machine = Machine { bus, model, held: Vec::new(), log: Log::default() };
    for step in steps {
        machine.take_step(step);
        machine.compare_logs();
    }
    machine.finish();
}

impl Machine {
    fn take_step(&mut self, step: &Step) {
        match step {
            Step::Publish(sample) => self.publish(std::slice::from_ref(sample), false),
            Step::PublishBatch(samples) if self.may_batch() => self.publish(samples, true),
            Step::PublishBatch(samples) => {
                samples.iter().for_each(|sample| self.publish(std::slice::from_ref(sample), false));
            }
            Step::TryPublish(sample) => self.try_publish(*sample),
            Step::Subscribe(spec) => self.subscribe(*spec),
            Step::Unsubscribe(at) => {
                if let Some(at) = self.pick(*at) {
                    self.model.subs[at].end();
                    self.held[at].1 = Held::Nothing;
                }
            }
            Step::Pull { at, count, batch } => {
                if let Some(at) = self.pick(*at) {
                    self.pull(at, *count, *batch);
                }
            }
            Step::Pause(at) => {
                if let Some(at) = self.pick(*at) {
                    self.model.subs[at].paused = true;
                    match &self.held[at].1 {
                        Held::Pulled(pulled) => pulled.pause(),
                        Held::Pushed(pushed) => pushed.pause(),
                        Held::Nothing => {}
                    }
                }
            }
            Step::Resume(at) => {
                if let Some(at) = self.pick(*at) {
                    self.resume(at);
                }
            }
            Step::Resize(at, buffer) => {
                if let Some(at) = self.pick(*at) {
                    self.model.subs[at].resize(*buffer);
                    match &self.held[at].1 {
                        Held::Pulled(pulled) => pulled.resize(*buffer, 16 << 20).unwrap(),
                        Held::Pushed(pushed) => pushed.resize(*buffer, 16 << 20).unwrap(),
                        Held::Nothing => {}
                    }
                }
            }
            Step::Look(at) => {
                if let Some(at) = self.pick(*at) {
                    let books = match &self.held[at].1 {
                        Held::Pulled(pulled) => pulled.stats().books,
                        Held::Pushed(pushed) => pushed.stats().books,
                        Held::Nothing => return,
                    };
                    assert_eq!(books, self.model.subs[at].books(), "books of {at}");
                }
            }
            Step::Close => self.close(),
        }
    }

    /// A subscription that somebody holds.
    fn pick(&self, at: usize) -> Option<usize> {
        let held: Vec<_> =
            (0..self.held.len()).filter(|&at| !matches!(self.held[at].1, Held::Nothing)).collect();
        held.get(at.checked_rem(held.len())?).copied()
    }

    /// A batch waits for its own inline handlers' queues, which the model has no word for.
    fn may_batch(&self) -> bool {
        let waits = |spec: &Spec| spec.conduct.is_some() && spec.when_full == WhenFull::Block;
        self.model.on_loop || !self.model.subs.iter().any(|sub| !sub.ended && waits(&sub.spec))
    }

    fn publish(&mut self, samples: &[Sample], batch: bool) {
        let events: Vec<_> = samples.iter().map(|sample| event_of(*sample)).collect();
        let told = if batch {
            self.bus.publish_batch(events).map_err(|rejected| {
                assert_eq!(rejected.value.len(), samples.len());
                rejected.error.kind()
            })
        } else {
            let event = events.into_iter().next().unwrap();
            self.bus.publish(event).map(|told| vec![told]).map_err(|rejected| rejected.error.kind())
        };
        if self.model.closed && !samples.is_empty() {
            return assert_eq!(told, Err(ErrorKind::Closed));
        }
        let told = told.unwrap();
        let expected = self.model.publish(samples);
        assert_eq!(told.len(), expected.len());
        told.into_iter().zip(expected).for_each(|(told, expected)| self.compare_told(told, expected));
    }

    fn try_publish(&mut self, sample: Sample) {
        let told = self.bus.try_publish(event_of(sample));
        let full = self.model.would_block(sample);
        match told {
            Ok(told) => {
                // Whether a queue has been full for long enough to be stalled only the clock knows.
                assert!(!full || !self.model.on_loop, "published in spite of a full queue");
                let expected = self.model.publish(&[sample])[0];
                self.compare_told(told, expected);
            }
            Err(rejected) if self.model.closed => assert_eq!(rejected.error.kind(), ErrorKind::Closed),
            Err(rejected) => {
                assert_eq!(rejected.error.kind(), ErrorKind::Full);
                assert!(full, "refused without a full queue");
            }
        }
    }

    fn subscribe(&mut self, spec: Spec) {
        if self.model.closed {
            return;
        }
        let (filter, at) = (FILTERS[spec.filter].0, self.held.len());
        let queue = options_of(&spec, self.model.on_loop);
        let held = match spec.conduct {
            None => {
                let pulled = self.bus.subscribe_with(filter, queue).unwrap();
                (pulled.stats().id, Held::Pulled(pulled))
            }
            Some(conduct) => {
                let (bus, log) = (self.bus.clone(), self.log.clone());
                let options = HandlerOptions {
                    queue,
                    mode: Mode::Inline,
                    once: spec.once,
                    ..HandlerOptions::default()
                };
                let pushed = self.bus.on_with(filter, options, Witness { bus, log, at, conduct }).unwrap();
                (pushed.stats().id, Held::Pushed(pushed))
            }
        };
        self.held.push(held);
        self.model.subscribe(spec);
    }

    fn pull(&mut self, at: usize, count: usize, batch: bool) {
        let (Held::Pulled(pulled), sub) = (&mut self.held[at].1, &mut self.model.subs[at]) else { return };
        let on_loop = self.model.on_loop;
        let mut expected = Vec::new();
        let mut end = Ok(());
        while expected.len() < count {
            match sub.pull() {
                Ok(Some(seen)) => expected.push(seen),
                Ok(None) => break,
                Err(()) => {
                    end = Err(ErrorKind::Closed);
                    break;
                }
            }
        }
        let mut taken = Vec::new();
        if batch && !expected.is_empty() {
            assert_eq!(pulled.next_batch(&mut taken, expected.len()), expected.len());
        } else {
            taken.extend((0..expected.len()).map_while(|_| pulled.try_next().unwrap()));
        }
        if expected.len() < count {
            let last = pulled.try_next().map(|more| assert!(more.is_none(), "{more:?} is too much"));
            assert_eq!(last.map_err(|error| error.kind()), end);
        }
        let taken: Vec<_> = taken
            .into_iter()
            .map(|item| match item {
                Delivery::Event(event) => Seen::Event(event.seq()),
                Delivery::Gap(gap) => Seen::Gap(gap),
            })
            .collect();
        let plain = |seen: &[Seen]| seen.iter().map(|seen| plain(*seen, on_loop)).collect::<Vec<_>>();
        assert_eq!(plain(&taken), plain(&expected), "pulled from {at}");
    }

    /// What waited for an inline handler is served by a worker, in its own time: such are not resumed here.
    fn resume(&mut self, at: usize) {
        match &self.held[at].1 {
            Held::Pulled(pulled) => pulled.resume(),
            Held::Pushed(pushed) if self.model.subs[at].is_idle() => pushed.resume(),
            _ => return,
        }
        self.model.subs[at].paused = false;
    }

    fn close(&mut self) {
        let report = self.bus.close(Duration::from_secs(5));
        self.model.close();
        assert!(report.complete, "nothing is left to do, so it closes at once");
        assert_eq!((report.last_seq, report.abandoned), (self.model.seq, 0));
    }

    fn compare_told(&self, mut told: Published, expected: Published) {
        if !self.model.on_loop {
            // Whether it waited or found the queue stalled only the clock knows.
            told.blocked = 0;
        }
        assert_eq!(told, expected);
    }

    fn compare_logs(&mut self) {
        let on_loop = self.model.on_loop;
        let plain = |log: &mut Vec<(usize, Seen)>| {
            log.drain(..).map(|(at, seen)| (at, plain(seen, on_loop))).collect::<Vec<_>>()
        };
        assert_eq!(plain(&mut self.log.lock().unwrap()), plain(&mut self.model.log), "calls of handlers");
    }

    /// Reads everything, closes, and compares all books.
    fn finish(mut self) {
        for at in 0..self.held.len() {
            self.resume(at);
            self.pull(at, usize::MAX, false);
        }
        self.close();
        for at in 0..self.held.len() {
            self.pull(at, usize::MAX, false);
        }
        let stats = self.bus.stats();
        assert_eq!(stats.published, self.model.seq);
        for (at, (id, _)) in self.held.iter().enumerate() {
            let found = stats.subscriptions.iter().chain(&stats.ended).find(|stats| stats.id == *id);
            let books = found.expect("the stats remember it").books;
            assert!(books.balance(), "{books:?}");
            assert_eq!(books, self.model.subs[at].books(), "books of {at} at the end");
        }
    }
}

/// What is left of it where the clock decides between waiting in vain and not waiting.
fn plain(seen: Seen, on_loop: bool) -> Seen {
    use GapReason::{Stalled, WaitedTooLong, WouldDeadlock};
    match seen {
        Seen::Gap(gap) if !on_loop && matches!(gap.reason, Stalled | WaitedTooLong | WouldDeadlock) => {
            Seen::Gap(Gap { reason: WaitedTooLong, ..gap })
        }
        Seen::Told(told) if !on_loop => Seen::Told(Published { blocked: 0, ..told }),
        seen => seen,
    }
}
