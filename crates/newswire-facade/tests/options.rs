//! Options in words: what is wrong is told with its path and what was expected.

use newswire::{Bus, ErrorKind, Field, Mode, Start, WhenFull};
use newswire_facade::{BusSpec, HandlerSpec, RedactSpec, SubscribeSpec};

#[test]
fn the_defaults_are_the_cores() {
    let (ours, cores) = (SubscribeSpec::default().options().unwrap(), newswire::SubscribeOptions::default());
    assert_eq!((ours.buffer, ours.buffer_bytes), (cores.buffer, cores.buffer_bytes));
    assert_eq!((ours.when_full, ours.max_wait, ours.start), (cores.when_full, cores.max_wait, cores.start));
    let (ours, cores) = (BusSpec::default().options().unwrap(), newswire::BusOptions::default());
    assert_eq!((ours.history, ours.workers, ours.payloads), (cores.history, cores.workers, cores.payloads));
    assert_eq!(HandlerSpec::default().options().unwrap().mode, Mode::Locked);
}

#[test]
fn words_become_the_cores_options() {
    let json = r#"{"queue":{"buffer":2,"when_full":"drop_newest","start":"after:nw1.3.1204.main"},
        "mode":"keyed","key":"session","timeout_ns":5,"set_aside_after":3}"#;
    let options = HandlerSpec::from_json(json).unwrap().options().unwrap();
    assert_eq!(options.mode, Mode::Keyed(Field::parse("session").unwrap()));
    assert_eq!((options.queue.buffer, options.queue.when_full), (2, WhenFull::DropNewest));
    assert!(matches!(options.queue.start, Start::After(cursor) if cursor.seq() == 1204));
    assert_eq!(options.set_aside_after, Some(3));
}

#[test]
fn each_start_has_a_text_that_is_read_back() {
    for text in
        ["live", "earliest", "last:7", "after:nw1.3.1204.main", "since:2026-11-21T09:30:00.000000000Z"]
    {
        assert_eq!(text.parse::<Start>().unwrap().to_string(), text);
    }
    assert_eq!("since:-5".parse::<Start>().unwrap(), Start::Since(-5));
}

#[test]
fn a_wrong_word_is_told_with_its_path_and_the_words_that_exist() {
    let wrong = |change: fn(&mut HandlerSpec)| {
        let mut spec = HandlerSpec::default();
        change(&mut spec);
        let error = spec.options().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        (error.path().unwrap_or_default().to_owned(), error.expected().unwrap_or_default().to_owned())
    };
    let told = |path: &str, expected: &str| (path.to_owned(), expected.to_owned());
    let words = "drop_oldest, drop_newest or block";
    assert_eq!(wrong(|spec| spec.queue.when_full = "wait".into()), told("options.when_full", words));
    assert_eq!(wrong(|spec| spec.queue.buffer = -1), told("options.buffer", "0 or more"));
    assert_eq!(wrong(|spec| spec.timeout_ns = Some(-1)), told("options.timeout_ns", "0 or more"));
    let modes = "inline, locked, keyed or concurrent";
    assert_eq!(wrong(|spec| spec.mode = "parallel".into()), told("options.mode", modes));
    assert_eq!(wrong(|spec| spec.key = Some("session".into())), told("options.key", "mode keyed"));
    assert_eq!(wrong(|spec| spec.concurrency = Some(2)), told("options.concurrency", "mode concurrent"));
    assert_eq!(wrong(|spec| spec.on_panic = "ignore".into()), told("options.on_panic", "count or crash"));
    let (path, expected) = wrong(|spec| spec.queue.start = "yesterday".into());
    assert!(path == "options.start" && expected.contains("earliest"), "{path} {expected}");
    let (path, _) = wrong(|spec| spec.mode = "keyed".into());
    assert_eq!(path, "options.key");
}

#[test]
fn a_start_that_is_wrong_behind_its_word_has_the_column_of_the_whole_text() {
    for (text, column) in [("last:many", 6), ("since:noon", 7), ("after:nw2.1.1.a", 7)] {
        let error = text.parse::<Start>().unwrap_err();
        assert_eq!(error.column(), Some(column), "{error}");
    }
}

#[test]
fn json_with_an_unknown_name_or_a_wrong_type_is_told_with_its_column() {
    let error = SubscribeSpec::from_json("{\"bufer\":1}").unwrap_err();
    assert_eq!((error.path(), error.column()), (Some("options"), Some(8)), "{error}");
    assert!(error.expected().unwrap().contains("buffer"), "{error}");
    let error = BusSpec::from_json("{\"history\":\"much\"}").unwrap_err();
    assert!(error.message().contains("string") && error.expected() == Some("i64"), "{error:?}");
    assert_eq!(SubscribeSpec::from_json("").unwrap().buffer, SubscribeSpec::default().buffer);
}

#[test]
fn bounds_are_told_by_the_core() {
    let none = SubscribeSpec { buffer: 0, ..SubscribeSpec::default() }.options().unwrap();
    let error = Bus::new().subscribe_with("*", none).err().unwrap();
    assert_eq!(error.path(), Some("options.buffer"), "{error}");
}

#[test]
fn a_rule_names_a_field_or_a_class() {
    let rule = |json: &str| RedactSpec::from_json(json).unwrap().rule();
    assert!(rule(r#"{"field":"payload.**.token","kinds":"tool.*","matching":"sk-.*"}"#).is_ok());
    assert!(rule(r#"{"class":"content"}"#).is_ok());
    let path = |json: &str| rule(json).unwrap_err().path().map(str::to_owned);
    assert_eq!(path("{}").as_deref(), Some("rule"));
    assert_eq!(path(r#"{"field":"message","class":"id"}"#).as_deref(), Some("rule"));
    assert_eq!(path(r#"{"class":"secret"}"#).as_deref(), Some("class"));
    assert_eq!(path(r#"{"field":"nowhere"}"#).as_deref(), Some("field"));
    assert_eq!(path(r#"{"field":"message","kinds":"Tool"}"#).as_deref(), Some("kinds"));
    assert_eq!(path(r#"{"field":"message","matching":"("}"#).as_deref(), Some("matching"));
}
