//! The list of runs, which is kept beside their events.

use std::path::Path;
use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::view::{RunState, RunTable, View};
use newswire::{Bus, Emitter, Filter, ScopeField, Start};
use newswire_store::{Retention, RunInfo, RunQuery, SqliteStore, Store};

use crate::common::{close, event, file, from, stored};

fn run(bus: &Bus, id: &str, session: &str) -> Emitter {
    let emitter = bus.emitter().with_scope(ScopeField::Run, id).unwrap();
    emitter.with_scope(ScopeField::Session, session).unwrap()
}

fn calls(bus: &Bus, id: &str, number: u64) {
    let emitter = run(bus, id, &format!("s-{}", number % 3));
    for _ in 0..number {
        emitter.model_call("gpt-5", "openai").complete(Usage::tokens(100, 7)).unwrap();
        emitter.tool_call("search", "c-1", None).complete(None).unwrap();
    }
}

fn list(file: &Path, query: &RunQuery) -> Vec<RunInfo> {
    let mut runs = Vec::new();
    let damaged = SqliteStore::read(file).unwrap().runs(query, &mut |run| {
        runs.push(run);
        true
    });
    assert_eq!(damaged.unwrap(), 0);
    runs
}

fn names(runs: &[RunInfo]) -> Vec<&str> {
    runs.iter().map(|run| &*run.row.run).collect()
}

/// What all events that are kept come to.
fn counted(file: &Path) -> Vec<newswire::view::RunRow> {
    let (bus, _) = stored("main", file, "");
    let mut table = RunTable::new();
    let mut all = bus.subscribe_with(table.filter().unwrap(), from(Start::Earliest)).unwrap();
    while let Some(delivery) = all.try_next().unwrap() {
        delivery.event().iter().for_each(|event| table.see(event));
    }
    close(&bus);
    table.snapshot().runs
}

#[test]
fn runs_are_listed_by_their_beginning_with_what_they_came_to() {
    let file = file("runs");
    let (main, _) = stored("main", &file, "?durability=off");
    for number in 1..=9 {
        calls(&main, &format!("r-{number}"), number);
    }
    close(&main);
    let runs = list(&file, &RunQuery::default());
    assert_eq!(names(&runs), ["r-1", "r-2", "r-3", "r-4", "r-5", "r-6", "r-7", "r-8", "r-9"]);
    let fifth = &runs[4];
    assert_eq!((fifth.row.model_calls, fifth.row.tool_calls, fifth.row.usage.input_tokens), (5, 5, 500));
    assert_eq!((fifth.first_seq, fifth.last_seq, fifth.row.events), (41, 60, 20));
    assert_eq!((&*fifth.bus, fifth.row.state, fifth.pruned), ("main", RunState::Completed, false));
    let newest = RunQuery { newest: Some(2), ..RunQuery::default() };
    assert_eq!(names(&list(&file, &newest)), ["r-8", "r-9"]);
    let session = RunQuery { session: Some("s-1".into()), newest: Some(9), ..RunQuery::default() };
    assert_eq!(names(&list(&file, &session)), ["r-1", "r-4", "r-7"]);
    let one = RunQuery { begins: "r-7".into(), ..RunQuery::default() };
    assert_eq!(names(&list(&file, &one)), ["r-7"]);
    assert!(list(&file, &RunQuery { bus: Some("other".into()), ..RunQuery::default() }).is_empty());
    assert!(list(&file, &RunQuery { newest: Some(0), ..RunQuery::default() }).is_empty());
}

#[test]
fn figures_go_on_where_another_process_left_them() {
    let file = file("runs-go-on");
    let (main, _) = stored("main", &file, "");
    let emitter = run(&main, "r-1", "s-1");
    let open = emitter.model_call("gpt-5", "openai");
    close(&main);
    std::mem::forget(open);
    assert_eq!(list(&file, &RunQuery::default())[0].row.open_calls, 1);
    let (main, _) = stored("main", &file, "");
    calls(&main, "r-1", 3);
    close(&main);
    let (other, _) = stored("other", &file, "");
    calls(&other, "r-1", 1);
    close(&other);
    let runs = list(&file, &RunQuery::default());
    assert_eq!(runs.iter().map(|run| &*run.bus).collect::<Vec<_>>(), ["main", "other"]);
    assert_eq!((runs[0].row.model_calls, runs[0].row.open_calls, runs[0].row.events), (4, 1, 13));
    assert_eq!([runs[0].row.clone()], *counted(&file));
}

#[test]
fn more_runs_than_the_writer_knows_by_heart_come_to_the_same() {
    let file = file("runs-many");
    let (main, _) = stored("main", &file, "?durability=off");
    for round in 0..3 {
        for number in 0..1500 {
            let emitter = run(&main, &format!("r-{number:04}"), "s");
            emitter.tool_call("search", format!("c-{round}"), None).complete(None).unwrap();
        }
    }
    close(&main);
    let runs: Vec<_> = list(&file, &RunQuery::default()).into_iter().map(|run| run.row).collect();
    assert_eq!((runs.len(), runs[0].tool_calls), (1500, 3));
    let mut expected = counted(&file);
    expected.sort_by_key(|row| row.started_ns);
    assert_eq!(runs, expected);
}

