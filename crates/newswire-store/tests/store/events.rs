//! Reading a store as one sequence of events, and pruning it from beside its writer.

use std::time::Duration;

use newswire::store::Wanted;
use newswire::{Delivery, ErrorKind, Event, Filter, Kind};
use newswire_store::{Begin, Events, Query, Retention, SqliteStore, Store, is_store, read_url};

use crate::common::{Item, LONG, close, event, file, item, publish, stored, url};

fn at(time_ns: i64, name: &str) -> Event {
    let event = Event::builder(Kind::parse("tick.heard").unwrap()).time_ns(time_ns);
    event.json(format!("{name:?}")).build().unwrap()
}

fn payloads(events: &mut Events) -> Vec<String> {
    let payload = |delivery: newswire::Result<Delivery>| {
        delivery.unwrap().event().unwrap().payload_json().unwrap().trim_matches('"').to_owned()
    };
    events.by_ref().map(payload).collect()
}

fn read(file: &std::path::Path, query: Query) -> Events {
    Events::of(SqliteStore::read(file).unwrap(), query).unwrap()
}

#[test]
fn events_of_several_buses_come_by_their_time_and_each_bus_in_its_order() {
    let file = file("several");
    let (one, _) = stored("one", &file, "");
    let (two, _) = stored("two", &file, "");
    for (bus, events) in
        [(&one, [(10, "a"), (40, "d"), (30, "e")]), (&two, [(20, "b"), (35, "c"), (50, "f")])]
    {
        events.iter().for_each(|(time, name)| _ = bus.publish(at(*time, name)).unwrap());
        close(bus);
    }
    assert_eq!(payloads(&mut read(&file, Query::default())), ["a", "b", "c", "d", "e", "f"]);
    let one = Query { bus: Some("one".into()), ..Query::default() };
    assert_eq!(payloads(&mut read(&file, one)), ["a", "d", "e"]);
    let last = Query { begin: Begin::Last(1), ..Query::default() };
    assert_eq!(payloads(&mut read(&file, last)), ["e", "f"]);
    let since = Query { begin: Begin::Since(36), ..Query::default() };
    assert_eq!(payloads(&mut read(&file, since)), ["d", "e", "f"]);
    let none = Query { bus: Some("three".into()), ..Query::default() };
    let error = Events::of(SqliteStore::read(&file).unwrap(), none).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert!(error.to_string().contains("expected one of \"one\", \"two\""), "{error}");
}

#[test]
fn what_is_written_after_the_end_follows_and_new_buses_are_found() {
    let file = file("follows");
    let (one, store) = stored("one", &file, "");
    publish(&one, 3);
    store.flush(LONG).unwrap();
    let filter = Filter::parse("tick.heard").unwrap();
    let mut events = read(&file, Query { begin: Begin::Last(2), filter, ..Query::default() });
    assert_eq!(payloads(&mut events), ["1", "2"]);
    publish(&one, 2);
    store.flush(LONG).unwrap();
    assert_eq!(payloads(&mut events), ["0", "1"]);
    let (two, _) = stored("two", &file, "");
    two.publish(at(1, "new")).unwrap();
    close(&two);
    assert!(payloads(&mut events).is_empty());
    events.look().unwrap();
    assert_eq!(payloads(&mut events), ["new"]);
}

#[test]
fn pruning_beside_the_writer_deletes_what_it_said_it_would_and_readers_are_told() {
    let file = file("beside");
    let (main, store) = stored("main", &file, "?durability=off");
    for n in 1..=100 {
        let kind = if n % 2 == 0 { "tick.heard" } else { "message.delta" };
        main.publish(event(kind, n)).unwrap();
        if n % 10 == 0 {
            store.flush(LONG).unwrap();
        }
    }
    let mut events = read(&file, Query::default());
    assert_eq!(item(&events.next().unwrap().unwrap()), Item::Seq(1));
    let deltas = (Filter::parse("message.delta").unwrap(), Duration::ZERO);
    let retention = Retention { max_events: Some(60), kinds: vec![deltas], ..Retention::default() };
    let beside = SqliteStore::read(&file).unwrap();
    let would = beside.would_prune("main", &retention).unwrap();
    assert_eq!(would.events, 40 + 30);
    let (mut events, mut bytes) = (0, 0);
    loop {
        let pruned = beside.prune("main", &retention).unwrap();
        (events, bytes) = (events + pruned.events, bytes + pruned.bytes);
        if !pruned.has_more {
            break;
        }
    }
    assert_eq!((events, bytes), (would.events, would.bytes));
    publish(&main, 1);
    close(&main);
    let kept: Vec<_> = read(&file, Query::default()).map(|delivery| item(&delivery.unwrap())).collect();
    assert_eq!(kept.iter().filter(|item| matches!(item, Item::Seq(_))).count(), 31);
    assert_eq!(kept[0], Item::Lost(1, 40, newswire::GapReason::Retention));
    assert!(beside.prune("other", &retention).is_err());
}

