//! Something that a run did, and in what it can differ from what another did.

use clap::ValueEnum;
use newswire::Status;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// How much of arguments and results is kept to be shown, in bytes.
const KEPT: usize = 2000;

/// What can differ between two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Aspect {
    Arguments,
    Result,
    Status,
    Tokens,
    Cost,
    Duration,
}

/// Something that a run did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Operation {
    /// Its place among those of its run, from 1.
    pub(super) number: usize,
    /// What it is: `model.call`, `tool.call`, `message`.
    pub(super) operation: String,
    /// Which model, tool or role.
    pub(super) label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Text>,
    #[serde(serialize_with = "word")]
    pub(super) status: Status,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cost_usd: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ns: Option<u64>,
    #[serde(skip)]
    pub(super) began_ns: i64,
}

fn word<S: serde::Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *status == Status::Running { "open" } else { status.as_str() })
}

impl Operation {
    /// What it is, whatever it was called with.
    pub(super) fn sort(&self) -> u64 {
        hash(&[&self.operation, &self.label])
    }

    /// What it is and what with; of a message, what it says.
    pub(super) fn identity(&self) -> u64 {
        let text = if self.operation == "message" { &self.result } else { &self.arguments };
        let text = text.as_ref().map_or(0, |text| text.hash).to_string();
        hash(&[&self.operation, &self.label, &text])
    }

    /// In what it differs from another.
    pub(super) fn differs(&self, other: &Self, ignored: &[Aspect]) -> Vec<Aspect> {
        let aspects = [
            (Aspect::Arguments, self.arguments != other.arguments),
            (Aspect::Result, self.result != other.result),
            (Aspect::Status, self.status != other.status),
            (
                Aspect::Tokens,
                (self.input_tokens, self.output_tokens) != (other.input_tokens, other.output_tokens),
            ),
            (Aspect::Cost, self.cost_usd != other.cost_usd),
            (Aspect::Duration, self.duration_ns != other.duration_ns),
        ];
        let differs = aspects.into_iter().filter(|(aspect, differs)| *differs && !ignored.contains(aspect));
        differs.map(|(aspect, _)| aspect).collect()
    }
}

/// A text of any length: what it begins with, and a hash of it all.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) shown: String,
    hash: u64,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

impl Text {
    pub(super) fn of(pieces: &[Option<&RawValue>]) -> Option<Self> {
        let mut text = String::new();
        for piece in pieces.iter().flatten().map(|piece| piece.get()).filter(|piece| *piece != "null") {
            if !text.is_empty() {
                text.push(' ');
            }
            // What is said is shown as it was said; JSON is the same in whatever way it is written.
            match serde_json::from_str::<Value>(piece) {
                Ok(Value::String(said)) => text.push_str(&said),
                Ok(value) => text.push_str(&value.to_string()),
                Err(_) => text.push_str(piece),
            }
        }
        let hash = hash(&[&text]);
        let end = text.floor_char_boundary(KEPT);
        let cut = text.len() > end;
        text.truncate(end);
        if cut {
            text.push('…');
        }
        (!text.is_empty()).then_some(Self { shown: text, hash })
    }
}

/// FNV-1a.
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
