//! Decodes lines that are events of ours, apart from all others: what is anything but a sound event is left to
//! whoever reads records one by one, who knows what it may mean and what is wrong with it.

use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter};
use newswire::{Event, EventReader, Filter, Kind};

use crate::source::Run;

/// A line, without its end.
pub(super) enum Line {
    Event(Event),
    /// One that is still to be read: where it stands in the run.
    Other(Range<usize>),
}

/// What the lines of a run are.
pub(super) struct Decoded {
    pub(super) run: Run,
    /// With their numbers.
    pub(super) lines: std::vec::IntoIter<(u64, Line)>,
    /// How many lines are not among them, since they are not wanted.
    pub(super) unwanted: u64,
}

/// Decodes runs, in any order.
#[derive(Clone)]
pub(super) struct Decoder {
    reader: EventReader,
    wanted: Option<Wanted>,
    max_bytes: usize,
}

impl Decoder {
    pub(super) fn new(only: Option<&Filter>, max_bytes: usize) -> Self {
        Self { reader: EventReader::new(), wanted: only.map(Wanted::by), max_bytes }
    }

    pub(super) fn decode(&mut self, run: Run) -> Decoded {
        let bytes = run.whole();
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let wanted = self.wanted.as_ref().filter(|_| memchr(0, bytes).is_none());
        let mut marks = wanted.map(|wanted| wanted.marks(text));
        let mut lines = Vec::with_capacity(if marks.is_some() { 0 } else { run.count });
        let (mut start, mut unwanted) = (0, 0);
        for (number, end) in (run.first..).zip(memchr_iter(b'\n', bytes)) {
            let place = std::mem::replace(&mut start, end + 1)..end;
            let line = text.get(place.clone()).unwrap_or_default().trim_end_matches(['\n', '\r']);
            let is_sound = line.starts_with('{') && line.len() <= self.max_bytes;
            if is_sound && marks.as_mut().is_some_and(|marks| marks.rule_out(line, &place)) {
                unwanted += 1;
                continue;
            }
            let event = is_sound.then(|| self.reader.read_text(line).ok()).flatten();
            lines.push((number, event.map_or(Line::Other(place), Line::Event)));
        }
        Decoded { lines: lines.into_iter(), unwanted, run }
    }
}

/// How events that are not wanted are told by the look of their lines.
#[derive(Clone)]
struct Wanted {
    filter: Filter,
    /// Each wanted event has one of these in its line, unless it is written in escapes.
    texts: Option<Vec<Finder<'static>>>,
    escapes: Finder<'static>,
}

impl Wanted {
    fn by(filter: &Filter) -> Self {
        let finder = |text: &str| Finder::new(text).into_owned();
        let texts = filter.needed_texts();
        let texts = texts.map(|texts| texts.into_iter().map(finder).collect());
        Self { filter: filter.clone(), texts, escapes: finder(r"\u00") }
    }

    fn marks<'w>(&'w self, text: &'w str) -> Marks<'w> {
        let found = |finder| Found { finder, next: 0 };
        let texts = self.texts.as_ref().map(|texts| texts.iter().map(found).collect());
        Marks { filter: &self.filter, text: text.as_bytes(), texts, escapes: found(&self.escapes) }
    }
}

/// What a run has of what wanted events need.
struct Marks<'w> {
    filter: &'w Filter,
    text: &'w [u8],
    texts: Option<Vec<Found<'w>>>,
    escapes: Found<'w>,
}

impl Marks<'_> {
    /// Whether the line at `place`, which begins as one of ours does and ends as an object does, can't be wanted.
    fn rule_out(&mut self, line: &str, place: &Range<usize>) -> bool {
        let Some(kind) = kind_of(line).filter(|_| line.ends_with('}')) else { return false };
        Kind::parse(kind).is_ok_and(|kind| !self.filter.can_match(&kind)) || self.lacks_text(place)
    }

    fn lacks_text(&mut self, place: &Range<usize>) -> bool {
        let text = self.text;
        let Some(texts) = &mut self.texts else { return false };
        // A letter may be written as its number: 0x20 to 0x7e, which is all that is sought.
        let hides = |at: usize| matches!(text.get(at + 4), Some(b'2'..=b'7'));
        texts.iter_mut().all(|found| !found.is_within(text, place, |_| true))
            && !self.escapes.is_within(text, place, hides)
    }
}

/// A text that is sought, from one line to the next.
struct Found<'w> {
    finder: &'w Finder<'static>,
    /// Where it stands next, or where it is to be sought from.
    next: usize,
}

impl Found<'_> {
    /// Whether it stands within `place`, and is meant there; places rise from call to call.
    fn is_within(&mut self, text: &[u8], place: &Range<usize>, is_meant: impl Fn(usize) -> bool) -> bool {
        while self.next < place.end {
            let from = self.next.max(place.start);
            let found = text.get(from..).and_then(|rest| self.finder.find(rest)).map(|at| from + at);
            self.next = found.unwrap_or(usize::MAX);
            if place.contains(&self.next) && is_meant(self.next) {
                return true;
            }
            if place.contains(&self.next) {
                self.next += 1;
            }
        }
        false
    }
}

/// The kind of an event, where its line begins as ours do.
fn kind_of(line: &str) -> Option<&str> {
    const ID: usize = 36;
    let rest = line.strip_prefix('{')?;
    let rest = match rest.strip_prefix(r#""seq":"#) {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(',')?,
        None => rest,
    };
    let rest = rest.strip_prefix(r#""id":""#)?.get(ID..)?.strip_prefix(r#"","kind":""#)?;
    rest.split_once('"').map(|(kind, _)| kind)
}
