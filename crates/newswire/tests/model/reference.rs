//! The rules of delivery as plainly as they can be written: a queue per subscription, policies applied at
//! once, one thread. What the bus does differently inside, it must not do differently outside.

use std::collections::VecDeque;

use newswire::{Books, Gap, GapReason, Published, WhenFull};

/// An event, as far as the rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) kind: u8,
    pub(crate) session: Option<u8>,
    pub(crate) internal: bool,
    pub(crate) n: u8,
    /// How many generations of events a handler publishes in answer.
    pub(crate) depth: u8,
}

impl Sample {
    /// What a handler that publishes does with this event: twice this one.
    pub(crate) fn answer(self) -> Option<Self> {
        let depth = self.depth.checked_sub(1)?;
        Some(Self { kind: 1 - self.kind, n: self.n.wrapping_add(3), depth, ..self })
    }
}

/// A filter's text and its meaning.
pub(crate) type Meaning = (&'static str, fn(Sample) -> bool);

/// Alike ones share a route; sessions are found by the index; the last two have to be evaluated.
pub(crate) const FILTERS: [Meaning; 7] = [
    ("m.*", |_| true),
    ("m.a", |event| event.kind == 0),
    ("m.* and session=s0", |event| event.session == Some(0)),
    ("m.* and session=s1", |event| event.session == Some(1)),
    ("m.a and session=s0", |event| event.kind == 0 && event.session == Some(0)),
    ("m.b and payload.n>2", |event| event.kind == 1 && event.n > 2),
    ("m.* and not session=s0", |event| event.session != Some(0)),
];

/// What a handler does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    Fine,
    Fails,
    Panics,
    Publishes,
}

/// A subscription, as far as the rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    pub(crate) filter: usize,
    pub(crate) internal: bool,
    pub(crate) when_full: WhenFull,
    pub(crate) buffer: usize,
    /// Whether a predicate lets even numbers through only.
    pub(crate) even_only: bool,
    pub(crate) priority: i32,
    pub(crate) once: bool,
    /// `None` where it is pulled, else an inline handler's.
    pub(crate) conduct: Option<Conduct>,
}

impl Spec {
    pub(crate) fn matches(&self, event: Sample) -> bool {
        (self.internal || !event.internal) && FILTERS[self.filter].1(event)
    }

    pub(crate) fn accepts(&self, event: Sample) -> bool {
        !self.even_only || event.n.is_multiple_of(2)
    }
}

/// What somebody was given or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Event(u64),
    Gap(Gap),
    Told(Published),
}

/// One subscription.
pub(crate) struct Sub {
    pub(crate) spec: Spec,
    buffer: usize,
    pub(crate) paused: bool,
    /// Nothing will match any more.
    pub(crate) ended: bool,
    items: VecDeque<(Option<Gap>, u64, Sample)>,
    tail: Option<Gap>,
    books: Books,
}

/// The whole bus.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) seq: u64,
    pub(crate) closed: bool,
    /// Whether the publisher runs an event loop, where nothing waits.
    pub(crate) on_loop: bool,
    pub(crate) subs: Vec<Sub>,
    /// What inline handlers saw, across all of them.
    pub(crate) log: Vec<(usize, Seen)>,
    serving: bool,
    rounds: VecDeque<(u64, Vec<usize>)>,
}

impl Sub {
    fn offer(&mut self, seq: u64, event: Sample, refusal: GapReason) -> bool {
        self.books.matched += 1;
        self.ended |= self.spec.once && !self.spec.even_only;
        if self.items.len() >= self.buffer {
            if self.spec.when_full != WhenFull::DropOldest {
                self.books.dropped += 1;
                self.tail = Some(after(self.tail, lost(seq, refusal)));
                return false;
            }
            self.drop_at(0, GapReason::Full);
        }
        let gap = self.tail.take();
        self.items.push_back((gap, seq, event));
        true
    }

    fn drop_at(&mut self, place: usize, reason: GapReason) {
        let (gap, seq, _) = self.items.remove(place).unwrap();
        let gone = after(gap, lost(seq, reason));
        let behind = self.items.get_mut(place).map_or(&mut self.tail, |item| &mut item.0);
        *behind = Some(behind.map_or(gone, |later| after(Some(gone), later)));
        self.books.dropped += 1;
    }

    /// The next item, gaps in position; `up_to` is the last seq that is due.
    fn take(&mut self, up_to: u64) -> Option<(Seen, Option<Sample>)> {
        let Some((gap, seq, event)) = self.items.front_mut().filter(|_| !self.paused) else {
            return self
                .tail
                .take_if(|gap| !self.paused && gap.first <= up_to)
                .map(|gap| (Seen::Gap(gap), None));
        };
        if gap.map_or(*seq, |gap| gap.first) > up_to {
            return None;
        }
        if let Some(gap) = gap.take() {
            return Some((Seen::Gap(gap), None));
        }
        let taken = (Seen::Event(*seq), Some(*event));
        self.items.pop_front();
        Some(taken)
    }

    /// What a pull gives: `Err` when it has ended and all has been read.
    pub(crate) fn pull(&mut self) -> Result<Option<Seen>, ()> {
        while let Some((seen, event)) = self.take(u64::MAX) {
            match event {
                Some(event) if !self.spec.accepts(event) => self.books.skipped += 1,
                event => {
                    self.books.handled += u64::from(event.is_some());
                    return Ok(Some(seen));
                }
            }
        }
        if self.ended && !self.paused { Err(()) } else { Ok(None) }
    }

