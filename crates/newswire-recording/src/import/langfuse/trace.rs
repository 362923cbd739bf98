//! The trace: a run around its observations, and the scores that it got.

use std::collections::HashSet;

use newswire::json::{Index, Raw};
use newswire::{ComponentScope, Error, Result, Scope, ScopeField, SpanId};

use super::agents::Agents;
use super::observation::{Failure, Observation, span_of, time};
use super::order::{Interval, marks};
use super::payload::Payload;
use super::room::{LeftOut, Of, leave_out, marked};
use crate::import::frame::{Frame, Place, label};
use crate::import::output::Output;
use crate::source::{Fields, with_attr};

/// What a record is, for error messages.
const TRACE: &str = r#"a trace of Langfuse, {"trace":{"id":...},"observations":[...]}"#;

/// What the trace tells besides what its events say.
const OF_TRACE: &[&str] = &[
    "projectId",
    "timestamp",
    "environment",
    "bookmarked",
    "release",
    "version",
    "public",
    "metadata",
    "createdAt",
    "updatedAt",
    "latency",
];

/// What a score tells besides what its event says.
const OF_SCORE: &[&str] = &[
    "id",
    "projectId",
    "environment",
    "source",
    "authorUserId",
    "metadata",
    "configId",
    "createdAt",
    "updatedAt",
    "queueId",
    "traceId",
    "observationId",
    "sessionId",
    "datasetRunId",
    "stringValue",
    "dataType",
];

/// Turns a document into events.
pub(super) fn read(record: &str, out: &mut Output<'_>) -> Result<()> {
    let mut index = Index::default();
    let mut document = Fields::read(&mut index, record, record).map_err(|error| error.expecting(TRACE))?;
    let raw = document.take("observations").ok_or_else(|| lacks("observations"))?;
    let observations = document.array(raw).map_err(|error| error.at_path("observations"))?;
    // A trace as the interface gives it has its observations within.
    let (mut trace, around) = match document.take("trace") {
        Some(raw) => (document.object(raw).map_err(|error| error.at_path("trace"))?, Some(document)),
        None => (document, None),
    };
    trace.forget_nulls();

    let mut read = Vec::with_capacity(observations.len());
    // Where each that was read stands.
    let mut places = Vec::with_capacity(observations.len());
    for (index, raw) in observations.into_iter().enumerate() {
        match Observation::read(&trace, raw, out) {
            Ok(observation) => {
                for left_out in &observation.left_out {
                    out.skip_part(trace.about(raw, &at(index), left_out.error()))?;
                }
                read.push(observation);
                places.push((index, raw));
            }
            Err(error) => out.skip_part(trace.about(raw, &at(index), error))?,
        }
    }
    let run = Run::begin(&mut trace, around.as_ref(), &read, out)?;
    let agents = Agents::of(&run.frame, &read);
    let intervals: Vec<_> = read.iter().map(interval).collect();
    let known: HashSet<&str> = intervals.iter().map(|one| one.id).collect();
    let parents: Vec<_> = intervals
        .iter()
        .map(|one| {
            let parent = one.parent.filter(|parent| *parent != one.id && known.contains(parent));
            parent.map_or(run.root, |id| span_of(&run.frame, id))
        })
        .collect();
    let mut broken = HashSet::new();
    for mark in marks(&intervals) {
        let (Some((index, raw)), Some(parent)) = (places.get(mark.index), parents.get(mark.index)) else {
            continue;
        };
        let Some(observation) = read.get_mut(mark.index).filter(|_| !broken.contains(&mark.index)) else {
            continue;
        };
        let frame = agents.frame(mark.index).unwrap_or(&run.frame);
        let given = match mark.is_end {
            true => observation.end(frame, *parent, out),
            false => observation.begin(frame, *parent, out),
        };
        if let Err(error) = given {
            broken.insert(mark.index);
            out.skip_part(trace.about(*raw, &at(*index), error))?;
        }
    }
    run.end(&read, out)?;
    run.scores(&trace, out)
}

fn at(index: usize) -> String {
    format!("observations[{index}]")
}

fn lacks(what: &str) -> Error {
    Error::invalid(format!("the document has no {what}")).at_column(1).expecting(TRACE)
}

fn interval<'o>(observation: &'o Observation<'_>) -> Interval<'o> {
    let Observation { id, parent, began, ended, .. } = observation;
    Interval { id, parent: parent.as_deref(), began: *began, ended: *ended }
}

/// The run that a trace is.
struct Run<'a> {
    frame: Frame,
    root: Option<SpanId>,
    name: Option<String>,
    output: Option<Raw<'a>>,
    scores: Option<Raw<'a>>,
    began: i64,
    ended: i64,
    left_out: Vec<LeftOut>,
}

