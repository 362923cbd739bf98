//! Times on the wire.

use newswire::{Event, Result};
use proptest::prelude::*;

use super::{event, line_with};

fn written(time_ns: i64) -> String {
    let line = event().time_ns(time_ns).build().unwrap().to_json();
    let (_, rest) = line.split_once(r#""time":""#).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn read(text: &str) -> Result<i64> {
    Event::from_json(line_with("").replace("2026-11-21T01:02:03.000000000Z", text))
        .map(|event| event.time_ns())
}

#[test]
fn known_moments_are_written_as_they_were() {
    let moments = [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
        (951_868_799_999_999_999, "2000-02-29T23:59:59.999999999Z"),
        (1_795_222_923_123_456_789, "2026-11-21T01:02:03.123456789Z"),
        (-2_203_891_200_000_000_000, "1900-03-01T00:00:00.000000000Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
        (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
    ];
    for (time_ns, text) in moments {
        assert_eq!(written(time_ns), text);
        assert_eq!(read(text).unwrap(), time_ns);
    }
}

#[test]
fn times_of_others_are_understood() {
    let moments = [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("1970-01-01T00:00:00.000000001+00:00", 1),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T16:00:00-08:00", 0),
        ("1970-01-01T00:00:00-00:00", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
        ("2017-01-01T00:59:60+01:00", 1_483_228_800_000_000_000),
    ];
    for (text, time_ns) in moments {
        assert_eq!(read(text).unwrap(), time_ns, "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    let texts = [
        "",
        "now",
        "0",
        "2026-11-21",
        "2026-11-21T01:02:03",
        "2026-11-21 01:02:03Z",
        "2026-11-21T01:02Z",
        "2026-11-21T1:02:03Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T01:60:00Z",
        "2026-11-21T01:02:60Z",
        "2026-11-21T01:02:61Z",
        "2026-11-21T01:02:03.Z",
        "2026-11-21T01:02:03.0000000001Z",
        "2026-11-21T01:02:03+1:00",
        "2026-11-21T01:02:03+24:00",
        "2026-11-21T01:02:03Zulu",
        "+026-11-21T01:02:03Z",
        "２026-11-21T01:02:03Z",
        "1677-09-21T00:12:43.145224191Z",
        "2262-04-11T23:47:16.854775808Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ];
    let column = line_with("").find("\"2026").map(|start| start + 1);
    for text in texts {
        let error = read(text).unwrap_err();
        assert_eq!((error.path(), error.column()), (Some("time"), column), "{text}");
    }
}

proptest! {
    #[test]
    fn every_moment_survives_and_sorts_as_text(one in any::<i64>(), other in any::<i64>()) {
        prop_assert_eq!(read(&written(one)).unwrap(), one);
        prop_assert_eq!(written(one).cmp(&written(other)), one.cmp(&other));
    }
}
