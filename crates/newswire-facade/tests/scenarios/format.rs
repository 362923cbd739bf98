//! The format of `tests/conformance`: what a file, a step and its options may say. What they mean stands in the
//! README there; whatever isn't known is refused, so that a misspelt word can't make a scenario pass.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A file: what it is about, and its scenarios.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chapter {
    /// What these scenarios hold, as a sentence.
    #[serde(rename = "about")]
    pub(crate) _about: String,
    pub(crate) scenarios: Vec<Scenario>,
}

/// One behaviour, named as a sentence.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) steps: Vec<Map<String, Value>>,
}

/// A row of what runners take for the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    pub(crate) expected: Value,
    pub(crate) actual: Value,
    pub(crate) same: bool,
}

/// What is expected of a step.
#[derive(Clone)]
pub(crate) enum Expected {
    /// That it succeeds.
    Success,
    /// That it succeeds with this.
    Result(Value),
    /// That it comes to this if it is done again and again.
    Eventually(Value),
    /// That it is refused with this error.
    Error(Value),
}

/// How a step is done, whatever it does.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Manner {
    /// The name that its result gets.
    #[serde(rename = "as")]
    pub(crate) name: Option<String>,
    /// The name of a thread of its own that does it.
    pub(crate) background: Option<String>,
    /// Whether it is done on a thread that runs an event loop.
    pub(crate) on_loop: bool,
    /// A handler's step: which of its events it is done for.
    pub(crate) when: Option<Value>,
    /// How long `eventually` may take, where that isn't the usual time.
    pub(crate) within_ns: Option<u64>,
}

/// What an enricher does to every event.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Additions {
    pub(crate) scope: Map<String, Value>,
    pub(crate) tags: Vec<String>,
    pub(crate) attrs: Map<String, Value>,
    pub(crate) severity: Option<String>,
    pub(crate) message: Option<String>,
    /// Whether it fails, after all the rest.
    pub(crate) breaks: bool,
}

/// A filter, and the options of who has it: those that the facade knows, in one flat list.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    pub(crate) filter: String,
    /// A handler's steps.
    #[serde(default)]
    pub(crate) does: Vec<Map<String, Value>>,
    #[serde(flatten)]
    pub(crate) options: Map<String, Value>,
}

/// What a step does. `bus` is the name of a bus, `of` that of anything else.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    Bus(Map<String, Value>),
    Publish {
        event: Value,
        #[serde(default = "once")]
        times: usize,
    },
    TryPublish {
        event: Value,
    },
    PublishAsync {
        event: Value,
    },
    PublishDurable {
        event: Value,
    },
    PublishBatch {
        events: Vec<Value>,
    },
    Subscribe(Wanted),
    Handle(Wanted),
    Take {
        of: String,
        count: Option<usize>,
        timeout_ns: Option<u64>,
    },
    Calls {
        of: String,
        #[serde(default)]
        count: usize,
    },
    WaitAt {
        gate: String,
    },
    Arrived {
        gate: String,
        #[serde(default = "once")]
        count: usize,
    },
    Open {
        gate: String,
    },
    Pause {
        of: String,
    },
    Resume {
        of: String,
    },
    Resize {
        of: String,
        buffer: usize,
        #[serde(default = "sixteen_mebibytes")]
        buffer_bytes: usize,
    },
    Unsubscribe {
        of: String,
        #[serde(default = "long")]
        timeout_ns: u64,
    },
    Stats {
        of: Option<String>,
    },
    Position {
        of: Option<String>,
    },
    Wants {
        kind: String,
    },
    Select {
        filter: String,
        events: Vec<Value>,
    },
    Request {
        event: Value,
        timeout_ns: Option<u64>,
    },
    WaitFor {
        filter: String,
        timeout_ns: Option<u64>,
    },
    Close {
        timeout_ns: Option<u64>,
    },
    Join {
        of: String,
    },
    Await {
        of: String,
        timeout_ns: Option<u64>,
    },
    Emitter(Map<String, Value>),
    Emit {
        of: String,
        kind: String,
        payload: Option<Value>,
        message: Option<String>,
    },
    Begin {
        of: String,
        operation: String,
        label: String,
    },
    Progress {
        of: String,
        message: String,
    },
    End {
        of: String,
        how: String,
        #[serde(default, rename = "with")]
        outcome: Value,
    },
    Within {
        of: String,
    },
    Enrich(Additions),
    Redact(Map<String, Value>),
    Attach {
        url: String,
    },
    Flush {
        of: String,
        #[serde(default = "long")]
        timeout_ns: u64,
    },
    Detach {
        of: String,
    },
    Watch {
        view: String,
    },
    Snapshot {
        of: String,
    },
}

fn once() -> usize {
    1
}

fn long() -> u64 {
    20_000_000_000
}

fn sixteen_mebibytes() -> usize {
    16 << 20
}

/// A step, taken apart.
pub(crate) struct Step {
    pub(crate) manner: Manner,
    /// The name of the bus that it is about.
    pub(crate) bus: String,
    /// What it does, its variables not yet replaced.
    pub(crate) action: Map<String, Value>,
    pub(crate) expected: Expected,
}

impl Step {
    /// Takes a step apart.
    pub(crate) fn of(mut fields: Map<String, Value>) -> Result<Self, String> {
        let mut expected: Vec<_> = [
            ("expect", Expected::Result as fn(Value) -> Expected),
            ("eventually", Expected::Eventually),
            ("fails", Expected::Error),
        ]
        .into_iter()
        .filter_map(|(word, expectation)| fields.remove(word).map(expectation))
        .collect();
        if expected.len() > 1 {
            return Err("a step has one expectation: expect, eventually or fails".to_owned());
        }
        let manner = ["as", "background", "on_loop", "when", "within_ns"];
        let manner: Map<_, _> = manner.into_iter().filter_map(|word| fields.remove_entry(word)).collect();
        let bus = match fields.remove("bus") {
            Some(Value::String(name)) => name,
            None => "bus".to_owned(),
            Some(other) => return Err(format!("{other} is no name of a bus")),
        };
        Ok(Self {
            manner: serde_json::from_value(manner.into()).map_err(|error| error.to_string())?,
            bus,
            action: fields,
            expected: expected.pop().unwrap_or(Expected::Success),
        })
    }
}
