//! Positions as text.

use newswire::{Cursor, ErrorKind};
use proptest::prelude::*;

#[test]
fn a_cursor_says_what_it_is_made_of() {
    let cursor = Cursor::new("main", 3, 0).unwrap();
    assert_eq!((cursor.bus(), cursor.epoch(), cursor.seq()), ("main", 3, 0));
    assert_eq!(cursor.to_string(), "nw1.3.0.main");
}

#[test]
fn what_was_not_given_out_as_a_cursor_is_refused() {
    let texts = [
        ("", 1),
        ("7", 1),
        ("nw2.1.1.main", 1),
        ("NW1.1.1.main", 1),
        ("nw1", 5),
        ("nw1..1.main", 5),
        ("nw1.01.1.main", 5),
        ("nw1.+1.1.main", 5),
        ("nw1.18446744073709551616.1.main", 5),
        ("nw1.1", 7),
        ("nw1.1.-1.main", 7),
        ("nw1.1.1", 9),
        ("nw1.1.1.", 9),
        ("nw1.12.1.ma in", 12),
        ("nw1.1.1.ma.in", 11),
        ("nw1.1.1.%6d", 9),
        ("nw1.1.1.%6D", 9),
        ("nw1.1.1.x%2", 10),
        ("nw1.1.1.x%zz", 10),
        ("nw1.1.1.%FF", 9),
        ("nw1.1.1.é", 9),
        ("nw1.1.1.x%é", 10),
    ];
    for (text, column) in texts {
        let error = text.parse::<Cursor>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        assert_eq!(error.path(), Some("cursor"), "{text}");
        assert_eq!(error.column(), Some(column), "{text}: {error}");
    }
}

#[test]
fn a_cursor_is_bounded() {
    assert_eq!(Cursor::new("", 1, 1).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(Cursor::new("b".repeat(513), 1, 1).unwrap_err().kind(), ErrorKind::TooLarge);
    let text = format!("nw1.1.1.{}", "b".repeat(3000));
    assert_eq!(text.parse::<Cursor>().unwrap_err().kind(), ErrorKind::TooLarge);
    let longest = Cursor::new("\u{1}".repeat(512), u64::MAX, u64::MAX).unwrap();
    assert_eq!(longest.to_string().parse::<Cursor>().unwrap(), longest);
}

proptest! {
    #[test]
    fn any_position_survives_its_text(bus in ".{1,100}", epoch in any::<u64>(), seq in any::<u64>()) {
        let cursor = Cursor::new(bus, epoch, seq).unwrap();
        let text = cursor.to_string();
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-%".contains(&b)));
        prop_assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
    }

    #[test]
    fn a_text_that_is_read_is_the_one_that_is_written(text in "nw1\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[a-zA-Z%0-9.]{0,12}") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
        }
    }
}
