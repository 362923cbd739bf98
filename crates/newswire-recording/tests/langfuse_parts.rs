//! A trace of Langfuse of which a part is broken: the rest of it is kept where that is asked for.

mod common;

use newswire::{Event, ScopeField};
use newswire_recording::{Broken, Format, ReadOptions, read_with};
use serde_json::{Value, json};

use common::payload;

fn at(second: u32) -> String {
    format!("2025-01-01T00:00:{second:02}.000Z")
}

/// The events of a trace with these observations, what is told to be broken, and the names of unknown fields.
fn skipped(observations: &Value) -> (Vec<Event>, Vec<String>, Vec<String>) {
    let document =
        json!({"trace": {"id": "t", "timestamp": at(0)}, "observations": observations}).to_string();
    let format = Some(Format::named("langfuse").unwrap());
    let options = ReadOptions { format, broken: Broken::Skip, ..ReadOptions::default() };
    let mut import = read_with(document.as_bytes(), "test", &options).unwrap();
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for item in import.by_ref() {
        match item {
            Ok(delivery) => events.extend(delivery.event()),
            Err(error) => errors.push(error.to_string()),
        }
    }
    let report = import.report();
    assert_eq!((report.broken_records, report.events), (errors.len() as u64, events.len() as u64));
    (events, errors, report.unknown_fields.keys().cloned().collect())
}

fn span(id: &str, more: &Value) -> Value {
    let mut one = json!({"id": id, "type": "SPAN", "name": id, "startTime": at(1), "endTime": at(2)});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn of<'e>(events: &'e [Event], label: &str) -> Vec<&'e Event> {
    events.iter().filter(|event| event.component().is_some_and(|one| one.id() == label)).collect()
}

fn attr(event: &Event, name: &str) -> Option<Value> {
    event.attrs().find(|(key, _)| *key == name).map(|(_, raw)| serde_json::from_str(raw.get()).unwrap())
}

#[test]
fn an_observation_that_is_broken_costs_no_other() {
    let (events, errors, _) = skipped(&json!([
        span("a", &json!({})),
        span("b", &json!({"startTime": "garbage"})),
        span("c", &json!({"parentObservationId": "b"})),
        [],
    ]));
    assert_eq!((of(&events, "a").len(), of(&events, "b").len(), of(&events, "c").len()), (2, 0, 2));
    assert_eq!(errors.len(), 2);
    assert!(errors[0].starts_with("test:1: observations[1].startTime: a string stands here"), "{errors:?}");
    assert!(errors[1].starts_with("test:1: observations[3]"), "{errors:?}");
    // What was part of it is part of the run.
    assert_eq!(of(&events, "c")[0].correlation().parent_span, events[0].correlation().span);
}

#[test]
fn a_figure_or_a_time_that_is_none_stays_in_the_attributes_and_is_counted() {
    let (events, errors, unknown) = skipped(&json!([
        {"id": "g", "type": "GENERATION", "name": "chat", "startTime": at(1), "endTime": at(2), "model": "m",
         "usageDetails": {"input": "many"}, "completionStartTime": "early", "output": "Hello"},
        span("a", &json!({"endTime": "late", "usageDetails": {"input": 3}})),
    ]));
    assert_eq!(errors, Vec::<String>::new());
    let end = *of(&events, "m").last().unwrap();
    assert_eq!((end.kind().as_str(), payload(end)["usage"].is_null()), ("model.call.completed", true));
    assert_eq!(attr(end, "langfuse.usageDetails"), Some(json!({"input": "many"})));
    assert_eq!(attr(end, "langfuse.completionStartTime"), Some(json!("early")));
    let open = *of(&events, "a").last().unwrap();
    assert_eq!(
        (open.kind().as_str(), attr(open, "langfuse.endTime")),
        ("step.progress", Some(json!("late")))
    );
    let told = ["completionStartTime", "endTime", "usageDetails.input"]
        .map(|name| format!("{name}, which doesn't fit"));
    assert_eq!(unknown, told);
}

