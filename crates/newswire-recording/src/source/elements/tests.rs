//! Elements are told apart whatever they are, however they come, and errors say where.

use std::io::BufReader;

use proptest::prelude::*;

use super::*;

/// What comes of it: elements as they are, errors as `line:column message`; at most 20.
fn read(bytes: &[u8], capacity: usize, max_bytes: usize) -> Vec<String> {
    let mut elements = Elements::new(BufReader::with_capacity(capacity, bytes), max_bytes);
    let mut found = Vec::new();
    while found.len() < 20 {
        let told = match elements.next() {
            Ok(None) => break,
            Ok(Some(text)) => Ok(text.to_owned()),
            Err(error) => Err(error.message().to_owned()),
        };
        let Spot { line, column } = elements.spot();
        found.push(told.unwrap_or_else(|message| format!("{line}:{column} {message}")));
    }
    found
}

#[test]
fn elements_are_told_apart_whatever_they_are_and_however_they_come() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        (" \n[ ] ", &[]),
        ("[1, -2.5e3 ,true\n,null,\"a,]\\\"b\"]", &["1", "-2.5e3", "true", "null", r#""a,]\"b""#]),
        (
            "[[], [1,[2]],{},\r\n{\"a\":[{\"b\":\"}\"}]}]\r\n",
            &["[]", "[1,[2]]", "{}", r#"{"a":[{"b":"}"}]}"#],
        ),
        ("\u{feff}[\"\u{e9}\"]", &["\"\u{e9}\""]),
        ("\u{feff}{\n\"a\": 1\n}", &["{\n\"a\": 1\n}"]),
        (
            "{\"a\":1}{\"b\":2}\n7 \"x\"[8,9]\n[[3]]",
            &["{\"a\":1}", "{\"b\":2}", "7", "\"x\"", "8", "9", "[3]"],
        ),
        ("data: {\"a\":1}\n\ndata: [2]\ndata:\"x\" 5", &["data: {\"a\":1}", "data: [2]", "data:\"x\"", "5"]),
        ("[{]", &["{]", "1:4 the file ends within the array"]),
        ("[1,\n\"\u{e9}", &["1", "2:3 the file ends within a value"]),
        ("[{},\n {}", &["{}", "{}", "2:4 the file ends within the array"]),
        ("[1] x]", &["1", "x", "1:6 ']' can't stand here"]),
        ("[1 2]", &["1", "1:4 an element isn't followed by the next"]),
        ("[\n,1]", &["2:1 ',' can't stand here"]),
        ("[1,]", &["1", "1:4 ']' can't stand here"]),
        ("}", &["1:1 '}' can't stand here"]),
        (
            "[\"a\0\",\n\"\u{e9}\0\", 1]",
            &["1:4 a NUL stands in the text", "2:3 a NUL stands in the text", "1"],
        ),
    ];
    for (text, expected) in cases {
        for capacity in [1, 2, 3, 7, 8192] {
            assert_eq!(&read(text.as_bytes(), capacity, 100), expected, "{text:?} by {capacity}");
        }
    }
    let torn = ["1:3 these bytes are not UTF-8", "2"];
    assert_eq!(read(b"[\"\xff\",2]", 2, 100), torn);
    assert_eq!(read(b"\xef\xbb[1]", 1, 100), ["1:1 these bytes are not UTF-8"]);
}

#[test]
fn an_element_that_is_too_long_is_passed_without_being_held() {
    let text = format!("[1,\n{{\"a\":\"{}\"}}, 2,{}]", "x,]".repeat(50), "7".repeat(30));
    for capacity in [1, 16, 8192] {
        let found = read(text.as_bytes(), capacity, 20);
        let too_long = [
            "2:1 a record has at most 20 bytes, this has more",
            "2",
            "2:163 a record has at most 20 bytes, this has more",
        ];
        assert_eq!(found, [&["1"], &too_long[..]].concat(), "by {capacity}");
    }
    let mut endless = Elements::new(BufReader::new(std::io::repeat(b'[')), 1000);
    assert_eq!(endless.next().unwrap_err().kind(), ErrorKind::TooLarge);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = "[ -~\u{e9}\u{1F980}\n]{0,6}".prop_map(serde_json::Value::from);
    let leaf =
        prop_oneof![any::<i64>().prop_map(serde_json::Value::from), text, Just(serde_json::Value::Null)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a\"\\\\]{0,2}", inner, 0..3)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_array_gives_its_elements(values in prop::collection::vec(json(), 0..6), pretty in any::<bool>(), capacity in 1_usize..40) {
        let text = if pretty { serde_json::to_string_pretty(&values) } else { serde_json::to_string(&values) }.unwrap();
        let found = read(text.as_bytes(), capacity, 10_000);
        let found: Vec<serde_json::Value> = found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(found, values);
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in prop::collection::vec(prop::sample::select(b"[]{}\",:\\ \n1a\xc3\xa9\0\xef\xbb\xbf".to_vec()), 0..40), capacity in 1_usize..9) {
        let mut elements = Elements::new(BufReader::with_capacity(capacity, &*bytes), 8);
        let mut rounds = 0;
        while !matches!(elements.next(), Ok(None)) {
            rounds += 1;
            prop_assert!(rounds <= bytes.len() + 1);
        }
    }
}
