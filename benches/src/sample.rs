//! The event of the measurements: a finished tool call with four short ids and 211 bytes of payload.

use std::hint::black_box;
use std::sync::LazyLock;

use newswire::{Event, Kind, Scope, ScopeField};

/// The kind of the measured events.
pub(crate) const KIND: &str = "tool.call.completed";

/// The four short ids, by their field.
pub(crate) const IDS: [(ScopeField, &str); 4] = [
    (ScopeField::Session, "s-8fK2"),
    (ScopeField::Run, "r-51c"),
    (ScopeField::Step, "p-7"),
    (ScopeField::Turn, "t-3"),
];

/// The payload: 211 bytes of JSON.
pub(crate) const PAYLOAD: &str = concat!(
    r#"{"name":"web_search","call_id":"call_7Qx2mB4kZ9vRt1","#,
    r#""result":"Found 12 pages; the first: Event-driven agents in production, lessons of one year","#,
    r#""duration_ns":1834211907,"result_bytes":20480,"status":"success"}"#,
);

/// What a caller has at hand when the call has ended.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) call_id: &'static str,
    pub(crate) result: &'static str,
    pub(crate) duration_ns: u64,
    pub(crate) status: &'static str,
}

/// The call of the measurements.
pub(crate) const CALL: Call = Call {
    name: "web_search",
    call_id: "call_7Qx2mB4kZ9vRt1",
    result: "Found 12 pages; the first: Event-driven agents in production, lessons of one year",
    duration_ns: 1_834_211_907,
    status: "success",
};

/// How long the whole result is, in bytes.
pub(crate) const RESULT_BYTES: u64 = 20_480;

/// The kind, interned.
pub(crate) fn kind() -> Kind {
    static INTERNED: LazyLock<Kind> = LazyLock::new(|| Kind::parse(KIND).expect("a well-formed name"));
    INTERNED.clone()
}

/// The scope of the measured events: one that they share, as those of one emitter do.
pub(crate) fn scope() -> Scope {
    static SHARED: LazyLock<Scope> = LazyLock::new(|| {
        IDS.iter().fold(Scope::new(), |scope, (field, id)| scope.with(*field, *id).expect("a short id"))
    });
    SHARED.clone()
}

/// One event whose time tells it from all others: `mark` comes back by [`mark`].
pub(crate) fn event(mark: i64) -> Event {
    Event::builder(kind()).scope(scope()).time_ns(mark).json(PAYLOAD).build().expect("a small event")
}

/// `count` distinct events, marked from `first` on.
pub(crate) fn events(first: i64, count: usize) -> Vec<Event> {
    (first..).take(count).map(event).collect()
}

/// What a consumer does with an event: looks at its kind, its mark and its payload.
#[inline]
pub(crate) fn touch(event: &Event) -> i64 {
    black_box(event.kind() as *const Kind);
    black_box(event.payload_json().map_or(0, str::len));
    black_box(event.time_ns())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_of_the_measurements_has_211_bytes() {
        assert_eq!(PAYLOAD.len(), 211);
    }

    #[test]
    fn the_event_of_the_measurements_has_423_bytes_as_json() {
        assert_eq!(event(1).to_json().len(), 423);
    }
}