#[test]
fn what_an_event_has_no_room_for_is_left_out_with_a_mark() {
    let image = "A".repeat(3 << 20);
    let (half, rest) = ("B".repeat(700 << 10), "C".repeat(600 << 10));
    let (events, errors, _) = skipped(&json!([
        span("a", &json!({"input": {"image": image}, "output": "seen"})),
        span("b", &json!({"input": half, "output": half, "metadata": {"more": rest}})),
    ]));
    let [begin, end] = of(&events, "a")[..] else { panic!("{events:?}") };
    assert_eq!(attr(begin, "langfuse.input"), Some(json!(format!("left out: {} bytes", (3 << 20) + 12))));
    assert!(end.to_json().contains("\"seen\""));
    let [begin, end] = of(&events, "b")[..] else { panic!("{events:?}") };
    assert!(attr(begin, "langfuse.input").unwrap().as_str().unwrap().starts_with("left out: "));
    assert!(attr(begin, "langfuse.metadata").unwrap()["more"].is_string());
    assert!(end.to_json().contains(&half));
    assert_eq!(errors.len(), 2);
    assert!(errors[0].contains("observations[0].input: it has 3145740 bytes and was left out"), "{errors:?}");
}

#[test]
fn what_is_done_within_an_agent_belongs_to_it() {
    let agent = |id: &str, more: &Value| {
        let mut one = span(id, more);
        one["type"] = json!("AGENT");
        one
    };
    let (events, errors, _) = skipped(&json!([
        span("outside", &json!({})),
        agent("outer", &json!({})),
        span("step", &json!({"parentObservationId": "outer"})),
        span("deep", &json!({"parentObservationId": "step"})),
        agent("inner", &json!({"parentObservationId": "deep"})),
        span("innermost", &json!({"parentObservationId": "inner"})),
        span("x", &json!({"parentObservationId": "y"})),
        span("y", &json!({"parentObservationId": "x"})),
    ]));
    assert_eq!(errors, Vec::<String>::new());
    let agent = |label: &str| {
        let agents: Vec<_> =
            of(&events, label).iter().map(|event| event.scope().get(ScopeField::Agent)).collect();
        assert_eq!(agents[0], agents[1]);
        agents[0]
    };
    for (label, expected) in [
        ("outside", None),
        ("outer", Some("outer")),
        ("step", Some("outer")),
        ("deep", Some("outer")),
        ("inner", Some("inner")),
        ("innermost", Some("inner")),
        ("x", None),
    ] {
        assert_eq!(agent(label), expected, "{label}");
    }
}

#[test]
fn every_broken_part_of_a_long_trace_is_told_at_its_own_place() {
    let text = "é".repeat(300);
    let broken = |number: usize| format!(r#"{{"id":{number},"text":"{text}"}}"#);
    let broken: Vec<_> = (0..4_000).map(broken).collect();
    let document = format!("{{\"trace\":{{\"id\":\"t\"}},\n\"observations\":[\n{}]}}", broken.join(",\n"));
    let format = Some(Format::named("langfuse").unwrap());
    let options = ReadOptions { format, broken: Broken::Skip, ..ReadOptions::default() };
    let errors: Vec<_> =
        read_with(document.as_bytes(), "test", &options).unwrap().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 4_000);
    for (number, error) in errors.iter().enumerate() {
        assert_eq!(error.path(), Some(&*format!("test:{}: observations[{number}].id", number + 3)));
        assert_eq!(error.column(), Some(7));
    }
}

#[test]
fn fields_that_are_null_say_nothing_however_many_there_are() {
    let nulls: String = (0..60_000).map(|number| format!(",\"n{number}\":null")).collect();
    let mut one = span("a", &json!({})).to_string();
    one.pop();
    let document = format!(r#"{{"trace":{{"id":"t"{nulls}}},"observations":[{one}{nulls}}}]}}"#);
    let format = Some(Format::named("langfuse").unwrap());
    let options = ReadOptions { format, ..ReadOptions::default() };
    let mut import = read_with(document.as_bytes(), "test", &options).unwrap();
    assert_eq!(import.by_ref().filter_map(Result::ok).count(), 4);
    assert!(import.report().unknown_fields.is_empty());
}

#[test]
fn a_long_list_of_figures_is_added_up() {
    let figures: Vec<_> = (0..60_000).map(|number| format!("\"input_{number}\":1")).collect();
    let mut one = span("a", &json!({"type": "GENERATION"})).to_string();
    one.pop();
    let document = format!(
        r#"{{"trace":{{"id":"t"}},"observations":[{one},"usageDetails":{{{}}}}}]}}"#,
        figures.join(",")
    );
    let format = Some(Format::named("langfuse").unwrap());
    let options = ReadOptions { format, ..ReadOptions::default() };
    let import = read_with(document.as_bytes(), "test", &options).unwrap();
    let events: Vec<_> = import.filter_map(|item| item.unwrap().event()).collect();
    let end = events.iter().find(|event| event.kind().as_str() == "model.call.completed").unwrap();
    assert_eq!(payload(end)["usage"]["input_tokens"], 60_000);
}