    pub(crate) fn resize(&mut self, buffer: usize) {
        self.buffer = buffer;
        while self.items.len() > buffer {
            let newest = self.items.len() - 1;
            let place = if self.spec.when_full == WhenFull::DropOldest { 0 } else { newest };
            self.drop_at(place, GapReason::Resized);
        }
    }

    /// Ends it; what is queued is discarded.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.books.discarded += self.items.len() as u64;
        self.items.clear();
        self.tail = None;
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.items.is_empty() && self.tail.is_none()
    }

    pub(crate) fn books(&self) -> Books {
        let mut books = self.books;
        books.queued = self.items.len() as u64;
        books
    }
}

impl Model {
    pub(crate) fn new(on_loop: bool) -> Self {
        Self { on_loop, ..Self::default() }
    }

    pub(crate) fn subscribe(&mut self, spec: Spec) {
        self.subs.push(Sub {
            spec,
            buffer: spec.buffer,
            paused: false,
            ended: false,
            items: VecDeque::new(),
            tail: None,
            books: Books::default(),
        });
    }

    /// Those that the event matches, in the order in which inline handlers are served.
    fn matched(&self, event: Sample) -> Vec<usize> {
        let wants = |sub: &Sub| !sub.ended && sub.spec.matches(event);
        let mut matched: Vec<_> = (0..self.subs.len()).filter(|&at| wants(&self.subs[at])).collect();
        matched.sort_by_key(|&at| -self.subs[at].spec.priority);
        matched
    }

    /// Whether a publisher would have to wait for somebody.
    pub(crate) fn would_block(&self, event: Sample) -> bool {
        self.matched(event)
            .iter()
            .map(|&at| &self.subs[at])
            .any(|sub| sub.spec.when_full == WhenFull::Block && sub.items.len() >= sub.buffer)
    }

    /// Everything up to the inline handlers, which are returned.
    fn commit(&mut self, event: Sample) -> (Published, Vec<usize>) {
        self.seq += 1;
        let mut told = Published { seq: Some(self.seq), ..Published::default() };
        let mut inline = Vec::new();
        for at in self.matched(event) {
            let sub = &mut self.subs[at];
            let refusal = match (sub.spec.when_full, sub.spec.conduct) {
                (WhenFull::Block, Some(_)) if self.serving => GapReason::WouldDeadlock,
                (WhenFull::Block, _) if self.on_loop => GapReason::WouldBlock,
                (WhenFull::Block, _) => GapReason::WaitedTooLong,
                _ => GapReason::Full,
            };
            told.matched += 1;
            let later = self.serving && sub.spec.conduct.is_some();
            match sub.offer(self.seq, event, refusal) {
                true if later => told.deferred += 1,
                true => told.delivered += 1,
                false => told.dropped += 1,
            }
            inline.extend(sub.spec.conduct.map(|_| at));
        }
        (told, inline)
    }

    pub(crate) fn publish(&mut self, events: &[Sample]) -> Vec<Published> {
        let sent: Vec<_> = events.iter().map(|event| self.commit(*event)).collect();
        for (told, inline) in &sent {
            self.rounds.push_back((told.seq.unwrap(), inline.clone()));
            self.serve();
        }
        sent.into_iter().map(|(told, _)| told).collect()
    }

    fn serve(&mut self) {
        if std::mem::replace(&mut self.serving, true) {
            return;
        }
        while let Some((seq, handlers)) = self.rounds.pop_front() {
            for at in handlers {
                while let Some((seen, event)) = self.subs[at].take(seq) {
                    self.call(at, seen, event);
                }
            }
        }
        self.serving = false;
    }

    fn call(&mut self, at: usize, seen: Seen, event: Option<Sample>) {
        let Sub { spec, books, .. } = &mut self.subs[at];
        let (spec, Some(event)) = (*spec, event) else { return self.log.push((at, seen)) };
        if !spec.accepts(event) {
            books.skipped += 1;
            return;
        }
        if spec.once && spec.even_only {
            self.subs[at].end();
        }
        self.log.push((at, seen));
        let books = &mut self.subs[at].books;
        match spec.conduct {
            Some(Conduct::Fails) => books.failed += 1,
            Some(Conduct::Panics) => books.panicked += 1,
            _ => books.handled += 1,
        }
        if let (Some(Conduct::Publishes), Some(answer)) = (spec.conduct, event.answer()) {
            for _ in 0..2 {
                let told = self.publish(&[answer])[0];
                self.log.push((at, Seen::Told(told)));
            }
        }
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
        for sub in &mut self.subs {
            sub.ended = true;
            if sub.spec.conduct.is_some() {
                sub.end();
            }
        }
    }
}

fn lost(seq: u64, reason: GapReason) -> Gap {
    Gap { first: seq, last: seq, count: 1, reason }
}

/// Two losses with nothing between them are one, of the later one's reason.
fn after(earlier: Option<Gap>, later: Gap) -> Gap {
    earlier.map_or(later, |gap| Gap { first: gap.first, count: gap.count + later.count, ..later })
}
