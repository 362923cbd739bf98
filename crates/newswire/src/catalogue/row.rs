//! One row of the catalogue: what is known about a kind.
//!
//! Every column has a value; where another system has no counterpart, the column says why.
//!
//! As it is written, a row is an [`Entry`]: what events need at once, and one text that holds the rest. A table
//! of texts per field would need a pointer for each, which costs a binary twice its length; so the rest is
//! split up when somebody first asks for it, once a process.

use crate::error::{Error, Result};
use crate::event::{ComponentScope, Phase, Severity};

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The dotted name.
    pub kind: &'static str,
    /// Which part of the system it is about, for lifecycles.
    pub component: Option<ComponentScope>,
    /// Its station, for lifecycles.
    pub phase: Option<Phase>,
    /// The name of its payload type, the same in every language.
    pub payload: &'static str,
    /// The severity of its events, where they set none.
    pub severity: Severity,
    /// How consecutive events of one stream may become one.
    pub merge: Merge,
    /// One line on what it means.
    pub docs: &'static str,
    /// The GenAI operation of OpenTelemetry that it is a part of.
    pub otel: Elsewhere,
    /// The event of AG-UI that it becomes.
    pub agui: Elsewhere,
    /// The fields of its payload, in the order of the wire.
    pub fields: &'static [FieldRow],
}

/// One field of a payload.
#[derive(Clone, Copy, Debug)]
pub struct FieldRow {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its type: `text`, `integer`, `number`, `boolean`, `json`, `bytes` in base64, or a record's name.
    pub value: &'static str,
    /// Whether it may be missing.
    pub optional: bool,
    /// What it is, from which capture, redaction and opt-in follow.
    pub class: Class,
    /// The attribute of OpenTelemetry, where there is one.
    pub otel: Option<&'static str>,
    /// One line on what it means.
    pub docs: &'static str,
}

/// What a field is, from which capture, redaction and opt-in follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// What people, models or tools said: captured by choice.
    Content,
    /// Joins it to something else.
    Id,
    /// A quantity, its unit in the name.
    Measure,
    /// Everything else that describes it.
    Meta,
}

impl Class {
    /// Its name in schemas and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Id => "id",
            Self::Measure => "measure",
            Self::Meta => "meta",
        }
    }

    /// The class of that name.
    ///
    /// # Errors
    /// `Invalid`, with the names that exist.
    pub fn parse(name: &str) -> Result<Self> {
        [Self::Content, Self::Id, Self::Measure, Self::Meta]
            .into_iter()
            .find(|class| class.as_str() == name)
            .ok_or_else(|| {
                Error::invalid(format!("{name:?} is no class of fields"))
                    .expecting("content, id, measure or meta")
            })
    }
}

/// How consecutive events of one stream may become one, where a subscription asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Each stands for itself.
    Never,
    /// The last one of a span says it all.
    LastWins,
    /// The texts of `field` are joined, for each value of `stream`.
    Concatenate {
        /// The field whose texts are joined.
        field: &'static str,
        /// The field that tells streams apart.
        stream: &'static str,
    },
    /// These fields are added up, the others must be equal.
    Add(&'static [&'static str]),
}

/// What something is called elsewhere, or why there is no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Its name there.
    As(&'static str),
    /// Why there is none.
    Absent(&'static str),
}

/// A row as it is written.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) component: Option<ComponentScope>,
    pub(super) phase: Option<Phase>,
    pub(super) severity: Severity,
    /// `None` for `Merge::Never`, which most are.
    pub(super) merge: Option<&'static Merge>,
    /// Blocks of lines, an empty line between: docs, otel and agui of the kind, then its fields, one a line,
    /// the parts separated by tabs. The five kinds of a lifecycle have one text: what it is, otel, agui of
    /// each station, then the fields of its identity, of the started, the completed, the
    /// failed and the canceled kind.
    pub(super) text: &'static str,
}

impl Entry {
    /// What a place of the table holds until its entry is written into it.
    pub(super) const BLANK: Self =
        Self { kind: "", component: None, phase: None, severity: Severity::Info, merge: None, text: "" };

    /// Whether its text isn't that of the row before, as it is for the later stations of a lifecycle.
    pub(super) const fn has_own_text(&self) -> bool {
        matches!(self.phase, None | Some(Phase::Started))
    }

    /// The whole row; what is made for it stays for the life of the process.
    pub(super) fn row(&self) -> Row {
        let lines: Vec<_> = self.text.split('\n').collect();
        let mut blocks = lines.split(|line| line.is_empty());
        let mut block = || blocks.next().unwrap_or_default();
        let (head, first) = (block(), block());
        let line = |place: usize| head.get(place).copied().unwrap_or_default();
        let (docs, agui, fields) = match self.phase {
            None => (line(0), line(2), first.to_vec()),
            Some(phase) => {
                let station = Station::of(phase);
                let own = [block(), block(), block(), block()];
                let fields = station.fields(first, own);
                (&*format!("{}{}", line(0), station.docs).leak(), line(station.agui), fields)
            }
        };
        let fields: Vec<_> = fields.into_iter().map(FieldRow::of).collect();
        Row {
            kind: self.kind,
            component: self.component,
            phase: self.phase,
            payload: payload_of(self.kind).leak(),
            severity: self.severity,
            merge: self.merge.copied().unwrap_or(Merge::Never),
            docs,
            otel: Elsewhere::of(line(1)),
            agui: Elsewhere::of(agui),
            fields: fields.leak(),
        }
    }
}

