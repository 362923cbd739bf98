//! The controls of a play: what other threads and handlers say, and what the player makes of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use newswire::{Error, ErrorKind, Result};
use serde::Serialize;

use super::clock::Clock;
use super::pace::{Pace, Schedule};
use super::source::backwards;

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The first event of that time or later, in nanoseconds since the Unix epoch.
    Time(i64),
    /// The first event so long after the recording's first, or later.
    Offset(Duration),
}

/// How far a play has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The recorded time of the last event that was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ns: Option<i64>,
    /// The same from the recording's first event; negative where times went backwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_ns: Option<i64>,
    /// How many events have been played.
    pub events: u64,
    /// Whether it stands still.
    pub paused: bool,
    /// Whether it is over.
    pub ended: bool,
}

/// What the player is to do with what it holds.
pub(super) enum Turn {
    Play,
    Skip,
    Rewind,
    /// It lies behind the end.
    Over,
    Stop,
}

/// Controls a play; cheap to clone. Nothing here waits, so it may be used in handlers of the played events.
#[derive(Clone)]
pub struct Controls(Arc<Mutex<State>>);

struct State {
    pace: Pace,
    paused: bool,
    /// How many events may still be played while it stands still.
    steps: u64,
    seek: Option<Seek>,
    stopped: bool,
    ended: bool,
    can_rewind: bool,
    /// What is earlier isn't played.
    from: Option<i64>,
    to: Option<Seek>,
    first: Option<i64>,
    reached: Option<i64>,
    events: u64,
    /// The thread that plays.
    thread: Option<Thread>,
}

impl Controls {
    pub(super) fn new(pace: Pace, from: Option<Seek>, to: Option<Seek>, can_rewind: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            pace,
            paused: false,
            steps: 0,
            seek: from,
            stopped: false,
            ended: false,
            can_rewind,
            from: None,
            to,
            first: None,
            reached: None,
            events: 0,
            thread: None,
        })))
    }

    /// Stands still before the next event.
    pub fn pause(&self) {
        self.change(|state| (state.paused, state.steps) = (true, 0));
    }

    /// Goes on.
    pub fn resume(&self) {
        self.change(|state| (state.paused, state.steps) = (false, 0));
    }

    /// Plays one more event, at once, and then stands still.
    pub fn step(&self) {
        self.change(|state| {
            state.paused = true;
            state.steps += 1;
        });
    }

    /// Goes to that place: what lies between isn't published. The next event comes at once, unless the play
    /// stands still.
    ///
    /// # Errors
    /// `OutOfRange` where it lies behind and the recording can be read only once; `Closed` after the end.
    pub fn seek(&self, to: Seek) -> Result<()> {
        let mut state = self.lock();
        if state.ended {
            return Err(Error::new(ErrorKind::Closed, "the play is over"));
        }
        if !state.can_rewind && state.is_behind(to) {
            return Err(backwards());
        }
        state.seek = Some(to);
        state.wake();
        Ok(())
    }

    /// Plays at another pace from now on.
    ///
    /// # Errors
    /// `Invalid` for a factor that isn't over 0.
    pub fn set_pace(&self, pace: Pace) -> Result<()> {
        let pace = pace.checked()?;
        self.change(|state| state.pace = pace);
        Ok(())
    }

    /// Ends the play before its next event.
    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    /// How far it has come.
    #[must_use]
    pub fn position(&self) -> Position {
        let state = self.lock();
        let offset = state.reached.zip(state.first).map(|(reached, first)| reached.saturating_sub(first));
        Position {
            time_ns: state.reached,
            offset_ns: offset,
            events: state.events,
            paused: state.paused,
            ended: state.ended,
        }
    }

    pub(super) fn begin(&self) {
        self.lock().thread = Some(thread::current());
    }

    pub(super) fn end(&self) {
        let mut state = self.lock();
        (state.ended, state.thread) = (true, None);
    }

    /// At the recording's end: whether somebody has sought back meanwhile, so that it is to be opened again.
    pub(super) fn goes_back(&self) -> bool {
        let mut state = self.lock();
        let back = state.can_rewind && state.seek.is_some_and(|place| state.is_behind(place));
        if back {
            state.reached = None;
        }
        state.ended = !back;
        back
    }

    /// Waits until it is the turn of an event of that time, or of a gap, and says what becomes of it.
    pub(super) fn turn(&self, time: Option<i64>, schedule: &mut Schedule, clock: &dyn Clock) -> Turn {
        let mut state = self.lock();
        state.first = state.first.or(time);
        loop {
            if state.stopped {
                return Turn::Stop;
            }
            if let Some(place) = state.seek {
                // Only gaps before the first event don't know where they are.
                let Some(from) = state.resolve(place) else { return Turn::Skip };
                let behind = state.is_behind(place);
                (state.seek, state.from) = (None, Some(from));
                schedule.restart(clock.now());
                if behind && state.can_rewind {
                    state.reached = None;
                    return Turn::Rewind;
                }
            }
            if state.from.is_some() && state.from > time {
                state.reached = time.or(state.reached);
                return Turn::Skip;
            }
            let end = state.to.and_then(|to| state.resolve(to));
            if end.is_some_and(|end| time > Some(end)) {
                return Turn::Over;
            }
            if state.paused && state.steps == 0 {
                let began = clock.now();
                drop(state);
                clock.wait(None);
                schedule.stood_still(clock.now().saturating_sub(began));
                state = self.lock();
                continue;
            }
            // 0 is what a source without a clock gives: there is nothing to wait for.
            let Some(time) = time.filter(|time| *time != 0) else { break };
            if state.pace == Pace::Unbounded {
                schedule.passed(time);
                break;
            }
            let now = clock.now();
            let due = if state.steps > 0 { now } else { schedule.due(time, state.pace) };
            if now >= due {
                schedule.played(time, due, now);
                break;
            }
            drop(state);
            clock.wait(Some(due));
            state = self.lock();
        }
        state.from = None;
        state.reached = time.or(state.reached);
        if time.is_some() {
            state.steps = state.steps.saturating_sub(1);
            state.events += 1;
        }
        Turn::Play
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        state.wake();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The recorded time of a place; `None` where it counts from an event that hasn't been read.
    fn resolve(&self, place: Seek) -> Option<i64> {
        match place {
            Seek::Time(time_ns) => Some(time_ns),
            Seek::Offset(offset) => {
                let offset = i64::try_from(offset.as_nanos()).unwrap_or(i64::MAX);
                self.first.map(|first| first.saturating_add(offset))
            }
        }
    }

    /// Whether events from that place on have been reached already.
    fn is_behind(&self, place: Seek) -> bool {
        self.resolve(place).zip(self.reached).is_some_and(|(place, reached)| place <= reached)
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}
