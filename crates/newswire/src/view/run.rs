//! What one run came to: from when to when, who took part, calls, tokens, cost, how it ended.
//!
//! The figures of a run can be kept beside its events and gone on with later, by another process: a store does so,
//! and so lists its runs without reading what happened in them.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::call_tally::CallUsage;
use super::occurrence::{each_part, stem, told};
use super::payload::{self, usage_so_far};
use super::says::says;
use crate::catalogue::Usage;
use crate::event::{Event, Phase, ScopeField, Severity};

/// How many agents of a run are named.
const AGENTS: usize = 32;
/// How many of a run's operations may be open; of further ones only the number is known.
const OPEN: usize = 1024;
/// How many of the last ends are remembered, for those that come twice.
const ENDED: usize = 64;

/// What tells how a run ended, what says most first. A session lasts longer than its runs.
const ABOUT: [&str; 7] = ["run", "workflow", "agent", "session", "turn", "model.call", "tool.call"];
const MODEL_CALL: usize = 5;

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunState {
    /// It has begun and not ended, as far as it is told.
    #[default]
    Open,
    /// It ended without error.
    Completed,
    /// It errored.
    Failed,
    /// It was refused or stopped.
    Canceled,
}

/// The figures of one run, which grow with its events; they can be written as JSON, read back, and gone on with.
///
/// Calls are counted as [`CallMeter`](super::CallMeter) counts them.
///
/// ```
/// use newswire::view::{RunFigures, RunState};
/// use newswire::{Bus, catalogue::Usage};
///
/// let bus = Bus::new();
/// let mut events = bus.subscribe("*")?;
/// bus.emitter().model_call("gpt-5", "openai").complete(Usage::tokens(400, 30))?;
/// let mut figures = RunFigures::default();
/// while let Some(delivery) = events.try_next()? {
///     delivery.event().iter().for_each(|event| figures.see(event));
/// }
/// let row = figures.row("r-1");
/// assert_eq!((row.model_calls, row.usage.input_tokens, row.state), (1, 400, RunState::Completed));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFigures {
    session: Option<String>,
    times: Option<(i64, i64)>,
    events: u64,
    agents: Vec<String>,
    more_agents: bool,
    turns: u64,
    model_calls: u64,
    tool_calls: u64,
    failed_calls: u64,
    canceled_calls: u64,
    retries: u64,
    errors: u64,
    usage: CallUsage,
    unreadable: u64,
    /// Which of [`ABOUT`] has told the state, and what.
    about: Option<usize>,
    state: RunState,
    /// What has begun and not ended, by a hash of what it is.
    open: BTreeMap<u64, Open>,
    /// Calls that are open and have no place in `open`.
    more_open: u64,
    /// Of them: those that found it full. The others are what nothing tells from one that has a place.
    without_place: u64,
    #[serde(skip)]
    ended: VecDeque<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    about: usize,
    /// What the call's progress told of its usage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<Box<Usage>>,
}

/// What a run came to, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunRow {
    /// Its id.
    pub run: String,
    /// The session that its first event names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How far it has come: as its own end says, else that of its workflow, agent, session, of its last turn or
    /// its last call.
    pub state: RunState,
    /// The earliest time of an event, in nanoseconds since the Unix epoch; absent where its source has no clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ns: Option<i64>,
    /// The latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ns: Option<i64>,
    /// The time between them.
    pub lasted_ns: u64,
    /// How many events it has.
    pub events: u64,
    /// The agents that its events name, by name; the first 32.
    pub agents: Vec<String>,
    /// Whether there are more.
    pub more_agents: bool,
    /// How many turns have begun.
    pub turns: u64,
    /// How many calls of models there were, open ones included.
    pub model_calls: u64,
    /// How many calls of tools there were, open ones included.
    pub tool_calls: u64,
    /// Of all calls: those that errored.
    pub failed_calls: u64,
    /// Those that were refused or stopped.
    pub canceled_calls: u64,
    /// Those that have not ended.
    pub open_calls: u64,
    /// How often a call of a model was tried again.
    pub retries: u64,
    /// How many events are of severity `error`.
    pub errors: u64,
    /// What its calls used, as far as they told.
    pub usage: CallUsage,
    /// How many payloads of its calls had fields that don't fit their kind, and were read without these.
    pub unreadable: u64,
}

