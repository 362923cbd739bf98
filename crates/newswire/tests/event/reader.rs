//! Reading many events with one reader gives what reading each by itself gives.

use newswire::*;
use proptest::prelude::*;

use super::arbitrary::any_event;
use super::line_with;

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_reads_every_event_as_it_would_be_read_alone(
        events in prop::collection::vec(any_event(), 1..8),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut reader = EventReader::new();
        for index in order {
            let line = index.get(&events).to_json();
            prop_assert_eq!(reader.read(&line)?.to_json(), line);
        }
    }
}

#[test]
fn what_only_begins_like_a_remembered_text_is_read_anew() -> Result<()> {
    let mut reader = EventReader::new();
    for members in [
        r#""scope":{"session":"s-1"}"#,
        r#""scope":{"session":"s-1","run":"r-1"}"#,
        r#""scope":{"session":"s-1"},"payload":1"#,
        r#""scope":{"session":"s-1","later":[1.50]}"#,
        r#""scope":{"session":"s-1","later":[2.50]}"#,
        r#""source":{"component":"c"},"scope":{"session":"s-2"}"#,
    ] {
        let line = line_with(members);
        assert_eq!(reader.read(&line)?.to_json(), Event::from_json(&line)?.to_json());
    }
    Ok(())
}

#[test]
fn errors_after_a_remembered_text_have_their_columns() {
    let mut reader = EventReader::new();
    reader.read(line_with(r#""scope":{"session":"s-1"}"#)).unwrap();
    for members in [
        r#""scope":{"session":"s-1"},"payload":nul"#,
        r#""scope":{"session":"s-1"},"scope":{"session":"s-1"}"#,
        r#""scope":{"session":"s-1"}}"#,
        r#""source":{"session":"s-1"}"#,
    ] {
        let line = line_with(members);
        assert_eq!(reader.read(&line).unwrap_err(), Event::from_json(&line).unwrap_err());
    }
}
