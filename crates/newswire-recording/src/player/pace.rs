//! How fast a recording is played, and when its next event is due.

use std::time::Duration;

use newswire::{Error, Result};

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As it was recorded.
    #[default]
    Recorded,
    /// That many times as fast: 2.0 takes half the time, 0.5 twice.
    Times(f64),
    /// As fast as the bus takes it.
    Unbounded,
}

impl Pace {
    /// Reads a pace: `max` for as fast as possible, or how many times as fast as it was recorded, `0.5` or `2x`.
    ///
    /// ```
    /// use newswire_recording::Pace;
    ///
    /// assert_eq!(Pace::parse("2x")?, Pace::Times(2.0));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` where it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "max" {
            return Ok(Self::Unbounded);
        }
        let factor = text.strip_suffix('x').unwrap_or(text).parse::<f64>().ok();
        let factor = factor.filter(|factor| factor.is_finite() && (0.001..=1_000_000.0).contains(factor));
        factor.map(Self::Times).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::invalid(format!("{shown:?} is no pace"))
                .expecting("max, or a factor from 0.001 to 1000000")
        })
    }

    /// The same pace, if it is one.
    pub(super) fn checked(self) -> Result<Self> {
        match self {
            Self::Times(factor) if !(factor.is_finite() && factor > 0.0) => {
                Err(Error::invalid(format!("nothing can be played {factor} times as fast"))
                    .expecting("a factor over 0, such as 2 or 0.5"))
            }
            pace => Ok(pace),
        }
    }

    /// How long a pause of that many nanoseconds takes.
    fn scaled(self, pause_ns: u64) -> Duration {
        match self {
            Self::Recorded => Duration::from_nanos(pause_ns),
            Self::Times(factor) => {
                let seconds = Duration::from_nanos(pause_ns).as_secs_f64() / factor;
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
            Self::Unbounded => Duration::ZERO,
        }
    }
}

/// How far a play may be late before it stops hurrying after its times.
const MAX_LATE: Duration = Duration::from_millis(100);

/// When the next event is due: so long after the latest before it as it was recorded, so that small delays don't
/// add up. One that is earlier than that is due at once, and what follows it isn't waited for a second time.
pub(super) struct Schedule {
    max_pause: Option<Duration>,
    /// When the event before was due, by the player's clock.
    due: Duration,
    /// The latest recorded time of the events before.
    before: Option<i64>,
}

impl Schedule {
    pub(super) fn new(max_pause: Option<Duration>) -> Self {
        Self { max_pause, due: Duration::ZERO, before: None }
    }

    /// Begins anew: the next event is due at once.
    pub(super) fn restart(&mut self, now: Duration) {
        (self.due, self.before) = (now, None);
    }

    /// When an event of that time is due.
    pub(super) fn due(&self, time_ns: i64, pace: Pace) -> Duration {
        let pause = self.before.map_or(0, |before| i128::from(time_ns) - i128::from(before));
        let pause = pace.scaled(u64::try_from(pause).unwrap_or(0));
        self.due.saturating_add(self.max_pause.map_or(pause, |longest| pause.min(longest)))
    }

    /// The event of that time, which was due then, is played now.
    pub(super) fn played(&mut self, time_ns: i64, due: Duration, now: Duration) {
        self.passed(time_ns);
        self.due = if now > due.saturating_add(MAX_LATE) { now } else { due };
    }

    /// The event of that time is played without looking at the clock.
    pub(super) fn passed(&mut self, time_ns: i64) {
        self.before = self.before.max(Some(time_ns));
    }

    /// The play has stood still for so long.
    pub(super) fn stood_still(&mut self, pause: Duration) {
        self.due = self.due.saturating_add(pause);
    }
}