impl RunFigures {
    /// Looks at the run's next event.
    pub fn see(&mut self, event: &Event) {
        self.events = self.events.saturating_add(1);
        self.errors += u64::from(event.severity() == Severity::Error);
        let scope = event.scope();
        if self.session.is_none() {
            self.session = scope.get(ScopeField::Session).map(str::to_owned);
        }
        if let Some(agent) = scope.get(ScopeField::Agent) {
            self.agent(agent);
        }
        if let Some(time) = told(event) {
            let (first, last) = self.times.get_or_insert((time, time));
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        if event.kind().as_str() == "model.call.retried" {
            self.retries += 1;
        }
        if event.phase().is_none() {
            return;
        }
        let operation = stem(event.kind().as_str());
        let about = ABOUT.iter().position(|known| *known == operation);
        if let Some((about, (key, phase))) = about.and_then(|about| Some((about, key(about, event)?))) {
            self.station(event, about, key, phase);
        }
    }

    /// What it came to until now.
    #[must_use]
    pub fn row(&self, run: &str) -> RunRow {
        let mut usage = self.usage.clone();
        self.open.values().filter_map(|open| open.usage.as_deref()).for_each(|told| usage.add(told));
        let open_calls = self.open.values().filter(|open| open.about >= MODEL_CALL).count() as u64;
        // The ends of what times can be lie further apart than any duration is long.
        let lasted = self.times.and_then(|(first, last)| u64::try_from(last.saturating_sub(first)).ok());
        RunRow {
            run: run.to_owned(),
            session: self.session.clone(),
            state: self.state,
            started_ns: self.times.map(|(first, _)| first),
            last_ns: self.times.map(|(_, last)| last),
            lasted_ns: lasted.unwrap_or(0),
            events: self.events,
            agents: self.agents.clone(),
            more_agents: self.more_agents,
            turns: self.turns,
            model_calls: self.model_calls,
            tool_calls: self.tool_calls,
            failed_calls: self.failed_calls,
            canceled_calls: self.canceled_calls,
            open_calls: open_calls + self.more_open,
            retries: self.retries,
            errors: self.errors,
            usage,
            unreadable: self.unreadable,
        }
    }

    /// The earliest time of its events, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn started_ns(&self) -> Option<i64> {
        self.times.map(|(first, _)| first)
    }

