//! What becomes one event, and what that event says.

use newswire::catalogue::message::{MessageDelta, MessageUpdated};
use newswire::catalogue::tool::ToolCallProgress;
use newswire::{
    BusOptions, Correlation, Event, Kind, Scope, ScopeField, Severity, SpanId, Start, SubscribeOptions,
};
use proptest::prelude::*;

use super::*;

fn of_span(span: Option<u64>) -> Correlation {
    let mut ids = Correlation::new();
    ids.span = span.and_then(SpanId::new);
    ids
}

#[test]
fn chunks_of_a_stream_become_one_event() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    let first = delta("m-1", "Hel");
    let time_ns = first.time_ns();
    publish(&bus, first)?;
    publish(&bus, delta("m-1", "lo "))?;
    let last = delta("m-1", "\u{1f600}\"\n");
    let id = last.id();
    publish(&bus, last)?;
    publish(&bus, plain("work.done"))?;

    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    let merged = event.merged().unwrap();
    assert_eq!((event.seq(), merged.first_seq, merged.count), (3, 1, 3));
    assert_eq!((event.id(), event.time_ns()), (id, time_ns));
    assert_eq!(&*event.payload::<MessageDelta>()?.unwrap().text, "Hello \u{1f600}\"\n");
    let other = events.try_next()?.and_then(Delivery::event).unwrap();
    assert_eq!((other.seq(), other.merged()), (4, None));
    Ok(())
}

#[test]
fn a_merged_event_says_on_the_wire_what_it_stands_for() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    publish(&bus, plain("work.begun"))?;
    publish(&bus, delta("m-1", "a"))?;
    publish(&bus, delta("m-1", "b"))?;
    bus.close(Duration::ZERO);
    let event = events.by_ref().filter_map(Delivery::event).last().unwrap();
    let json = event.to_json();
    assert!(json.contains(r#""merged":{"first_seq":2,"count":2}"#), "{json}");
    assert!(json.len() <= event.size());
    let read = Event::from_json(&json)?;
    assert_eq!((read.merged(), read.to_json()), (event.merged(), json));
    for wrong in [r#"{"first_seq":2}"#, r#"{"first_seq":0,"count":2}"#, r#"{"first_seq":1,"count":1}"#] {
        let json = read.to_json().replace(r#"{"first_seq":2,"count":2}"#, wrong);
        assert!(Event::from_json(json).unwrap_err().path().unwrap().starts_with("merged."));
    }
    Ok(())
}

#[test]
fn an_event_that_stays_alone_is_the_very_event() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    let chunk = delta("m-1", "alone");
    publish(&bus, chunk.clone())?;
    publish(&bus, plain("work.done"))?;
    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    assert_eq!((event.id(), event.merged()), (chunk.id(), None));
    assert_eq!(event.payload_json(), chunk.payload_json());
    Ok(())
}

#[test]
fn streams_are_told_apart_by_id_scope_and_span() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    let run = |run: &str, text: &str| -> Result<Event> {
        let scope = Scope::new().with(ScopeField::Run, run)?;
        Event::of(MessageDelta::new("m-1", text)).scope(scope).build()
    };
    let warned = Event::of(MessageDelta::new("m-1", "w")).severity(Severity::Warn).build()?;
    for event in [run("r-1", "a")?, run("r-2", "b")?, delta("m-1", "c"), delta("m-2", "d"), warned] {
        publish(&bus, event)?;
    }
    publish(&bus, run("r-1", "A")?)?;
    publish(&bus, delta("m-1", "C"))?;
    bus.close(Duration::ZERO);
    let all: Vec<_> = events.by_ref().map(|delivery| shown(&delivery)).collect();
    assert_eq!(all, ["2 b", "4 d", "5 w", "6 aA", "7 cC"]);
    Ok(())
}

#[test]
fn of_progress_the_last_of_a_span_says_it_all() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    let progress = |span: Option<u64>, message: &str| -> Result<Event> {
        let ids = of_span(span);
        let payload = ToolCallProgress::new("ls", None, Some(message.into()));
        Event::of(payload).correlation(ids).build()
    };
    for (span, message) in [(Some(1), "10 %"), (Some(2), "1 of 3"), (Some(1), "90 %")] {
        publish(&bus, progress(span, message)?)?;
    }
    publish(&bus, progress(None, "nobody's")?)?;
    publish(&bus, progress(None, "nobody's")?)?;
    let mut said = Vec::new();
    while let Some(Delivery::Event(event)) = events.try_next()? {
        let message = event.payload::<ToolCallProgress>()?.unwrap().message.clone();
        said.push((
            event.seq(),
            message.unwrap().to_string(),
            event.merged().map_or(1, |merged| merged.count),
        ));
    }
    let of = |seq, text: &str, count| (seq, text.to_owned(), count);
    assert_eq!(said, [of(2, "1 of 3", 1), of(3, "90 %", 2), of(4, "nobody's", 1), of(5, "nobody's", 1)]);
    Ok(())
}

#[test]
fn updates_of_different_messages_are_never_merged() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    let ids = of_span(Some(1));
    for id in ["m-1", "m-2", "m-1"] {
        publish(&bus, Event::of(MessageUpdated::new(id, 0)).correlation(ids.clone()).build()?)?;
    }
    bus.close(Duration::ZERO);
    let seqs: Vec<_> = events.by_ref().filter_map(Delivery::event).map(|event| event.seq()).collect();
    assert_eq!(seqs, [2, 3]);
    Ok(())
}

