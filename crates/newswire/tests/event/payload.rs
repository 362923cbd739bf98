//! Typed payloads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use newswire::catalogue::Failure;
use newswire::catalogue::tool::ToolCallFailed;
use newswire::*;
use proptest::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

use super::event;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Measured {
    cost_usd: f64,
    tokens: u64,
    delta: i64,
    note: Option<String>,
}

impl Payload for Measured {
    fn kind(&self) -> Kind {
        Kind::parse("test.measured").unwrap()
    }

    fn size_bound(&self) -> usize {
        160 + self.note.as_deref().map_or(0, json_len)
    }
}

proptest! {
    #[test]
    fn a_typed_payload_survives_the_wire_to_the_last_bit(
        cost_usd in any::<f64>(), tokens in any::<u64>(), delta in any::<i64>(), note in any::<Option<String>>(),
    ) {
        let sent = Measured { cost_usd, tokens, delta, note };
        let event = Event::of(sent.clone()).build().unwrap();
        let line = event.to_json();
        prop_assert!(line.len() <= event.size());
        let received = Event::from_json(&line).unwrap();
        let payload = received.payload::<Measured>().unwrap().unwrap();
        prop_assert_eq!(payload.cost_usd.to_bits(), sent.cost_usd.to_bits());
        prop_assert_eq!(&*payload, &sent);
        prop_assert_eq!(received.to_json(), line);
    }
}

/// Counts how often it is serialised.
#[derive(Clone, Deserialize)]
struct Counted {
    #[serde(skip)]
    count: Arc<AtomicUsize>,
}

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.count.fetch_add(1, Ordering::Relaxed) as u64)
    }
}

impl Payload for Counted {
    fn kind(&self) -> Kind {
        Kind::parse("test.counted").unwrap()
    }

    fn size_bound(&self) -> usize {
        20
    }
}

#[test]
fn a_payload_is_serialised_once_however_many_ask_and_not_before() -> Result<()> {
    let count = Arc::new(AtomicUsize::new(0));
    let event = Event::of(Counted { count: count.clone() }).build()?;
    assert!(event.payload::<Counted>()?.is_some());
    assert_eq!(count.load(Ordering::Relaxed), 0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(event.clone().to_json().ends_with(r#""payload":0}"#)));
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 1);
    Ok(())
}

/// Can't be serialised, for a reason of its own.
#[derive(Clone, Deserialize)]
struct Broken(String);

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(&self.0))
    }
}

impl Payload for Broken {
    fn kind(&self) -> Kind {
        Kind::parse("test.broken").unwrap()
    }

    fn size_bound(&self) -> usize {
        2
    }
}

#[test]
fn a_payload_that_cannot_be_serialised_says_so_in_its_place() -> Result<()> {
    let event = Event::of(Broken("the file is \"gone\"".into())).build()?;
    let said = r#"{"error":"the payload could not be serialised: the file is \"gone\""}"#;
    assert_eq!(event.payload_json(), Some(said));
    assert_eq!(Event::from_json(event.to_json())?.payload_json(), Some(said));
    assert_eq!(
        event.payload::<Broken>()?.map(|value| value.0.clone()).as_deref(),
        Some("the file is \"gone\"")
    );
    Ok(())
}

#[test]
fn a_long_reason_is_cut_to_the_size_that_was_declared() -> Result<()> {
    for reason in ["x".repeat(10_000), "\u{1}".repeat(10_000), "é\"".repeat(10_000)] {
        let event = Event::of(Broken(reason)).build()?;
        let line = event.to_json();
        assert!(line.len() <= event.size(), "{line}");
        assert!(Event::from_json(&line).is_ok(), "{line}");
    }
    Ok(())
}

/// Nests arrays as deep as it says.
#[derive(Clone, Deserialize)]
struct Deep(usize);

impl Serialize for Deep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_unit(),
            depth => [Deep(depth - 1)].serialize(serializer),
        }
    }
}

impl Payload for Deep {
    fn kind(&self) -> Kind {
        Kind::parse("test.deep").unwrap()
    }

    fn size_bound(&self) -> usize {
        4 + 2 * self.0
    }
}

#[test]
fn a_payload_that_nests_too_deep_is_no_payload() -> Result<()> {
    let deepest = Event::of(Deep(64)).build()?;
    assert_eq!(deepest.payload_json(), Some(&*format!("{}null{}", "[".repeat(64), "]".repeat(64))));
    let deeper = Event::of(Deep(65)).build()?;
    assert!(deeper.payload_json().unwrap().contains("could not be serialised"));
    assert_eq!(event().serialize(&Deep(65)).build().unwrap_err().path(), Some("payload"));
    assert_eq!(event().attr("deep", &Deep(65)).build().unwrap_err().path(), Some("attrs.deep"));
    Ok(())
}

#[test]
fn a_payload_of_another_shape_is_an_error_that_points() -> Result<()> {
    let event = event().json(r#"{"cost_usd":"much"}"#).build()?;
    let error = event.payload::<Measured>().unwrap_err();
    assert_eq!((error.kind(), error.path(), error.column()), (ErrorKind::Invalid, Some("payload"), Some(18)));
    Ok(())
}

#[test]
fn an_event_without_payload_has_none_of_any_type() -> Result<()> {
    let event = event().build()?;
    assert_eq!(event.payload_json(), None);
    assert!(event.payload::<Measured>()?.is_none());
    Ok(())
}

#[test]
fn fields_of_the_catalogue_are_read_in_any_order_each_once_and_the_required_ones_surely() {
    let read = serde_json::from_str::<ToolCallFailed>;
    let failed = read(
        r#"{"duration_ns":7,"mine":[1],"error":{"code":"5","message":"no"},"call_id":null,"name":"ls"}"#,
    );
    let expected =
        ToolCallFailed::new("ls", None, Failure { code: Some("5".into()), ..Failure::new("no") }, 7);
    assert_eq!(failed.unwrap(), expected);
    let message = |json| read(json).unwrap_err().to_string();
    assert!(message(r#"{"name":"ls"}"#).starts_with("missing field `error`"));
    assert!(message(r#"{"name":"ls","error":{}}"#).starts_with("missing field `message`"));
    assert!(message(r#"{"name":"ls","name":"ls"}"#).starts_with("duplicate field `name`"));
    assert!(message(r#"{"name":5}"#).starts_with("invalid type: integer `5`, expected a string"));
    assert!(message("7").starts_with("invalid type: integer `7`, expected struct ToolCallFailed"));
}

#[test]
fn what_is_shown_of_a_payload_is_what_it_has() {
    let shown = format!("{:?}", ToolCallFailed::new("ls", None, "no", Some(7)));
    assert_eq!(shown, r#"ToolCallFailed { name: "ls", error: Failure { message: "no" }, duration_ns: 7 }"#);
}
