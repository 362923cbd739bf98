//! The event as a user of `tokio::sync::broadcast` would build it by hand: as complete as Newswire's.

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::sample::{IDS, KIND};

/// The payload of the measurements as a type; as JSON it is [`crate::sample::PAYLOAD`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ToolCallDone {
    call_id: String,
    tool: String,
    status: String,
    duration_ns: u64,
    result: String,
    result_bytes: u64,
    attempt: u32,
}

impl ToolCallDone {
    /// The payload from what a caller has at hand.
    pub(crate) fn new(call_id: &str, tool: &str, status: &str, duration_ns: u64, result: &str) -> Self {
        let (call_id, tool, status, result) = (call_id.into(), tool.into(), status.into(), result.into());
        Self { call_id, tool, status, duration_ns, result, result_bytes: 20_480, attempt: 1 }
    }
}

/// A payload, ready for any consumer or kept as its type.
#[derive(Debug)]
pub(crate) enum Content {
    /// JSON, as an envelope for many kinds carries it.
    Json(Box<RawValue>),
    /// The value itself, in an enum of all kinds.
    Done(ToolCallDone),
}

/// One event.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) time: SystemTime,
    pub(crate) ids: [Arc<str>; 4],
    pub(crate) content: Content,
}

/// The fixed context of a run: its four ids.
pub(crate) fn context() -> [Arc<str>; 4] {
    IDS.map(|(_, id)| Arc::from(id))
}

impl Envelope {
    /// Builds an event with its payload as JSON.
    pub(crate) fn json(context: &[Arc<str>; 4], payload: &ToolCallDone) -> Arc<Self> {
        Self::new(context, Content::Json(to_raw_value(payload).expect("plain data")))
    }

    /// Builds an event with its payload as a value.
    pub(crate) fn typed(context: &[Arc<str>; 4], payload: ToolCallDone) -> Arc<Self> {
        Self::new(context, Content::Done(payload))
    }

    fn new(context: &[Arc<str>; 4], content: Content) -> Arc<Self> {
        let (id, time, ids) = (Uuid::now_v7(), SystemTime::now(), context.clone());
        Arc::new(Self { id, kind: KIND, time, ids, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{CALL, PAYLOAD};

    #[test]
    fn the_typed_payload_is_the_json_of_the_measurements() {
        let (call_id, tool, status, duration_ns, result) = CALL;
        let payload = ToolCallDone::new(call_id, tool, status, duration_ns, result);
        assert_eq!(serde_json::to_string(&payload).expect("plain data"), PAYLOAD);
    }
}
