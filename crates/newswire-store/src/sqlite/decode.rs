//! Events from their texts, by two threads where there are many: most of what reading the past costs is that.
//!
//! Who reads takes rows from the database, and hands over their texts in pieces; a helper that has time takes pieces
//! meanwhile, and who reads takes what is left in the end. So nobody waits for a helper that doesn't get to run.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use newswire::{Event, EventReader};

use super::page::event_of;
use crate::lock::{lock, wait};

/// How many rows a piece has at most, and from which size on it has no more.
const ROWS: usize = 128;
const BYTES: usize = 64 << 10;
/// For how many readers' pieces a helper is asked at a time.
const WAITING: usize = 8;
/// How long a helper waits for more to do.
const PATIENCE: Duration = Duration::from_secs(1);

/// A thread that helps readers, while there are any.
#[derive(Default)]
pub(super) struct Helper(Arc<Desk>);

/// Where the helper waits.
#[derive(Default)]
struct Desk {
    state: Mutex<DeskState>,
    changed: Condvar,
}

#[derive(Default)]
struct DeskState {
    works: VecDeque<Arc<Work>>,
    has_thread: bool,
    waits: bool,
    is_over: bool,
}

/// The pieces of one reader.
#[derive(Default)]
struct Work {
    state: Mutex<WorkState>,
    changed: Condvar,
}

#[derive(Default)]
struct WorkState {
    todo: VecDeque<(usize, Piece)>,
    done: Vec<Option<Read>>,
    /// How many pieces the helper has in its hands.
    taken: usize,
}

/// Texts of events.
#[derive(Default)]
struct Piece {
    /// Their seqs, and where each text ends.
    rows: Vec<(u64, usize)>,
    text: Vec<u8>,
}

/// What texts were read as, by their seqs: none where one can't be read.
type Read = Vec<(u64, Option<Event>)>;

/// Rows that are being read.
pub(super) struct Decoding<'h> {
    helper: &'h Helper,
    reader: EventReader,
    piece: Piece,
    work: Option<Arc<Work>>,
    rows: usize,
    bytes: usize,
}

impl Helper {
    pub(super) fn begin(&self) -> Decoding<'_> {
        let (reader, piece) = (EventReader::new(), Piece::default());
        Decoding { helper: self, reader, piece, work: None, rows: 0, bytes: 0 }
    }

    /// Asks for help; without a thread there is none, and all is done where it was begun.
    fn call(&self, work: &Arc<Work>) {
        let mut state = lock(&self.0.state);
        // Those whose readers have long done it by themselves.
        while state.works.len() >= WAITING {
            state.works.pop_front();
        }
        state.works.push_back(work.clone());
        if !state.has_thread {
            let desk = self.0.clone();
            let begun = thread::Builder::new().name("newswire-read".into()).spawn(move || desk.serve());
            state.has_thread = begun.is_ok();
        }
        if state.waits {
            self.0.changed.notify_one();
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        lock(&self.0.state).is_over = true;
        self.0.changed.notify_one();
    }
}

impl Desk {
    fn serve(&self) {
        let mut reader = EventReader::new();
        let mut state = lock(&self.state);
        while !state.is_over {
            if let Some(work) = state.works.pop_front() {
                drop(state);
                work.help(&mut reader);
                state = lock(&self.state);
                continue;
            }
            state.waits = true;
            let waited = self.changed.wait_timeout(state, PATIENCE);
            let (back, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
            state = back;
            state.waits = false;
            if outcome.timed_out() && state.works.is_empty() {
                break;
            }
        }
        state.has_thread = false;
    }
}

impl Work {
    /// Adds a piece; says whether nobody is at it.
    fn add(&self, piece: Piece) -> bool {
        let mut state = lock(&self.state);
        let index = state.done.len();
        state.done.push(None);
        state.todo.push_back((index, piece));
        state.taken == 0
    }

    fn help(&self, reader: &mut EventReader) {
        let mut state = lock(&self.state);
        while let Some((index, piece)) = state.todo.pop_front() {
            state.taken += 1;
            drop(state);
            let read = piece.read(reader);
            state = lock(&self.state);
            state.taken -= 1;
            if let Some(place) = state.done.get_mut(index) {
                *place = Some(read);
            }
        }
        self.changed.notify_all();
    }

    /// Does what is left, and waits for the helper's.
    fn finish(&self, reader: &mut EventReader) -> Vec<Option<Read>> {
        self.help(reader);
        let mut state = lock(&self.state);
        while state.taken > 0 {
            state = wait(&self.changed, state);
        }
        std::mem::take(&mut state.done)
    }
}

impl Piece {
    fn read(&self, reader: &mut EventReader) -> Read {
        let mut from = 0;
        let read = |&(seq, end): &(u64, usize)| {
            let text = self.text.get(from..end).unwrap_or_default();
            from = end;
            (seq, event_of(reader, seq, text))
        };
        self.rows.iter().map(read).collect()
    }
}

impl Decoding<'_> {
    /// Adds the text of an event.
    pub(super) fn add(&mut self, seq: u64, text: &[u8]) {
        if self.piece.rows.len() >= ROWS || self.piece.text.len() >= BYTES {
            let work = self.work.get_or_insert_default();
            let next = Piece { rows: Vec::with_capacity(ROWS), text: Vec::with_capacity(2 * BYTES) };
            if work.add(std::mem::replace(&mut self.piece, next)) {
                self.helper.call(work);
            }
        }
        self.piece.text.extend_from_slice(text);
        self.piece.rows.push((seq, self.piece.text.len()));
        self.rows += 1;
        self.bytes += text.len();
    }

    /// How many texts there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What they are, in the order of [`Decoding::add`].
    pub(super) fn finish(&mut self) -> impl Iterator<Item = (u64, Option<Event>)> + use<> {
        (self.rows, self.bytes) = (0, 0);
        let last = std::mem::take(&mut self.piece).read(&mut self.reader);
        let work = self.work.take();
        let before = work.map_or_else(Vec::new, |work| work.finish(&mut self.reader));
        before.into_iter().flatten().flatten().chain(last)
    }
}