#[test]
fn a_store_from_before_there_were_figures_is_summed_up_once() {
    let file = file("runs-migrated");
    let (main, _) = stored("main", &file, "");
    (1..=5).for_each(|number| calls(&main, &format!("r-{number}"), number));
    close(&main);
    let before: Vec<_> = list(&file, &RunQuery::default()).into_iter().map(|run| run.row).collect();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("DROP TABLE run; PRAGMA user_version = 1;").unwrap();
    drop(connection);
    // Who only reads changes nothing, and finds the same.
    for newest in [None, Some(3)] {
        let query = RunQuery { newest, ..RunQuery::default() };
        let read: Vec<_> = list(&file, &query).into_iter().map(|run| run.row).collect();
        assert_eq!(read, before[5 - newest.unwrap_or(5)..]);
    }
    drop(SqliteStore::open(&file).unwrap());
    let connection = rusqlite::Connection::open(&file).unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
    let after: Vec<_> = list(&file, &RunQuery::default()).into_iter().map(|run| run.row).collect();
    assert_eq!(after, before);
}

#[test]
fn a_run_stays_whole_until_its_last_event_is_deleted() {
    let file = file("runs-pruned");
    let (main, store) = stored("main", &file, "?durability=off");
    for number in 1..=3 {
        calls(&main, &format!("r-{number}"), 1);
        store.flush(Duration::from_secs(60)).unwrap();
    }
    calls(&main, "r-1", 1);
    close(&main);
    let prune = |retention: &Retention| {
        let mut writer = SqliteStore::open(&file).unwrap().writer("main").unwrap();
        while writer.prune(retention).unwrap() {}
    };
    prune(&Retention { max_events: Some(8), ..Retention::default() });
    let runs = list(&file, &RunQuery::default());
    assert_eq!(names(&runs), ["r-1", "r-3"]);
    assert_eq!((runs[0].pruned, runs[0].row.events, runs[1].pruned), (true, 8, false));
    let tools = (Filter::parse("tool.*").unwrap(), Duration::ZERO);
    prune(&Retention { kinds: vec![tools], ..Retention::default() });
    assert_eq!(names(&list(&file, &RunQuery::default())), ["r-1", "r-3"]);
    let all = (Filter::parse("*").unwrap(), Duration::ZERO);
    prune(&Retention { kinds: vec![all], ..Retention::default() });
    assert!(list(&file, &RunQuery::default()).is_empty());
}

#[test]
fn damaged_figures_are_found_and_never_told() {
    let file = file("runs-damaged");
    let (main, _) = stored("main", &file, "");
    (1..=3).for_each(|number| calls(&main, &format!("r-{number}"), number));
    close(&main);
    let connection = rusqlite::Connection::open(&file).unwrap();
    for change in ["last = last + 1", "body = replace(body, '200', '900')", "body = x'00'", "id = 'r-9'"] {
        connection.execute(&format!("UPDATE run SET {change} WHERE number = 2"), []).unwrap();
        let store = SqliteStore::read(&file).unwrap();
        let mut told = Vec::new();
        let damaged = store.runs(&RunQuery::default(), &mut |run| {
            told.push(run.row.run);
            true
        });
        assert_eq!((damaged.unwrap(), &*told), (1, &["r-1".to_owned(), "r-3".to_owned()][..]), "{change}");
        let verified = store.verify().unwrap();
        assert!(verified.structure[0].contains("the figures of run"), "{:?}", verified.structure);
    }
    drop(connection);
    // Whoever goes on with such a run makes its figures anew.
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute("UPDATE run SET id = 'r-2', body = 'x' WHERE number = 2", []).unwrap();
    let (main, _) = stored("main", &file, "");
    calls(&main, "r-2", 1);
    close(&main);
    let runs: Vec<_> = list(&file, &RunQuery::default()).into_iter().map(|run| run.row).collect();
    assert_eq!(runs, counted(&file));
}

#[test]
fn events_without_a_run_are_in_none() {
    let file = file("runs-none");
    let (main, _) = stored("main", &file, "");
    main.publish(event("tick.heard", 1)).unwrap();
    close(&main);
    assert!(list(&file, &RunQuery::default()).is_empty());
}

#[test]
fn a_repaired_store_has_its_runs_again() {
    let file = file("runs-repaired");
    let (main, _) = stored("main", &file, "");
    (1..=5).for_each(|number| calls(&main, &format!("r-{number}"), number));
    close(&main);
    let before = list(&file, &RunQuery::default()).into_iter().map(|run| run.row).collect::<Vec<_>>();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute("UPDATE run SET body = '{}', crc = 1 WHERE number = 3", []).unwrap();
    drop(connection);
    let report = newswire_store::repair(&file, newswire_store::RepairOptions::default()).unwrap();
    assert!(report.aside.is_some() && report.lost == 0, "{report:?}");
    let after = list(&file, &RunQuery::default()).into_iter().map(|run| run.row).collect::<Vec<_>>();
    assert_eq!(after, before);
}
