//! The table is whole, its names follow the grammar, and its payloads keep their promises.

use std::collections::HashSet;
use std::time::Duration;

use newswire::catalogue::Text;
use newswire::catalogue::{
    CORE, Catalogued, Class, Elsewhere, Failure, Json, Merge, Row, Usage, row_of, rows,
};
use newswire::catalogue::{message, model, retrieval, run, stage, tool};
use newswire::{ComponentScope, Event, Kind, Payload, Phase, Severity};
use proptest::prelude::*;

fn last_segment(row: &Row) -> &'static str {
    row.kind.rsplit('.').next().unwrap_or_default()
}

#[test]
fn no_column_of_the_table_is_empty() {
    for row in rows() {
        assert!(row.docs.ends_with('.') && row.docs.len() > 10, "{}: docs", row.kind);
        assert!(!row.payload.is_empty(), "{}: payload", row.kind);
        for (column, elsewhere) in [("otel", row.otel), ("agui", row.agui)] {
            let (Elsewhere::As(text) | Elsewhere::Absent(text)) = elsewhere;
            assert!(!text.is_empty(), "{}: {column}", row.kind);
        }
        for field in row.fields {
            assert!(field.docs.ends_with('.') && field.docs.len() > 3, "{}.{}: docs", row.kind, field.name);
            assert!(field.otel.is_none_or(|attribute| !attribute.is_empty()), "{}.{}", row.kind, field.name);
        }
    }
}

#[test]
fn every_component_of_the_core_tier_has_kinds() {
    for component in CORE {
        assert!(rows().iter().any(|row| row.about() == *component), "{component} has no kind");
    }
}

#[test]
fn names_follow_the_grammar() {
    for row in rows() {
        assert_eq!(Kind::parse(row.kind).map(|kind| kind.to_string()), Ok(row.kind.to_owned()));
        let segments: Vec<_> = row.kind.split('.').collect();
        assert!((2..=4).contains(&segments.len()), "{} has {} segments", row.kind, segments.len());
        let last = last_segment(row);
        let participle = ["ed", "built", "written", "sent"].iter().any(|ending| last.ends_with(ending));
        assert!(row.phase.is_some() || participle || last == "delta", "{}: its last segment", row.kind);
        for noun in segments.iter().take(segments.len() - 1) {
            assert!(!noun.ends_with('s') || *noun == "bus", "{}: {noun} is a plural", row.kind);
        }
    }
}

#[test]
fn phases_end_lifecycles_and_nothing_else() {
    for row in rows() {
        let phase = Phase::ALL.iter().find(|phase| phase.as_str() == last_segment(row));
        assert_eq!(row.phase.as_ref(), phase, "{}", row.kind);
        assert_eq!(row.phase.is_some(), row.component.is_some(), "{}", row.kind);
    }
}

#[test]
fn a_lifecycle_has_all_five_stations() {
    let kinds: HashSet<_> = rows().iter().map(|row| row.kind).collect();
    for started in kinds.iter().filter_map(|kind| kind.strip_suffix(".started")) {
        for phase in Phase::ALL {
            assert!(kinds.contains(format!("{started}.{phase}").as_str()), "{started} has no {phase}");
        }
    }
}

#[test]
fn names_of_kinds_payloads_and_fields_are_unique() {
    let mut kinds = HashSet::new();
    let mut payloads = HashSet::new();
    for row in rows() {
        assert!(kinds.insert(row.kind), "{} twice", row.kind);
        assert!(payloads.insert(row.payload), "{} twice", row.payload);
        let mut fields = HashSet::new();
        assert!(row.fields.iter().all(|field| fields.insert(field.name)), "{}: a field twice", row.kind);
    }
}