impl<'a> Run<'a> {
    fn begin(
        trace: &mut Fields<'a>,
        around: Option<&Fields<'_>>,
        observations: &[Observation<'_>],
        out: &mut Output<'_>,
    ) -> Result<Self> {
        let mut left_out = Vec::new();
        if out.skips() {
            left_out = leave_out(trace, |name| match name {
                "scores" => None,
                "output" => Some(Of::End),
                _ => Some(Of::Beginning),
            });
            left_out.iter().try_for_each(|field| out.skip_part(field.error()))?;
        }
        let id = trace.take_text("id")?.filter(|id| !id.is_empty()).ok_or_else(|| lacks("id of a trace"))?;
        let stamp = time(trace, "timestamp")?;
        let times =
            || observations.iter().flat_map(|one| [Some(one.began), one.ended]).chain([stamp]).flatten();
        let (began, ended) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
        let mut frame = Frame::new("langfuse", id)?;
        for (name, field) in [("sessionId", ScopeField::Session), ("userId", ScopeField::User)] {
            if let Some(id) = trace.take_text(name)?.filter(|id| !id.is_empty()) {
                frame = frame.also_of(field, &id).map_err(|error| error.at_path(name))?;
            }
        }
        let root = frame.span("run", "");
        let name = trace.take_text("name")?;
        let (output, scores) = (trace.take("output"), trace.take("scores"));

        let mut payload = Payload::of("run.started")?;
        payload.put("name", name.as_deref())?;
        payload.put("input", trace.take("input"))?;
        let place = Place { span: root, parent: None };
        let mut builder = frame.event("run.started", began, place)?.serialize(&payload);
        builder = label(builder, ComponentScope::Run, frame.id())?;
        let tags = trace.peek_as::<Vec<String>>("tags");
        let fits = |tag: &String| !tag.is_empty() && tag.len() <= Scope::MAX_ID_LEN;
        if let Some(tags) = tags.filter(|tags| tags.iter().all(fits)) {
            trace.take("tags");
            builder = tags.into_iter().fold(builder, |builder, tag| builder.tag(tag));
        }
        builder = out.keep(builder, trace, OF_TRACE);
        if let Some(around) = around {
            builder = out.with_rest(builder, around, "document.");
        }
        out.push_with(marked(builder, &left_out, Of::Beginning), trace)?;
        Ok(Self { frame, root, name, output, scores, began, ended, left_out })
    }

    /// Gives its end: the failure of what is part of nothing else is its own.
    fn end(&self, observations: &[Observation<'_>], out: &mut Output<'_>) -> Result<()> {
        let failure =
            observations.iter().filter(|one| one.parent.is_none()).find_map(|one| one.failure.clone());
        let kind = if failure.is_some() { "run.failed" } else { "run.completed" };
        let mut payload = Payload::of(kind)?;
        payload.put("name", self.name.as_deref())?;
        payload.put("error", failure.map(|message| Failure { message }))?;
        let placed = payload.put("output", self.output)?;
        payload.put("duration_ns", Some(self.ended.saturating_sub(self.began)))?;
        let count = |sort: &str| observations.iter().filter(|one| one.is(sort)).count() as u64;
        payload.put("model_call_count", Some(count("GENERATION")))?;
        payload.put("tool_call_count", Some(count("TOOL")))?;
        let place = Place { span: self.root, parent: None };
        let mut builder = self.frame.event(kind, self.ended, place)?.serialize(&payload);
        if let Some(output) = self.output.filter(|_| !placed) {
            builder = with_attr(builder, "langfuse.output".to_owned(), output);
        }
        let builder = marked(builder, &self.left_out, Of::End);
        out.push(label(builder, ComponentScope::Run, self.frame.id())?)
    }

    /// Gives the scores, by time.
    fn scores(&self, trace: &Fields<'a>, out: &mut Output<'_>) -> Result<()> {
        let Some(raw) = self.scores else { return Ok(()) };
        let mut scores = Vec::new();
        for (index, raw) in trace.array(raw).map_err(|error| error.at_path("scores"))?.into_iter().enumerate()
        {
            let place = format!("scores[{index}]");
            let read = || {
                let mut score = trace.object(raw)?;
                score.forget_nulls();
                let at = time(&score, "timestamp")?.unwrap_or(self.ended);
                score.take("timestamp");
                Ok((at, place.clone(), raw, score))
            };
            match read() {
                Ok(score) => scores.push(score),
                Err(error) => out.skip_part(trace.about(raw, &place, error))?,
            }
        }
        scores.sort_by_key(|(at, ..)| *at);
        for (at, place, raw, score) in scores {
            if let Err(error) = self.score(at, &place, score, out) {
                out.skip_part(trace.about(raw, &place, error))?;
            }
        }
        Ok(())
    }

    fn score(&self, at: i64, number: &str, mut score: Fields<'_>, out: &mut Output<'_>) -> Result<()> {
        let name = score.take_text("name")?.unwrap_or_default();
        let value = score.take_as::<f64>("value", "a number")?;
        let is_verdict = score.peek("dataType").is_some_and(|raw| raw.get() == "\"BOOLEAN\"");
        let kind = "evaluation.completed";
        let mut payload = Payload::of(kind)?;
        payload.put("name", Some(&name))?;
        payload.put("passed", value.filter(|_| is_verdict).map(|value| value == 1.0))?;
        payload.put("score", value)?;
        payload.put("explanation", score.take_text("comment")?)?;
        let of = score.peek_as::<String>("observationId");
        let parent = of.map_or(self.root, |id| span_of(&self.frame, &id));
        let place = Place { span: self.frame.span("score", number), parent };
        let builder = self.frame.event(kind, at, place)?.serialize(&payload);
        let builder = label(builder, ComponentScope::Evaluation, &name)?;
        out.push_with(out.keep(builder, &mut score, OF_SCORE), &score)
    }
}