/// The payload type is named after its kind.
fn payload_of(kind: &str) -> String {
    let mut name = String::with_capacity(kind.len());
    let mut begins = true;
    for letter in kind.chars() {
        match letter {
            '.' | '_' => begins = true,
            _ if begins => {
                name.push(letter.to_ascii_uppercase());
                begins = false;
            }
            _ => name.push(letter),
        }
    }
    name
}

/// What all lifecycles have in common at one station; `lifecycle!` gives their payloads the same fields.
struct Station {
    phase: Phase,
    docs: &'static str,
    /// The line of its agui column.
    agui: usize,
}

const DURATION: &str = "duration_ns\t?uQ\tHow long it took.";

const PROGRESS: [&str; 4] = [
    "message\t?tC\tHow far it has come, for people.",
    "current\t?uQ\tHow much is done, in units of its own.",
    "total\t?uQ\tHow much there is to do, in the same units.",
    "data\t?jC\tAnything else that tells how far it has come.",
];

impl Station {
    fn of(phase: Phase) -> Self {
        let (docs, agui) = match phase {
            Phase::Started => (" has begun.", 2),
            Phase::Progress => (" is under way.", 3),
            Phase::Completed => (" has ended without error.", 4),
            Phase::Failed => (" has errored.", 5),
            Phase::Canceled => (" was refused, skipped or stopped.", 6),
        };
        Self { phase, docs, agui }
    }

    /// The fields of its payload, in the order of the wire.
    fn fields(
        &self,
        identity: &[&'static str],
        [started, completed, failed, canceled]: [&[&'static str]; 4],
    ) -> Vec<&'static str> {
        match self.phase {
            Phase::Started => [identity, started].concat(),
            Phase::Progress => [identity, &PROGRESS].concat(),
            Phase::Completed => {
                let (outcome, rest) = completed.split_at(completed.len().min(1));
                [identity, outcome, &[DURATION], rest].concat()
            }
            Phase::Failed => {
                [identity, &["error\txCerror.type\tWhat went wrong.", DURATION], failed].concat()
            }
            Phase::Canceled => [identity, &["reason\t?tM\tWhy.", DURATION], canceled].concat(),
        }
    }
}

impl Elsewhere {
    fn of(line: &'static str) -> Self {
        match line.split_once('\t') {
            Some(("As", name)) => Self::As(name),
            Some((_, reason)) => Self::Absent(reason),
            None => Self::Absent(""),
        }
    }
}

impl FieldRow {
    /// Reads its name; `?` if it is optional, letters for type and class as `code!` gives them, and its
    /// attribute of OpenTelemetry; its docs.
    fn of(line: &'static str) -> Self {
        let mut parts = line.split('\t');
        let mut part = || parts.next().unwrap_or_default();
        let (name, declared, docs) = (part(), part(), part());
        let inner = declared.strip_prefix('?');
        let mut letters = inner.unwrap_or(declared).chars();
        let value = match letters.next() {
            Some('t') => "text",
            Some('u') => "integer",
            Some('f') => "number",
            Some('b') => "boolean",
            Some('g') => "Usage",
            Some('x') => "Failure",
            Some('m') => "Media",
            _ => "json",
        };
        let class = match letters.next() {
            Some('C') => Class::Content,
            Some('I') => Class::Id,
            Some('Q') => Class::Measure,
            _ => Class::Meta,
        };
        let otel = Some(letters.as_str()).filter(|otel| !otel.is_empty());
        Self { name, value, optional: inner.is_some(), class, otel, docs }
    }

    /// Whether it is an integer that may need all 64 bits: those that count nanoseconds do, all others are
    /// at most 2^53 - 1, which every language's plain number can hold.
    pub fn is_int64(&self) -> bool {
        self.value == "integer" && self.unit() == Some("ns")
    }

    /// The unit, which is in the name: `ns`, `bytes`, `usd`, `tokens`, `count`.
    pub fn unit(&self) -> Option<&'static str> {
        ["ns", "bytes", "usd", "tokens", "count"]
            .into_iter()
            .find(|unit| self.name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_')))
    }
}

/// The station that the last segment of a kind names.
pub(super) const fn phase_in(kind: &str) -> Option<Phase> {
    let mut rest = kind.as_bytes();
    let mut last = rest;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == b'.' {
            last = rest;
        }
    }
    match last {
        b"started" => Some(Phase::Started),
        b"progress" => Some(Phase::Progress),
        b"completed" => Some(Phase::Completed),
        b"failed" => Some(Phase::Failed),
        b"canceled" => Some(Phase::Canceled),
        _ => None,
    }
}