    /// The session that its first event names.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    fn agent(&mut self, agent: &str) {
        if let Err(place) = self.agents.binary_search_by(|known| known.as_str().cmp(agent)) {
            match self.agents.len() < AGENTS {
                true => self.agents.insert(place, agent.to_owned()),
                false => self.more_agents = true,
            }
        }
    }

    fn station(&mut self, event: &Event, about: usize, key: u64, phase: Phase) {
        let has_span = event.correlation().span.is_some();
        match phase {
            Phase::Progress => {
                if let Some(open) = self.open.get_mut(&key).filter(|open| open.about == MODEL_CALL) {
                    let usage = usage_so_far(event, &mut self.unreadable);
                    open.usage = usage.map(Box::new).or(open.usage.take());
                }
            }
            Phase::Started => self.begin(about, key, has_span),
            phase => self.end(event, about, key, has_span, phase),
        }
    }

    fn begin(&mut self, about: usize, key: u64, has_span: bool) {
        let is_open = self.open.contains_key(&key);
        // It is told twice. Without a span nothing tells that from two.
        if is_open && has_span {
            return;
        }
        match about >= MODEL_CALL {
            true => *self.calls(about) += 1,
            false => self.turns += u64::from(ABOUT.get(about) == Some(&"turn")),
        }
        let is_full = !is_open && self.open.len() >= OPEN;
        if !is_open && !is_full {
            self.open.insert(key, Open { about, usage: None });
        } else if about >= MODEL_CALL {
            self.more_open += 1;
            self.without_place += u64::from(is_full);
        }
        self.tells(about, RunState::Open);
    }

    fn end(&mut self, event: &Event, about: usize, key: u64, has_span: bool, phase: Phase) {
        let was_open = self.open.remove(&key).is_some();
        if !was_open && has_span && self.ended.contains(&key) {
            return;
        }
        if self.ended.len() >= ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(key);
        if about >= MODEL_CALL {
            // What had no place when it began was counted then. That this is its end nothing tells for sure, but calls
            // whose beginning nobody heard of are the rarer ones.
            let had_no_place = !was_open && self.without_place > 0;
            self.without_place -= u64::from(had_no_place);
            self.more_open = self.more_open.saturating_sub(u64::from(had_no_place));
            *self.calls(about) += u64::from(!was_open && !had_no_place);
            self.failed_calls += u64::from(phase == Phase::Failed);
            self.canceled_calls += u64::from(phase == Phase::Canceled);
            let told: Told = payload::told(event, &mut self.unreadable);
            self.usage.add(&told.usage.unwrap_or_default());
        }
        self.tells(
            about,
            match phase {
                Phase::Failed => RunState::Failed,
                Phase::Canceled => RunState::Canceled,
                _ => RunState::Completed,
            },
        );
    }

    fn calls(&mut self, about: usize) -> &mut u64 {
        if about == MODEL_CALL { &mut self.model_calls } else { &mut self.tool_calls }
    }

    /// The state that something is in, unless what says more has told one.
    fn tells(&mut self, about: usize, state: RunState) {
        if self.about.is_some_and(|told| told < about) {
            return;
        }
        self.about = Some(about);
        let goes_on = self.open.values().any(|open| open.about == about);
        self.state = if goes_on { RunState::Open } else { state };
    }
}

says! {
    /// What the end of a call says that it used.
    struct Told {
        usage: Option<Usage>,
    }
}

/// What the event's occurrence is known by, the same in every process and every build, since figures are kept; and
/// its phase.
fn key(about: usize, event: &Event) -> Option<(u64, Phase)> {
    let mut fnv = Fnv::default();
    fnv.write(&(about as u64).to_le_bytes());
    let phase = each_part(event, |part| fnv.part(part))?;
    Some((fnv.0, phase))
}

/// FNV-1a over bytes that are named one by one: what derived `Hash` writes is the compiler's business.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// With its length, so that parts can't be divided in two ways; what is absent differs from what is empty.
    fn part(&mut self, part: Option<&[u8]>) {
        self.write(&part.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        self.write(part.unwrap_or_default());
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Correlation, Scope, SpanId};
    use crate::{Kind, Result};

    fn key_of(span: Option<u64>, run: Option<&str>, payload: &str) -> Result<u64> {
        let mut correlation = Correlation::new();
        correlation.span = span.and_then(SpanId::new);
        let scope = run.map_or_else(|| Ok(Scope::new()), |run| Scope::new().with(ScopeField::Run, run))?;
        let event = Event::builder(Kind::parse("tool.call.started")?).scope(scope).correlation(correlation);
        let event = event.json(payload).build()?;
        Ok(key(6, &event).map_or(0, |(key, _)| key))
    }

    /// Figures of open calls lie in stores that another build has written.
    #[test]
    fn keys_of_open_calls_are_these_numbers_in_every_build() -> Result<()> {
        let by_span = key_of(Some(7), Some("r-1"), "{}")?;
        let by_call = key_of(None, None, r#"{"call_id":"c-1"}"#)?;
        assert_eq!((by_span, by_call), (13_934_332_780_058_466_143, 6_253_098_974_809_677_119));
        let others = [
            key_of(Some(8), Some("r-1"), "{}")?,
            key_of(Some(7), Some("r-2"), "{}")?,
            key_of(None, None, r#"{"call_id":"c-2"}"#)?,
            key_of(None, None, "{}")?,
        ];
        let distinct: std::collections::BTreeSet<_> = others.into_iter().chain([by_span, by_call]).collect();
        assert_eq!(distinct.len(), 6);
        Ok(())
    }
}
