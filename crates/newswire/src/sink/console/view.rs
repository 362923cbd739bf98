//! What of an event is shown: its subject, its figures, its text.
//!
//! Payloads are read by the names of their fields, which are the same in every kind: so custom kinds show as
//! well as known ones.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::figures;
use crate::event::{Event, Phase};

/// Fields that say what an event is about.
const SUBJECTS: [&str; 9] =
    ["name", "tool", "tool_name", "model", "title", "role", "subscription", "command", "key"];
/// Fields that hold what was said, asked or returned, the most telling first.
const TEXTS: [&str; 18] = [
    "text",
    "delta",
    "content",
    "question",
    "query",
    "prompt",
    "arguments",
    "result",
    "answer",
    "output",
    "response",
    "summary",
    "reason",
    "message",
    "description",
    "input",
    "value",
    "data",
];
/// Fields by which the chunks of one stream know each other.
const STREAMS: [&str; 6] = ["stream", "stream_id", "message_id", "reasoning_id", "call_id", "index"];
/// How many fields a payload may show where it has no text.
const MAX_OTHERS: usize = 8;

/// An event, read for showing.
#[derive(Default)]
pub(super) struct View<'a> {
    fields: BTreeMap<&'a str, &'a RawValue>,
    /// The payload, where it is no object.
    bare: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    cost_usd: Option<f64>,
}

impl<'a> View<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let Some(json) = event.payload_json() else { return Self::default() };
        // Names with escapes are none of those that are looked for; such payloads are shown bare.
        match serde_json::from_str(json) {
            Ok(fields) => Self { fields, bare: None },
            Err(_) => Self { fields: BTreeMap::new(), bare: serde_json::from_str(json).ok() },
        }
    }

    /// What the event is about, such as a tool's name.
    pub(super) fn subject(&self) -> Option<String> {
        self.first(&SUBJECTS).map(|(_, raw)| text_of(raw))
    }

    /// Durations, tokens, costs and other quantities, in words.
    pub(super) fn figures(&self) -> Vec<String> {
        let mut figures = Vec::new();
        if let Some(nanos) = self.number("duration_ns") {
            figures.push(figures::duration(nanos));
        }
        if let Some(usage) = self.fields.get("usage").and_then(|raw| serde_json::from_str(raw.get()).ok()) {
            show_usage(&usage, &mut figures);
        }
        for (name, raw) in &self.fields {
            figures.extend(quantity(name, raw));
        }
        figures
    }

    /// What went wrong, was said, asked or returned.
    pub(super) fn text(&self, event: &Event, phase: Option<Phase>) -> Option<String> {
        if let Some(text) = self.fields.get("error").and_then(|raw| error_text(raw)) {
            return Some(text);
        }
        if let (Some(Phase::Failed | Phase::Canceled), Some(raw)) = (phase, self.fields.get("reason")) {
            return Some(text_of(raw));
        }
        if let Some(message) = event.message() {
            return Some(message.to_owned());
        }
        let shown_above = self.first(&SUBJECTS).map(|(name, _)| name);
        let texts = TEXTS.iter().filter(|name| Some(**name) != shown_above);
        let text = texts
            .filter_map(|name| self.fields.get(name))
            .map(|raw| text_of(raw))
            .find(|text| !text.is_empty());
        text.or_else(|| self.bare.map(text_of)).or_else(|| self.others(shown_above))
    }

    /// A chunk's stream and its text.
    pub(super) fn chunk(&self) -> (Option<String>, String) {
        let stream = self.first(&STREAMS).map(|(_, raw)| text_of(raw));
        let text = self.first(&TEXTS).map(|(_, raw)| raw).or(self.bare);
        (stream, text.map(text_of).unwrap_or_default())
    }

    /// Fields of no known meaning: better shown than a line that says nothing.
    fn others(&self, subject: Option<&str>) -> Option<String> {
        let others = self.fields.iter().filter(|(name, raw)| {
            let is_id = ["id", "index"].contains(name) || name.ends_with("_id");
            let is_shown = Some(**name) == subject || **name == "usage" || quantity(name, raw).is_some();
            !is_id && !is_shown && **name != "duration_ns"
        });
        let shown: Vec<_> =
            others.take(MAX_OTHERS).map(|(name, raw)| format!("{name}={}", text_of(raw))).collect();
        (!shown.is_empty()).then(|| shown.join(" "))
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'a RawValue)> {
        names.iter().find_map(|name| {
            let raw = self.fields.get(name).copied().filter(|raw| raw.get() != "\"\"")?;
            Some((*name, raw))
        })
    }

    fn number(&self, name: &str) -> Option<u64> {
        serde_json::from_str(self.fields.get(name)?.get()).ok()
    }
}

/// A string's text; everything else as JSON.
fn text_of(raw: &RawValue) -> String {
    let json = raw.get();
    if json.starts_with('"') {
        serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
    } else {
        json.to_owned()
    }
}

/// An error is a text, or a record with a message.
fn error_text(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Failure {
        message: String,
    }
    match raw.get() {
        "null" | "false" | "\"\"" => None,
        json => {
            let failure: Option<Failure> = serde_json::from_str(json).ok();
            Some(failure.map_or_else(|| text_of(raw), |failure| failure.message))
        }
    }
}

fn show_usage(usage: &Usage, figures: &mut Vec<String>) {
    let tokens =
        |number: Option<u64>, what: &str| number.map(|number| format!("{} {what}", figures::count(number)));
    figures.extend(tokens(usage.input_tokens, "in"));
    figures.extend(tokens(usage.cache_read_tokens.filter(|number| *number > 0), "cached"));
    figures.extend(tokens(usage.output_tokens, "out"));
    figures.extend(tokens(usage.reasoning_tokens.filter(|number| *number > 0), "reasoning"));
    figures.extend(usage.cost_usd.map(figures::money));
}

/// A measure on its own, which has its unit in its name.
fn quantity(name: &str, raw: &RawValue) -> Option<String> {
    let json = raw.get();
    let (what, unit) = name.rsplit_once('_')?;
    let number = || serde_json::from_str::<u64>(json).ok();
    let shown = match unit {
        "ns" if what != "duration" => figures::duration(number()?),
        "bytes" => figures::bytes(number()?),
        "tokens" => figures::count(number()?),
        "usd" => figures::money(serde_json::from_str(json).ok()?),
        _ => return None,
    };
    let what = if unit == "tokens" { name } else { what };
    Some(format!("{} {shown}", what.replace('_', " ")))
}