#[test]
fn the_fields_that_all_lifecycles_share_are_in_table_and_payload() {
    fn agree(payload: &impl Payload) {
        let json = serde_json::to_string(payload).expect("JSON");
        let row = row_of(&payload.kind()).expect("its row");
        let places: Vec<_> =
            row.fields.iter().filter_map(|field| json.find(&format!("\"{}\":", field.name))).collect();
        assert_eq!(places.len(), row.fields.len(), "{}: {json}", row.kind);
        assert!(places.is_sorted(), "{}: the table has another order than {json}", row.kind);
    }
    let (name, nanos, json) = (|| Some(Text::from("n")), Some(1), || Json::of(&1).ok());
    let mut progress = stage::StageProgress::new("n", 0, name());
    (progress.current, progress.total, progress.data) = (nanos, nanos, json());
    agree(&progress);
    let mut completed = stage::StageCompleted::new("n", 0, json(), nanos);
    completed.stage_type = name();
    agree(&completed);
    let mut failed = stage::StageFailed::new("n", 0, "no", nanos);
    failed.stage_type = name();
    agree(&failed);
    agree(&stage::StageCanceled::new("n", 0, name(), nanos));
}

#[test]
fn the_table_leaves_room_for_custom_kinds() {
    assert!(rows().len() < Kind::INTERNED / 4, "{} kinds", rows().len());
}

#[test]
fn a_payload_is_named_after_its_kind() {
    for row in rows() {
        let camel: String = row
            .kind
            .split(['.', '_'])
            .map(|word| {
                let mut letters = word.chars();
                letters
                    .next()
                    .map(|first| first.to_ascii_uppercase())
                    .into_iter()
                    .chain(letters)
                    .collect::<String>()
            })
            .collect();
        assert_eq!(row.payload, camel);
    }
}

#[test]
fn a_measure_is_a_number_with_its_unit_in_the_name() {
    for (row, field) in rows().iter().flat_map(|row| row.fields.iter().map(move |field| (row, field))) {
        if field.class == Class::Measure && field.value != "Usage" {
            let progress = row.phase == Some(Phase::Progress);
            assert!(matches!(field.value, "integer" | "number"), "{}.{}", row.kind, field.name);
            assert!(progress || field.unit().is_some(), "{}.{} names no unit", row.kind, field.name);
        }
        if field.unit().is_some() {
            assert_eq!(field.class, Class::Measure, "{}.{}", row.kind, field.name);
        }
    }
}

#[test]
fn a_merge_rule_names_fields_that_exist() {
    for row in rows() {
        let named: &[&str] = match &row.merge {
            Merge::Never | Merge::LastWins => &[],
            Merge::Concatenate { field, stream } => &[*field, *stream],
            Merge::Add(fields) => fields,
        };
        for name in named {
            let field = row.fields.iter().find(|field| field.name == *name);
            assert!(field.is_some_and(|field| !field.optional), "{}: {name}", row.kind);
        }
        let delta = last_segment(row) == "delta";
        assert_eq!(delta, matches!(row.merge, Merge::Concatenate { .. }), "{}", row.kind);
    }
}

#[test]
fn every_kind_is_known_by_its_number_from_the_start() {
    for row in rows() {
        let kind = Kind::parse(row.kind).expect("a kind of the table");
        let found = row_of(&kind).expect("its row");
        assert_eq!(found.kind, row.kind);
    }
    let kinds = [
        (run::RunStarted::KIND, "run.started"),
        (tool::ToolCallFailed::KIND, "tool.call.failed"),
        (message::MessageDelta::KIND, "message.delta"),
        (newswire::catalogue::bus::BusStoreRecovered::KIND, "bus.store.recovered"),
    ];
    for (kind, name) in kinds {
        assert_eq!(kind.as_str(), name);
        assert_eq!(Kind::parse(name), Ok(kind));
    }
    assert!(row_of(&Kind::parse("deploy.finished").expect("a custom kind")).is_none());
}

#[test]
fn severity_and_phase_come_from_the_table() {
    let event =
        Event::of(tool::ToolCallFailed::new("search", None, "no answer", None)).build().expect("an event");
    assert_eq!(event.severity(), Severity::Error);
    assert_eq!(event.phase(), Some(Phase::Failed));
    let row = row_of(event.kind()).expect("its row");
    assert_eq!(row.component, Some(ComponentScope::Tool));
    assert_eq!(row.otel, Elsewhere::As("execute_tool"));
}

#[test]
fn request_and_call_of_a_tool_share_the_calls_id() {
    for row in rows().iter().filter(|row| row.kind.starts_with("tool.")) {
        assert!(
            row.fields.iter().any(|field| field.name == "call_id" && field.class == Class::Id),
            "{}",
            row.kind
        );
    }
}

