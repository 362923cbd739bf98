//! Plays: pace, controls, and what the bus says to them. By a clock that jumps, so that nothing takes time.

mod controls;
mod pace;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use newswire::{Bus, Delivery, Event, Filter, HandlerOptions, Kind, Mode, Result};
use newswire_recording::{Clock, PlayOptions, Played, Player};

const SECOND: i64 = 1_000_000_000;

/// What a test does while the play stands still.
type Step = Box<dyn FnOnce() + Send>;

/// A clock that is where it is to wait for; where it would wait for ever, the test does what is next.
#[derive(Clone, Default)]
struct Jumping {
    now: Arc<Mutex<Duration>>,
    idle: Arc<Mutex<Vec<Step>>>,
}

impl Jumping {
    /// What the play finds done whenever it stands still, in this order.
    fn whenever_idle(&self, steps: Vec<Step>) {
        *self.idle.lock().unwrap() = steps.into_iter().rev().collect();
    }

    fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
    }
}

impl Clock for Jumping {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn wait(&self, until: Option<Duration>) {
        match until {
            Some(until) => *self.now.lock().unwrap() = until,
            None => {
                let step = self.idle.lock().unwrap().pop();
                step.expect("the play stands still and nobody goes on")();
            }
        }
    }
}

fn event(seconds: i64) -> Event {
    let kind = Kind::parse("tick.heard").unwrap();
    Event::builder(kind).time_ns(seconds * SECOND).json(seconds.to_string()).build().unwrap()
}

fn ticks(times: &[i64]) -> Vec<Result<Delivery>> {
    times.iter().map(|seconds| Ok(Delivery::Event(event(*seconds)))).collect()
}

/// What was played, and when, in milliseconds of the play: `(kind and payload, ms)`.
type Log = Arc<Mutex<Vec<(String, u128)>>>;

/// A bus that writes down what arrives and when.
fn listening(clock: &Jumping) -> (Bus, Log) {
    let (bus, log) = (Bus::new(), Log::default());
    let (seen, clock) = (log.clone(), clock.clone());
    on_inline(&bus, move |event| {
        let what = match event.kind().as_str() {
            "tick.heard" => event.payload_json().unwrap().to_owned(),
            kind => format!("{kind} {}", event.payload_json().unwrap()),
        };
        seen.lock().unwrap().push((what, clock.now().as_millis()));
    });
    (bus, log)
}

fn on_inline(bus: &Bus, handler: impl Fn(&Event) + Send + Sync + 'static) {
    let options = HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() };
    bus.on_with(Filter::all(), options, move |event: &Event| handler(event)).unwrap().forever();
}

/// Plays these times; what arrived, when, and the report.
fn play(times: &[i64], options: PlayOptions) -> (Vec<(String, u128)>, Played) {
    let clock = Jumping::default();
    let (bus, log) = listening(&clock);
    let played = Player::of(ticks(times), options).unwrap().with_clock(clock).play(&bus);
    let log = log.lock().unwrap().clone();
    (log, played)
}

fn names(log: &[(String, u128)]) -> Vec<&str> {
    log.iter().map(|(name, _)| name.as_str()).collect()
}

fn moments(log: &[(String, u128)]) -> Vec<u128> {
    log.iter().map(|(_, moment)| *moment).collect()
}
