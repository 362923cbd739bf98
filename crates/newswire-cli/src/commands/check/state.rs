//! What is known of the recording that is being checked.

use std::collections::{BTreeMap, HashMap, HashSet};

use newswire::catalogue::row_of;
use newswire::{Event, Gap, Phase, Result, ScopeField, SpanId, Status, figures};
use newswire_recording::{Report, formats};

use super::content;
use super::findings::Findings;
use super::ids::Ids;
use crate::output::{Io, counted};

/// How many open operations are followed; of further ones the number is told.
const MAX_OPEN: usize = 65_536;

/// How many kinds and fields are told apart.
const MAX_NAMES: usize = 1024;

/// Fields of an event's line that aren't the envelope's and mean something all the same: `grep` tells with it whose
/// event it is.
const ASIDES: [&str; 1] = ["file"];

/// What is known of the recording that is being checked.
#[derive(Default)]
pub(super) struct State {
    pub(super) findings: Findings,
    open: HashMap<(Box<str>, Box<str>, SpanId), Open>,
    /// Open ones that had no room: an end may be theirs.
    unfollowed_open: u64,
    /// How many had none, and the line of the first.
    unfollowed: Option<Times>,
    /// What has begun at all: where a recording tells ends only, that is one note.
    begun: HashSet<Box<str>>,
    /// Ends of what the recording never tells the beginning of, by kind.
    ends_only: BTreeMap<String, Times>,
    /// Ends of what hasn't begun, though others like it have: with the span of the first.
    ends_more: BTreeMap<String, (Times, SpanId)>,
    last_ns: Option<i64>,
    ids: Ids,
    unknown_kinds: BTreeMap<String, Times>,
    unknown_fields: BTreeMap<String, Times>,
}

/// An operation that has begun.
struct Open {
    line: u64,
    label: Box<str>,
}

/// How often something was found, and the line where it was found first.
#[derive(Clone, Copy)]
struct Times {
    times: u64,
    line: u64,
}

impl Times {
    /// Never, until now; the first will be on that line.
    fn from(line: u64) -> Self {
        Self { times: 0, line }
    }
}

impl State {
    /// Nothing as yet, of that file.
    pub(super) fn of(file: &str) -> Self {
        Self { findings: Findings::of(file), ..Self::default() }
    }

    /// Looks at the next event.
    pub(super) fn event(&mut self, event: &Event, line: u64, io: &mut Io) -> Result<()> {
        // Sources without a clock have all their events at the beginning of 1970.
        let time = Some(event.time_ns()).filter(|time| *time != 0);
        let before = time.and_then(|time| self.last_ns.replace(time));
        let back = before.zip(time).map_or(0, |(before, time)| before.saturating_sub(time));
        if back > 0 {
            let back = figures::duration(back.unsigned_abs());
            self.findings.note(Some(line), format!("the time goes back by {back}"), io)?;
        }
        if row_of(event.kind()).is_none() && !is_of_importer(event.kind().as_str()) {
            count(&mut self.unknown_kinds, event.kind().as_str(), line);
        }
        for (field, _) in event.unknown().filter(|(field, _)| !ASIDES.contains(field)) {
            count(&mut self.unknown_fields, field, line);
        }
        for fault in content::faults(event) {
            let place = fault.path().map(|path| format!(": {path}")).unwrap_or_default();
            self.findings
                .error(&fault.clone().at_path(format!("{}:{line}{place}", self.findings.file)), io)?;
        }
        self.ids.note(event, line);
        let (Some(phase), Some(span)) = (event.phase(), event.correlation().span) else { return Ok(()) };
        let kind = event.kind().as_str();
        let stem = kind.rsplit_once('.').map_or(kind, |(stem, _)| stem);
        let run = event.scope().get(ScopeField::Run).unwrap_or_default();
        let key = (run.into(), stem.into(), span);
        if phase == Phase::Started {
            if !self.begun.contains(stem) {
                self.begun.insert(stem.into());
            }
            if self.open.len() < MAX_OPEN || self.open.contains_key(&key) {
                self.open.insert(key, Open { line, label: content::label(event) });
            } else {
                self.unfollowed_open += 1;
                self.unfollowed.get_or_insert(Times::from(line)).times += 1;
            }
        } else if phase.status() != Status::Running && self.open.remove(&key).is_none() {
            if self.unfollowed_open > 0 {
                self.unfollowed_open -= 1;
            } else if self.begun.contains(stem) {
                self.ends_more.entry(kind.to_owned()).or_insert((Times::from(line), span)).0.times += 1;
            } else {
                self.ends_only.entry(kind.to_owned()).or_insert(Times::from(line)).times += 1;
            }
        }
        Ok(())
    }

