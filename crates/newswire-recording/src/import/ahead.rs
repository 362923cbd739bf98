//! Reads and decodes a source of ours on threads of its own, ahead of whoever takes its events.
//!
//! One thread reads, whatever it waits for; runs of lines queue up in the order of the source, and whoever has
//! time decodes one: the thread that takes the events, too, rather than wait.

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use newswire::{Error, ErrorKind, Event, Filter, Result};

use super::decode::{Decoded, Decoder, Line};
use super::read::Record;
use crate::source::{Lines, Run, text_of};

/// How many runs wait at most.
const MAX_RUNS: usize = 8;
/// How many threads decode besides the one that takes, where there are cores for them: that one has one, and so
/// has whoever it takes the events for.
const MAX_HELPERS: usize = 3;

/// A source that is read ahead.
pub(super) struct Ahead {
    queue: Queue,
    decoder: Decoder,
    decoded: Option<Decoded>,
    /// The line that was given last, where it is no event.
    text: Vec<u8>,
    line: u64,
    max_bytes: usize,
}

/// What has been read, in the order of the source.
enum Slot {
    Run(Run),
    /// One that is being decoded.
    Taken,
    Decoded(Decoded),
    /// The first line of the source, where it was read by itself: what a byte order mark is depends on that.
    First(Vec<u8>),
    /// A line that is none.
    Failed(Error, u64),
}

#[derive(Default)]
struct State {
    slots: VecDeque<Slot>,
    /// Room for runs that is free again.
    room: Vec<Run>,
    /// How many slots have gone.
    gone: u64,
    /// How many threads wait for something new: telling nobody costs a call of the system, too.
    waiting: usize,
    ended: bool,
    given_up: bool,
}

/// Where the threads meet.
#[derive(Clone, Default)]
struct Queue(Arc<(Mutex<State>, Condvar, Condvar)>);

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something new, or none is wanted any more.
    fn wait<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        state.waiting += 1;
        let mut state = self.0.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    fn tell(&self, state: &State) {
        if state.waiting > 0 {
            self.0.1.notify_all();
        }
    }

    /// Tells the thread that reads that there is room, where it may have waited for some.
    fn tell_room(&self, state: &State) {
        if state.slots.len() >= MAX_RUNS || state.given_up {
            self.0.2.notify_one();
        }
    }

    /// Adds what comes next, when there is room; whether it is still wanted.
    fn push(&self, slot: Slot) -> bool {
        let mut state = self.lock();
        while state.slots.len() >= MAX_RUNS && !state.given_up {
            state = self.0.2.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.slots.push_back(slot);
        self.tell(&state);
        !state.given_up
    }

    /// Reads all that there is.
    fn fill(&self, mut lines: Lines<impl BufRead>) {
        let mut run = Run::default();
        loop {
            let slot = match lines.run(&mut run) {
                Ok(true) => {
                    let room = self.lock().room.pop().unwrap_or_default();
                    Ok(Slot::Run(std::mem::replace(&mut run, room)))
                }
                Ok(false) => match lines.next().map(|line| line.map(|line| line.as_bytes().to_vec())) {
                    Ok(Some(line)) => Ok(Slot::of_line(line, lines.number())),
                    Ok(None) => break,
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            let is_last = slot.as_ref().is_err_and(|error| error.kind() == ErrorKind::Io);
            let slot = slot.unwrap_or_else(|error| Slot::Failed(error, lines.number()));
            if !self.push(slot) || is_last {
                break;
            }
        }
        let mut state = self.lock();
        state.ended = true;
        self.tell(&state);
    }

    /// Decodes whatever comes.
    fn help(&self, mut decoder: Decoder) {
        let mut state = self.lock();
        while !state.given_up {
            state = match state.take() {
                Some(taken) => {
                    let state = self.decode(&mut decoder, state, taken);
                    self.tell(&state);
                    state
                }
                None if state.ended => return,
                None => self.wait(state),
            };
        }
    }

    /// Decodes a run that was taken, without the lock, and puts it back in its place.
    fn decode<'s>(
        &'s self,
        decoder: &mut Decoder,
        state: MutexGuard<'s, State>,
        (place, run): (u64, Run),
    ) -> MutexGuard<'s, State> {
        drop(state);
        let decoded = decoder.decode(run);
        let mut state = self.lock();
        state.put(place, decoded);
        state
    }

    /// What comes next; none at the end.
    fn next(&self, decoder: &mut Decoder) -> Option<Slot> {
        let mut state = self.lock();
        loop {
            if state.slots.front().is_some_and(|slot| !matches!(slot, Slot::Run(_) | Slot::Taken)) {
                state.gone += 1;
                self.tell_room(&state);
                return state.slots.pop_front();
            }
            state = match state.take() {
                Some(taken) => self.decode(decoder, state, taken),
                None if state.ended && state.slots.is_empty() => return None,
                None => self.wait(state),
            };
        }
    }
}

