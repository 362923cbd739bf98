//! Plays a recording or store into a bus, on a thread of its own that others control.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use newswire::{Bus, Error, ErrorKind, Handled, LoopThread, Result};
use newswire_recording::{Controls, Pace, PlayOptions, Played, Player, Position, Seek};
use serde::Deserialize;

use crate::json;
use crate::lock::{Condvar, Mutex};
use crate::options::{no_word, time, word};
use crate::pull::deadline;
use crate::reader::{ReadSpec, Reader};

/// What a play can be told, for errors.
const COMMANDS: &str = "pause, resume, step, stop, seek:PLACE or pace:FACTOR";

/// How something is played.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlaySpec {
    /// What of it.
    pub read: ReadSpec,
    /// How fast: `max`, or how many times as fast as it was recorded; 1 by default.
    pub pace: String,
    /// The longest pause between two events, in nanoseconds; `None` = as long as it was.
    pub max_pause_ns: Option<i64>,
    /// Where to begin: a time, or an offset such as `90s`; empty = at the beginning.
    pub from: String,
    /// Where to end; empty = at the end.
    pub to: String,
    /// Whether it stands still before its first event.
    pub paused: bool,
}

impl Default for PlaySpec {
    fn default() -> Self {
        Self {
            read: ReadSpec::default(),
            pace: "1".to_owned(),
            max_pause_ns: None,
            from: String::new(),
            to: String::new(),
            paused: false,
        }
    }
}

impl PlaySpec {
    /// Reads it from JSON; empty text stands for the defaults.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a name or type that it doesn't have.
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "options")
    }

    fn options(&self) -> Result<PlayOptions> {
        let place = |text: &str, path: &str| match text {
            "" => Ok(None),
            text => word(Seek::parse, text, path).map(Some),
        };
        Ok(PlayOptions {
            pace: word(Pace::parse, &self.pace, "options.pace")?,
            max_pause: self.max_pause_ns.map(|nanos| time(nanos, "options.max_pause_ns")).transpose()?,
            from: place(&self.from, "options.from")?,
            to: place(&self.to, "options.to")?,
        })
    }
}

/// A play that is under way; dropping it stops the play.
///
/// ```no_run
/// let bus = newswire::Bus::new();
/// let play = newswire_facade::Play::start(&bus, "session.jsonl", &Default::default())?;
/// play.command("pace:10")?;
/// println!("{} events", play.wait(std::time::Duration::from_secs(60))?.events);
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Play {
    controls: Controls,
    end: Arc<End>,
}

#[derive(Default)]
struct End {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Default)]
struct State {
    played: Option<Played>,
    /// Who awaits it.
    seats: Vec<(u64, Waker)>,
    last_seat: u64,
}

impl End {
    fn tell(&self, played: Played) {
        let seats = {
            let mut state = self.state.lock();
            state.played = Some(played);
            std::mem::take(&mut state.seats)
        };
        self.told.notify_all();
        seats.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

/// The end of a play, to be awaited; dropping it withdraws that, and nothing else.
pub struct Ending {
    end: Arc<End>,
    seat: u64,
}

impl Future for Ending {
    type Output = Played;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Played> {
        let mut state = self.end.state.lock();
        if let Some(played) = &state.played {
            return Poll::Ready(played.clone());
        }
        let waker = context.waker().clone();
        let before = match state.seats.iter_mut().find(|(seat, _)| *seat == self.seat) {
            Some((_, place)) => Some(std::mem::replace(place, waker)),
            None => {
                state.seats.push((self.seat, waker));
                None
            }
        };
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let left: Vec<_> =
            self.end.state.lock().seats.extract_if(.., |(seat, _)| *seat == self.seat).collect();
        drop(left);
    }
}

impl Play {
    /// Begins to play what is at `path`.
    ///
    /// # Errors
    /// Those of [`Reader::open`]; `Invalid` for options that can't work; `Io` where there is no thread for it.
    pub fn start(bus: &Bus, path: &str, spec: &PlaySpec) -> Result<Self> {
        let (source, read) = (path.to_owned(), spec.read.clone());
        let player = Player::reopening(move || Reader::open(&source, &read), spec.options()?)?;
        let controls = player.controls();
        if spec.paused {
            controls.pause();
        }
        let (bus, end) = (bus.clone(), Arc::new(End::default()));
        let told = end.clone();
        let spawned = thread::Builder::new().name("newswire-player".to_owned()).spawn(move || {
            let played = player.play(&bus);
            drop(bus);
            told.tell(played);
        });
        match spawned {
            Ok(_) => Ok(Self { controls, end }),
            Err(error) => Err(Error::new(ErrorKind::Io, format!("no thread can be had: {error}"))),
        }
    }

    /// Tells it what to do: `pause`, `resume`, `step`, `stop`, `seek:` with a time or an offset, `pace:` with a factor
    /// or `max`. Never waits.
    ///
    /// # Errors
    /// `Invalid` for what is no such word; `Closed` for a seek after the end.
    pub fn command(&self, command: &str) -> Result<()> {
        match command.split_once(':').unwrap_or((command, "")) {
            ("pause", "") => self.controls.pause(),
            ("resume", "") => self.controls.resume(),
            ("step", "") => self.controls.step(),
            ("stop", "") => self.controls.stop(),
            ("seek", place) => self.controls.seek(Seek::parse(place)?)?,
            ("pace", pace) => self.controls.set_pace(Pace::parse(pace)?)?,
            _ => return Err(no_word(command, "command", COMMANDS)),
        }
        Ok(())
    }

    /// How far it has come.
    #[must_use]
    pub fn position(&self) -> Position {
        self.controls.position()
    }

    /// Waits for the end, up to `timeout`, and gives what it came to.
    ///
    /// # Errors
    /// `TimedOut`; `WouldDeadlock` inside a handler and on a loop thread, where it is not over.
    pub fn wait(&self, timeout: Duration) -> Result<Played> {
        let mut state = self.end.state.lock();
        let deadline = deadline(timeout);
        loop {
            if let Some(played) = &state.played {
                return Ok(played.clone());
            }
            if Handled::is_here() || LoopThread::is_current() {
                return Err(Error::new(ErrorKind::WouldDeadlock, "the play may wait for this thread"));
            }
            let timed_out;
            (state, timed_out) = self.end.told.wait_until(state, deadline);
            if timed_out && state.played.is_none() {
                return Err(Error::new(ErrorKind::TimedOut, "the play has not ended in time"));
            }
        }
    }

    /// The end, for those who await it.
    #[must_use]
    pub fn ending(&self) -> Ending {
        let mut state = self.end.state.lock();
        state.last_seat += 1;
        Ending { end: self.end.clone(), seat: state.last_seat }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        self.controls.stop();
    }
}
