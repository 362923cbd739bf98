//! The event as a user of `tokio::sync::broadcast` would build it by hand: as complete as Newswire's.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::sample::{Call, IDS, KIND, RESULT_BYTES};

/// The payload as JSON is written: from what the caller has, without copies.
#[derive(Serialize)]
struct Finished<'a> {
    name: &'a str,
    call_id: &'a str,
    result: &'a str,
    duration_ns: u64,
    result_bytes: u64,
    status: &'a str,
}

/// The payload as a value, in an enum of all kinds.
#[derive(Debug)]
#[expect(dead_code, reason = "consumers take it as a whole")]
pub(crate) struct ToolCallFinished {
    name: String,
    call_id: String,
    result: String,
    duration_ns: u64,
    result_bytes: u64,
    status: String,
}

/// What an event carries.
#[derive(Debug)]
pub(crate) enum Content {
    /// JSON, as an envelope for many kinds carries it.
    Json(Box<RawValue>),
    /// The value itself.
    ToolCallFinished(ToolCallFinished),
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
    pub(crate) fn json(context: &[Arc<str>; 4], call: Call) -> Arc<Self> {
        Self::new(context, Content::Json(json(call)))
    }

    /// Builds an event with its payload as a value.
    pub(crate) fn typed(context: &[Arc<str>; 4], call: Call) -> Arc<Self> {
        let Call { name, call_id, result, duration_ns, status } = call;
        let (name, call_id, result, status) = (name.into(), call_id.into(), result.into(), status.into());
        let value =
            ToolCallFinished { name, call_id, result, duration_ns, result_bytes: RESULT_BYTES, status };
        Self::new(context, Content::ToolCallFinished(value))
    }

    fn new(context: &[Arc<str>; 4], content: Content) -> Arc<Self> {
        let (id, time, ids) = (Uuid::now_v7(), SystemTime::now(), context.clone());
        Arc::new(Self { id, kind: KIND, time, ids, content })
    }
}

fn json(Call { name, call_id, result, duration_ns, status }: Call) -> Box<RawValue> {
    let payload = Finished { name, call_id, result, duration_ns, result_bytes: RESULT_BYTES, status };
    to_raw_value(&payload).expect("plain data")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{CALL, PAYLOAD};

    #[test]
    fn the_peer_carries_the_payload_of_the_measurements() {
        assert_eq!(json(CALL).get(), PAYLOAD);
    }
}