impl Slot {
    /// A line that was read by itself.
    fn of_line(line: Vec<u8>, number: u64) -> Self {
        if number == 1 { Self::First(line) } else { Self::Run(Run::of_line(line, number)) }
    }
}

impl State {
    /// Takes the first run that nobody decodes, and its place.
    fn take(&mut self) -> Option<(u64, Run)> {
        let place = self.slots.iter().position(|slot| matches!(slot, Slot::Run(_)))?;
        match std::mem::replace(self.slots.get_mut(place)?, Slot::Taken) {
            Slot::Run(run) => Some((self.gone + place as u64, run)),
            _ => None,
        }
    }

    fn put(&mut self, place: u64, decoded: Decoded) {
        let place = usize::try_from(place - self.gone).unwrap_or(usize::MAX);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot::Decoded(decoded);
        }
    }
}

impl Ahead {
    pub(super) fn begin(lines: Lines<impl BufRead + Send + 'static>, only: Option<&Filter>) -> Result<Self> {
        let (queue, max_bytes) = (Queue::default(), lines.max_bytes());
        let decoder = Decoder::new(only, max_bytes);
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
            let failed =
                |error| Error::new(ErrorKind::Io, format!("no thread can be had for reading: {error}"));
            thread.map(drop).map_err(failed)
        };
        let ahead = Self {
            queue: queue.clone(),
            decoder: decoder.clone(),
            decoded: None,
            text: Vec::new(),
            line: 0,
            max_bytes,
        };
        let filled = queue.clone();
        spawn("newswire-input", Box::new(move || filled.fill(lines)))?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(cores - 1).min(MAX_HELPERS) {
            let (queue, decoder) = (queue.clone(), decoder.clone());
            spawn("newswire-decode", Box::new(move || queue.help(decoder)))?;
        }
        Ok(ahead)
    }

    /// The number of the line that was given last.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Whether what comes next has been decoded already.
    pub(super) fn is_ready(&self) -> bool {
        self.decoded.as_ref().is_some_and(|decoded| !decoded.lines.as_slice().is_empty())
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// As [`Lines::next`].
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>> {
        loop {
            match self.step()? {
                Step::Event(event) => return Ok(Some(Record::Event(event))),
                Step::Unwanted(lines) => return Ok(Some(Record::Unwanted(lines))),
                Step::Line => {
                    if text_of(&self.text, self.line, self.max_bytes)?.is_some() {
                        break;
                    }
                }
                Step::Nothing => {}
                Step::End => return Ok(None),
            }
        }
        Ok(text_of(&self.text, self.line, self.max_bytes)?.map(Record::Text))
    }

    /// Takes one line of what has been decoded, or the next of what has been read.
    fn step(&mut self) -> Result<Step> {
        let Some(decoded) = &mut self.decoded else { return self.load() };
        Ok(match decoded.lines.next() {
            Some((number, Line::Event(event))) => {
                self.line = number;
                Step::Event(event)
            }
            Some((number, Line::Other(place))) => {
                self.line = number;
                self.text.clear();
                self.text.extend_from_slice(decoded.run.whole().get(place).unwrap_or_default());
                Step::Line
            }
            None => {
                let unwanted = decoded.unwanted;
                let room = std::mem::take(&mut decoded.run);
                self.decoded = None;
                self.queue.lock().room.push(room);
                if unwanted > 0 { Step::Unwanted(unwanted) } else { Step::Nothing }
            }
        })
    }

    fn load(&mut self) -> Result<Step> {
        match self.queue.next(&mut self.decoder) {
            None => return Ok(Step::End),
            Some(Slot::Decoded(decoded)) => self.decoded = Some(decoded),
            Some(Slot::First(line)) => {
                (self.line, self.text) = (1, line);
                return Ok(Step::Line);
            }
            Some(Slot::Failed(error, number)) => {
                self.line = number;
                return Err(error);
            }
            Some(Slot::Run(_) | Slot::Taken) => {}
        }
        Ok(Step::Nothing)
    }
}

/// What one look at the source gave.
enum Step {
    Event(Event),
    Unwanted(u64),
    /// A line, which stands in `text`.
    Line,
    Nothing,
    End,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.given_up = true;
        self.queue.tell(&state);
        self.queue.tell_room(&state);
    }
}