#[test]
fn what_the_catalogue_does_not_know_how_to_merge_is_never_merged() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    let odd = |json: &str| Event::builder(Kind::parse("message.delta").unwrap()).json(json).build();
    for json in [r#"{"text":"no stream"}"#, r#"{"message_id":"m-1","text":7}"#, r#"["text"]"#] {
        publish(&bus, odd(json)?)?;
        publish(&bus, odd(json)?)?;
    }
    for kind in ["custom.delta", "custom.delta", "log.recorded"] {
        publish(&bus, plain(kind))?;
    }
    for seq in 1..=9 {
        let event = events.try_next()?.and_then(Delivery::event).unwrap();
        assert_eq!((event.seq(), event.merged()), (seq, None));
    }
    Ok(())
}

#[test]
fn filters_and_the_books_see_single_chunks() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("payload.text~b*", coalescing())?;
    for text in ["b1", "a1", "b2", "b3"] {
        publish(&bus, delta("m-1", text))?;
    }
    assert!(events.try_next()?.is_none());
    let books = balanced(events.stats().books);
    assert_eq!((books.matched, books.in_flight, books.handled), (3, 3, 0));
    bus.close(Duration::ZERO);
    assert_eq!(events.next().map(|delivery| shown(&delivery)).unwrap(), "4 b1b2b3");
    let books = balanced(events.stats().books);
    assert_eq!((books.matched, books.in_flight, books.handled), (3, 0, 3));
    Ok(())
}

#[test]
fn a_predicate_decides_about_the_merged_event() -> Result<()> {
    let bus = Bus::new();
    let predicate: newswire::Predicate = std::sync::Arc::new(|event: &Event| event.merged().is_none());
    let options = SubscribeOptions { predicate: Some(predicate), ..coalescing() };
    let mut events = bus.subscribe_with("*", options)?;
    for event in [delta("m-1", "a"), delta("m-1", "b"), plain("work.done")] {
        publish(&bus, event)?;
    }
    assert_eq!(events.try_next()?.map(|delivery| shown(&delivery)).unwrap(), "3 work.done");
    let books = balanced(events.stats().books);
    assert_eq!((books.skipped, books.handled), (2, 1));
    Ok(())
}

#[test]
fn replayed_chunks_are_merged_with_live_ones() -> Result<()> {
    let bus = Bus::with(BusOptions { history: 1000, ..BusOptions::default() })?;
    for place in 0..100 {
        publish(&bus, delta("m-1", &(place % 10).to_string()))?;
    }
    let mut events = bus.subscribe_with("*", SubscribeOptions { start: Start::Earliest, ..coalescing() })?;
    assert!(events.try_next()?.is_none());
    publish(&bus, delta("m-1", "x"))?;
    publish(&bus, plain("work.done"))?;
    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    assert_eq!((event.seq(), event.merged().unwrap().count), (101, 101));
    assert_eq!(events.try_next()?.map(|delivery| shown(&delivery)).unwrap(), "102 work.done");
    Ok(())
}

#[test]
fn the_position_stays_below_what_is_held_back() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe_with("*", coalescing())?;
    for event in [delta("m-1", "a"), delta("m-2", "b"), delta("m-1", "c"), plain("work.done")] {
        publish(&bus, event)?;
    }
    let mut positions = Vec::new();
    while let Some(delivery) = events.try_next()? {
        positions.push((shown(&delivery), events.position().seq()));
    }
    let of = |text: &str, seq| (text.to_owned(), seq);
    // The event of seq 2 has been handed over, but that of seq 1, in the merge up to 3, has not.
    assert_eq!(positions, [of("2 b", 0), of("3 ac", 3), of("4 work.done", 4)]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn merging_loses_no_text_and_keeps_the_order(
        chunks in prop::collection::vec((0..4usize, "[a-z\"\\\\\u{e9}\u{1f600}\n]{0,5}"), 1..60),
        max_bytes in 300..4000usize,
    ) {
        let bus = Bus::new();
        let coalesce = Some(Coalesce { window: Duration::from_secs(600), max_bytes });
        let mut events = bus.subscribe_with("*", SubscribeOptions { coalesce, ..Default::default() })?;
        let mut said = [const { String::new() }; 3];
        for (stream, text) in &chunks {
            match said.get_mut(*stream) {
                Some(said) => {
                    said.push_str(text);
                    publish(&bus, delta(&format!("m-{stream}"), text))?;
                }
                None => { publish(&bus, plain("work.done"))?; }
            }
        }
        bus.close(Duration::ZERO);
        let (mut heard, mut last, mut count) = ([const { String::new() }; 3], 0, 0);
        for event in events.by_ref().filter_map(Delivery::event) {
            prop_assert!(event.seq() > last);
            last = event.seq();
            count += event.merged().map_or(1, |merged| merged.count);
            prop_assert!(event.size() <= max_bytes.max(600));
            if let Ok(Some(delta)) = event.payload::<MessageDelta>() {
                let stream = delta.message_id.strip_prefix("m-").and_then(|id| id.parse::<usize>().ok());
                heard[stream.unwrap()].push_str(&delta.text);
            }
        }
        prop_assert_eq!(heard, said);
        prop_assert_eq!(count, chunks.len() as u64);
        let books = events.stats().books;
        prop_assert!(books.balance());
        prop_assert_eq!(books.handled, chunks.len() as u64);
    }
}