    /// Looks at the next gap.
    pub(super) fn gap(&mut self, gap: &Gap, line: u64, io: &mut Io) -> Result<()> {
        let Gap { first, last, count, reason } = *gap;
        self.findings.note(
            Some(line),
            format!("{} missing here ({})", counted(count, "event"), reason.as_str()),
            io,
        )?;
        let places = last.saturating_sub(first).saturating_add(1);
        let wrong = match count {
            0 => "nothing is missing in the gap".to_owned(),
            _ if count > places => format!(
                "the gap has room for {}, from {first} to {last}, and {count} are missing",
                counted(places, "event")
            ),
            _ => return Ok(()),
        };
        self.findings.note(Some(line), wrong, io)
    }

    /// Tells what can be told only at the end.
    pub(super) fn end(&mut self, report: &Report, io: &mut Io) -> Result<()> {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_unstable_by_key(|(_, open)| open.line);
        for ((_, stem, span), Open { line, label }) in open {
            let label = if label.is_empty() { label } else { format!(" {label}").into() };
            self.findings.note(Some(line), format!("{stem}{label} never ends (span {span})"), io)?;
        }
        for (kind, (Times { times, line }, span)) in std::mem::take(&mut self.ends_more) {
            let told = match times {
                1 => format!("{kind} ends what has not begun (span {span})"),
                _ => format!("{kind}: {times} ends of what has not begun, the first here (span {span})"),
            };
            self.findings.note(Some(line), told, io)?;
        }
        for (kind, Times { times, line }) in std::mem::take(&mut self.ends_only) {
            let ends = counted(times, "end");
            self.findings.note(
                Some(line),
                format!("{kind}: {ends} of what is never told to begin, the first here"),
                io,
            )?;
        }
        if let Some((line, message)) = self.ids.take_note() {
            self.findings.note(Some(line), message, io)?;
        }
        if let Some(Times { times, line }) = self.unfollowed.take() {
            let operations = counted(times, "more operation");
            self.findings.note(
                Some(line),
                format!("{operations} could not be followed, the first here: too many were open"),
                io,
            )?;
        }
        let mut fields = std::mem::take(&mut self.unknown_fields);
        for (field, times) in &report.unknown_fields {
            let line = report.line_of_field(field).unwrap_or_default();
            let known = fields.entry(field.clone()).or_insert(Times::from(line));
            (known.times, known.line) = (known.times + times, known.line.min(line));
        }
        let records = report.unknown_records.iter().map(|(name, times)| {
            (name.clone(), Times { times: *times, line: report.line_of_record(name).unwrap_or_default() })
        });
        let (records, kinds) = (records.collect(), std::mem::take(&mut self.unknown_kinds));
        for (what, names) in [("record", records), ("kind", kinds), ("field", fields)] {
            for (name, Times { times, line }) in names {
                let first = if times == 1 { "" } else { ", the first here" };
                let told = format!("the {what} {name:?} is unknown ({}{first})", counted(times, "time"));
                self.findings.note(Some(line).filter(|line| *line > 0), told, io)?;
            }
        }
        self.findings.verdict(report, io)
    }
}

/// Whether an importer of ours makes such kinds: under the name of its format, or of recordings.
fn is_of_importer(kind: &str) -> bool {
    let family = kind.split('.').next().unwrap_or_default();
    family == "recording" || formats().iter().any(|format| format.name.replace('-', "_") == family)
}

fn count(names: &mut BTreeMap<String, Times>, name: &str, line: u64) {
    if let Some(known) = names.get_mut(name) {
        known.times += 1;
    } else {
        let name = if names.len() < MAX_NAMES { name } else { "other" };
        names.entry(name.to_owned()).or_insert(Times::from(line)).times += 1;
    }
}
