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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// White space behind the first brace is where no event of ours has any: such a line is read member by member.
    #[test]
    fn a_damaged_event_is_read_as_if_it_were_laid_out_otherwise(
        event in any_event(),
        place in any::<prop::sample::Index>(),
        piece in prop::sample::select(vec!["", "\"", ",", "}", "0", "-", "\\", "\\u0061", "é", " ", "A", "id", "\"id\":1,"]),
        removed in 0..4_usize,
    ) {
        let mut line = event.to_json();
        // Mostly where the envelope begins.
        let at = 1 + place.index((line.len() - 1).min(500));
        let at = line.floor_char_boundary(at).max(1);
        let end = line.ceil_char_boundary((at + removed).min(line.len()));
        line.replace_range(at..end, piece);
        let other = format!("{{ {}", &line[1..]);
        match (Event::from_json(&line), Event::from_json(&other)) {
            (Ok(read), Ok(other)) => {
                prop_assert_eq!(read.to_json(), other.to_json());
                prop_assert_eq!(read.size(), other.size());
            }
            (Err(error), Err(other)) => {
                prop_assert_eq!((error.message(), error.path()), (other.message(), other.path()), "{}", line);
                prop_assert_eq!(error.column().map(|column| column + 1), other.column(), "{}", line);
            }
            (read, other) => prop_assert!(false, "{line}: {read:?} {other:?}"),
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
