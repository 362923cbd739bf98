//! Plays a recording into a bus: at the recorded pace, scaled, or as fast as the bus takes it.
//!
//! The player is one more publisher. What its events meet on the bus is what the bus and its subscriptions
//! say: a full `Block` queue makes the play wait, and a play that had to wait goes on from there, rather than
//! hurrying after its times.

mod clock;
mod control;
mod pace;
mod played;
mod seek;
mod source;

use std::time::Duration;

use newswire::{Bus, Delivery, Error, Event, Gap, Kind, Published, Result, Severity, Source};
use serde::Serialize;

pub use clock::{Clock, SystemClock};
pub use control::{Controls, Position, Seek};
pub use pace::Pace;
pub use played::Played;

use control::Turn;
use pace::Schedule;
use source::Deliveries;

/// The kind of the event that tells a recorded gap.
const GAP_PASSED: &str = "recording.gap.passed";

/// How a recording is played.
#[derive(Clone, Debug, Default)]
pub struct PlayOptions {
    /// How fast; at the recorded pace by default.
    pub pace: Pace,
    /// The longest pause between two events, as it is played; unbounded by default.
    pub max_pause: Option<Duration>,
    /// Where to begin; at the beginning by default. What comes before isn't published.
    pub from: Option<Seek>,
    /// Where to end: at the first event after it. By default at the end.
    pub to: Option<Seek>,
}

/// Plays one recording.
///
/// Events keep their ids and times; the bus gives each a new `seq`. Times that go backwards make no pause, nor does
/// time 0, which stands for none. A gap of the recording is told in its place by a `recording.gap.passed` event
/// with its figures.
///
/// ```
/// use newswire::Bus;
/// use newswire_recording::{Pace, PlayOptions, Player, read};
///
/// let session = r#"{"type":"session","id":"s-1"}"#;
/// let options = PlayOptions { pace: Pace::Unbounded, ..PlayOptions::default() };
/// let bus = Bus::new();
/// let mut events = bus.subscribe("*")?;
/// let played = Player::of(read(session.as_bytes(), "session")?, options)?.play(&bus);
/// assert_eq!((played.events, played.error), (1, None));
/// let first = events.next().and_then(|delivery| delivery.event());
/// assert_eq!(first.unwrap().kind().as_str(), "session.started");
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Player<'r> {
    source: Deliveries<'r>,
    controls: Controls,
    schedule: Schedule,
    clock: Box<dyn Clock + 'r>,
    played: Played,
}

impl<'r> Player<'r> {
    /// A player of what can be read once: an [`Import`](crate::Import), or any iterator of deliveries. It can't
    /// seek backwards.
    ///
    /// # Errors
    /// `Invalid` for a pace that is none.
    pub fn of(
        deliveries: impl IntoIterator<Item = Result<Delivery>, IntoIter: Send + 'r>,
        options: PlayOptions,
    ) -> Result<Self> {
        Self::new(Deliveries::once(Box::new(deliveries.into_iter())), options)
    }

    /// A player of what `open` opens, which it does again to seek backwards.
    ///
    /// # Errors
    /// What `open` says; `Invalid` for a pace that is none.
    pub fn reopening<D>(open: impl FnMut() -> Result<D> + Send + 'r, options: PlayOptions) -> Result<Self>
    where
        D: IntoIterator<Item = Result<Delivery>, IntoIter: Send + 'r>,
    {
        Self::new(Deliveries::again(open)?, options)
    }

    fn new(source: Deliveries<'r>, options: PlayOptions) -> Result<Self> {
        let PlayOptions { pace, max_pause, from, to } = options;
        let controls = Controls::new(pace.checked()?, from, to, source.can_rewind());
        let clock = Box::new(SystemClock::default());
        Ok(Self { source, controls, schedule: Schedule::new(max_pause), clock, played: Played::default() })
    }

    /// The same player, by another clock: for tests, and for programs that have their own time.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'r) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// What pauses, resumes, steps, seeks and stops this play, from any thread and from handlers.
    #[must_use]
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Plays, on this thread, until the end or until it is stopped.
    ///
    /// What goes wrong stands in the report: of a broken record the first such error, and where the bus took an
    /// event no more, the error that ended the play.
    pub fn play(mut self, bus: &Bus) -> Played {
        let began = self.clock.now();
        self.controls.begin();
        self.schedule.restart(began);
        self.played.error = self.run(bus).err();
        self.controls.end();
        self.played.elapsed = self.clock.now().saturating_sub(began);
        self.played
    }

    fn run(&mut self, bus: &Bus) -> Result<()> {
        loop {
            let delivery = match self.source.next() {
                Some(Ok(delivery)) => delivery,
                None if self.controls.goes_back() => {
                    self.source.rewind()?;
                    continue;
                }
                None => return Ok(()),
                Some(Err(error)) => {
                    self.played.broken_records += 1;
                    self.played.broken.get_or_insert(error);
                    continue;
                }
            };
            let time = match &delivery {
                Delivery::Event(event) => Some(event.time_ns()),
                Delivery::Gap(_) => None,
            };
            match self.controls.turn(time, &mut self.schedule, &*self.clock) {
                Turn::Play => self.publish(delivery, bus)?,
                Turn::Skip => self.played.skipped += u64::from(time.is_some()),
                Turn::Rewind => self.source.rewind()?,
                Turn::Over => return Ok(()),
                Turn::Stop => {
                    self.played.stopped = true;
                    return Ok(());
                }
            }
        }
    }

    fn publish(&mut self, delivery: Delivery, bus: &Bus) -> Result<()> {
        let (event, gap) = match delivery {
            Delivery::Event(event) => (event, None),
            Delivery::Gap(gap) => (gap_passed(&gap, self.controls.position().time_ns)?, Some(gap)),
        };
        let Published { dropped, blocked, .. } = bus.publish(event).map_err(Error::from)?;
        let played = &mut self.played;
        played.dropped += u64::from(dropped);
        played.blocked += u64::from(blocked);
        match gap {
            None => played.events += 1,
            Some(gap) => {
                played.gaps += 1;
                played.missing = played.missing.saturating_add(gap.count);
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Passed {
    first: u64,
    last: u64,
    count: u64,
    reason: &'static str,
}

/// What tells the bus of a gap: at the time that the play has reached.
fn gap_passed(gap: &Gap, time_ns: Option<i64>) -> Result<Event> {
    let Gap { first, last, count, reason } = *gap;
    let events = if count == 1 { "event is" } else { "events are" };
    Event::builder(Kind::parse(GAP_PASSED)?)
        .time_ns(time_ns.unwrap_or(0))
        .source(Source::new("recording")?)
        .severity(Severity::Warn)
        .message(format!("{count} {events} missing here ({})", reason.as_str()))
        .serialize(&Passed { first, last, count, reason: reason.as_str() })
        .build()
}