#[test]
fn absent_fields_are_absent_in_the_json() {
    let bare = serde_json::to_string(&model::ModelCallStarted::new("gpt-5", None)).expect("JSON");
    assert_eq!(bare, r#"{"model":"gpt-5"}"#);
    let failed = serde_json::to_string(&tool::ToolCallFailed::new(
        "search",
        "c1",
        Failure::new("no"),
        Duration::from_millis(2),
    ))
    .expect("JSON");
    assert_eq!(failed, r#"{"name":"search","call_id":"c1","error":{"message":"no"},"duration_ns":2000000}"#);
}

#[test]
fn a_figure_that_is_no_number_is_absent_in_the_json_too() {
    for cost in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut end = model::ModelCallCompleted::new("m", None, Usage::tokens(1, 2), None);
        end.usage.as_mut().unwrap().cost_usd = Some(cost);
        let event = Event::of(end).build().unwrap();
        let json = event.payload_json().unwrap();
        assert_eq!(json, r#"{"model":"m","usage":{"input_tokens":1,"output_tokens":2}}"#);
        row_of(event.kind()).unwrap().check_payload(json).unwrap();
    }
}

#[test]
fn a_required_field_that_is_missing_is_an_error_and_an_unknown_one_is_not() {
    assert!(serde_json::from_str::<tool::ToolCallStarted>("{}").is_err());
    let read: tool::ToolCallStarted = serde_json::from_str(r#"{"name":"x","later":[1]}"#).expect("a payload");
    assert_eq!(read, tool::ToolCallStarted::new("x", None, None));
}

fn text() -> impl Strategy<Value = Text> {
    any::<String>().prop_map(Into::into)
}

fn json() -> impl Strategy<Value = Json> {
    prop_oneof![
        any::<String>().prop_map(|text| Json::of(&text).expect("JSON")),
        any::<Vec<i64>>().prop_map(|numbers| Json::of(&numbers).expect("JSON")),
        Just(Json::parse(r#" {"a" : [1.50, null]}"#).expect("JSON")),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no other numbers", |number| number.is_finite())
}

fn usage() -> impl Strategy<Value = Usage> {
    let tokens = || proptest::option::of(any::<u64>());
    (tokens(), tokens(), tokens(), tokens(), tokens(), proptest::option::of(number())).prop_map(
        |(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd)| {
            Usage {
                input_tokens,
                output_tokens,
                cache_read_tokens,
                cache_write_tokens,
                reasoning_tokens,
                cost_usd,
            }
        },
    )
}

fn holds_its_bound_and_survives<P: Payload + PartialEq + std::fmt::Debug>(
    payload: &P,
) -> Result<(), TestCaseError> {
    let json = serde_json::to_string(payload).expect("JSON");
    prop_assert!(json.len() <= payload.size_bound(), "{} > {}: {json}", json.len(), payload.size_bound());
    let read: P = serde_json::from_str(&json).expect("the same payload");
    prop_assert_eq!(&read, payload);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_payload_is_never_larger_than_its_bound_and_reads_back_equal(
        name in text(), id in proptest::option::of(text()), content in proptest::option::of(json()),
        nanos in proptest::option::of(any::<u64>()), used in proptest::option::of(usage()),
        score in proptest::option::of(number()), flag in any::<bool>(),
    ) {
        let mut call = tool::ToolCallCompleted::new(name.clone(), id.clone(), content.clone(), nanos);
        call.detached = Some(flag);
        holds_its_bound_and_survives(&call)?;

        let mut answer = model::ModelCallCompleted::new(name.clone(), id.clone(), used, nanos);
        answer.tool_calls = content.clone();
        answer.time_to_first_chunk_ns = nanos;
        holds_its_bound_and_survives(&answer)?;

        let mut request = model::ModelCallStarted::new(None, id.clone());
        request.temperature = score;
        request.stream = Some(flag);
        holds_its_bound_and_survives(&request)?;

        let failure = Failure { message: name.clone(), class: id.clone(), code: None };
        holds_its_bound_and_survives(&run::RunFailed::new(id.clone(), failure, nanos))?;
        holds_its_bound_and_survives(&retrieval::RetrievalCompleted::new(id, content, nanos))?;
        holds_its_bound_and_survives(&tool::ToolApprovalCompleted::new(name, None, flag, nanos))?;
    }
}