#[test]
fn only_a_database_is_taken_for_a_store_and_only_a_url_of_one_for_such() {
    let file = file("told");
    let (main, _) = stored("main", &file, "");
    close(&main);
    assert!(is_store(&file));
    let text = file.with_extension("txt");
    std::fs::write(&text, "SQLite format").unwrap();
    assert!(!is_store(&text) && !is_store(file.parent().unwrap()) && !is_store("no-such-file"));
    let (path, options) = read_url(&url(&file, "?max_events=5")).unwrap();
    assert_eq!((path, options.retention.max_events), (file, Some(5)));
    assert!(read_url("file:x").is_err() && read_url("sqlite:").is_err());
}

#[test]
fn a_page_of_the_past_has_room_for_few_large_events_and_the_next_goes_on_there() {
    let file = file("large");
    let (bus, store) = stored("main", &file, "?durability=off");
    let text = serde_json::to_string(&"x".repeat(1_000_000)).unwrap();
    let kinds = ["tick.heard", "tock.heard"].map(|kind| Kind::parse(kind).unwrap());
    for n in 0..16 {
        let event = Event::builder(kinds[n % 2].clone()).json(text.clone()).build().unwrap();
        bus.publish(event).unwrap();
    }
    store.flush(LONG).unwrap();
    let past = SqliteStore::read(&file).unwrap().past("main").unwrap();
    for (filter, count) in [("*", 16), ("tick.heard", 8)] {
        let filter = Filter::parse(filter).unwrap();
        let wanted = Wanted { filter: &filter, internal: true };
        let (mut next, mut found) = (1, 0);
        while next <= 16 {
            let page = past.read(next, &wanted, 1024).unwrap();
            let events = page.deliveries.iter().filter(|one| matches!(one, Delivery::Event(_))).count();
            assert!((1..=5).contains(&events) || page.through == 16, "{events} at {next}");
            (next, found) = (page.through + 1, found + events);
        }
        assert_eq!(found, count);
    }
    assert_eq!(read(&file, Query::default()).count(), 16);
    close(&bus);
    let (bus, _store) = stored("main", &file, "");
    let mut replay = bus.subscribe_with("*", crate::common::from(newswire::Start::Earliest)).unwrap();
    let (mut batch, mut found) = (Vec::new(), 0);
    while found < 16 {
        let taken = replay.try_next_batch(&mut batch, 256).unwrap();
        assert!((1..=5).contains(&taken), "{taken} after {found}");
        found += taken;
    }
    close(&bus);
}

#[test]
fn long_pages_say_what_short_ones_do() {
    let file = file("long_pages");
    let (bus, _store) = stored("main", &file, "?durability=off");
    publish(&bus, 3000);
    close(&bus);
    // What follows has a gap before it.
    let source = newswire::Bus::new();
    let mut taken = source.subscribe("*").unwrap();
    let mut writer = SqliteStore::open(&file).unwrap().writer("main").unwrap();
    let mut next = || {
        publish(&source, 1);
        taken.try_next().unwrap().unwrap()
    };
    let rest: Vec<_> = (0..6000).map(|_| next()).skip(3099).collect();
    writer.append(&rest).unwrap();
    drop(writer);
    let past = SqliteStore::read(&file).unwrap().past("main").unwrap();
    let filter = Filter::all();
    let wanted = newswire::store::Wanted { filter: &filter, internal: true };
    let read = |limit: usize| {
        let (mut next, mut lines) = (1, Vec::new());
        loop {
            let page = past.read(next, &wanted, limit).unwrap();
            if page.through < next {
                return lines;
            }
            assert!(page.deliveries.len() <= limit + 1, "{}", page.deliveries.len());
            next = page.through + 1;
            lines.extend(page.deliveries.iter().map(|delivery| format!("{delivery:?}")));
        }
    };
    let short = read(100);
    assert!(short.len() > 5800, "{}", short.len());
    for limit in [256, 300, 1024, 4096] {
        assert_eq!(read(limit), short, "{limit}");
    }
}
