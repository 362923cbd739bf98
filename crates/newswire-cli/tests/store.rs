//! Recordings in a store: recorded, listed, read as files are, exported, pruned.

mod common;

use std::io::Cursor;

use common::{HEAD, lines_of, newswire, newswire_with, pi_sessions, piped, piped_with, text_of, written};
use newswire::{HandlerOptions, Mode};
use newswire_cli::{FAILED, OK, USAGE};
use newswire_recording::{Pace, PlayOptions, Player, Seek};
use newswire_store::{Events, Query, SqliteStore};
use serde_json::Value;

/// A store's place in a folder of its own, where nothing is.
fn store(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("store").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("events.db").to_str().unwrap().to_owned()
}

/// Lines of a recording: `runs` runs of `calls` calls of a model and a tool each.
fn recording(runs: u64, calls: u64) -> String {
    let mut text = "{\"newswire\":\"recording\",\"version\":1,\"writer\":\"newswire 0.1.0\"}\n".to_owned();
    let mut number = 0_u64;
    let mut line = |run: u64, span: u64, kind: &str, payload: &str| {
        number += 1;
        let phase = kind.rsplit('.').next().unwrap();
        let severity = if phase == "failed" { "error" } else { "info" };
        let (seconds, minutes) = (number % 60, number / 60 % 60);
        text.push_str(&format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-{number:012x}","kind":"{kind}","time":"2026-01-01T{:02}:{minutes:02}:{seconds:02}Z","source":{{"component":"test"}},"scope":{{"session":"s-{}","run":"r-{run:03}"}},"correlation":{{"span":"{:016x}"}},"severity":"{severity}","payload":{payload}}}"#,
            number / 3600 % 24,
            run % 2,
            span + 1,
        ));
        text.push('\n');
    };
    for run in 1..=runs {
        line(run, 0, "run.started", "{}");
        for call in 0..calls {
            let model = r#"{"model":"m-1","provider":"p","usage":{"input_tokens":100,"output_tokens":7,"cost_usd":0.5}}"#;
            line(run, call * 2 + 1, "model.call.started", r#"{"model":"m-1","provider":"p"}"#);
            line(run, call * 2 + 1, "model.call.completed", model);
            let tool = format!(r#"{{"name":"search","call_id":"c-{call}","arguments":{{"n":{call}}}}}"#);
            line(run, call * 2 + 2, "tool.call.started", &tool);
            line(run, call * 2 + 2, "tool.call.failed", r#"{"name":"search","error":{"message":"no"}}"#);
        }
        match run % 2 {
            0 => line(run, 0, "run.failed", r#"{"error":{"message":"no"}}"#),
            _ => line(run, 0, "run.completed", "{}"),
        }
    }
    text
}

fn record(files: &[&str], store: &str) -> Value {
    let args: Vec<&str> = ["record"].into_iter().chain(files.iter().copied()).chain(["-o", store]).collect();
    let (code, out, err) = piped(&args);
    assert_eq!(code, OK, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// The output of a command, which is to succeed.
fn out(args: &[&str]) -> String {
    let (code, out, err) = piped(args);
    assert_eq!((code, err.as_str()), (OK, ""), "{args:?}");
    out
}

#[test]
fn what_was_recorded_is_exported_event_by_event() {
    let file = written("store-round.ndjson", &recording(5, 3));
    let store = store("round");
    let said = record(&[&file], &store);
    assert_eq!((&said["stored"], &said["known"], &said["bus"]), (&70.into(), &0.into(), &"recorded".into()));
    let exported = out(&["export", &store]);
    let mut seq = 0;
    for (before, after) in recording(5, 3).lines().zip(exported.lines()).skip(1) {
        seq += 1;
        let (before, mut after): (Value, Value) =
            (serde_json::from_str(before).unwrap(), serde_json::from_str(after).unwrap());
        let taken = after.as_object_mut().unwrap().remove("seq");
        assert_eq!(taken, Some(seq.into()));
        for (name, value) in before.as_object().unwrap() {
            assert!(after[name] == *value || name == "time", "{name}: {after} {before}");
        }
    }
    assert_eq!(seq, 70);
    let copy = written("store-round-copy.ndjson", &exported);
    let checked = lines_of(&out(&["check", "--json", &copy]));
    let verdict = checked.last().unwrap();
    assert_eq!((&verdict["errors"], &verdict["events"]), (&0.into(), &70.into()));
    // The export is a recording like any other, whose events a store knows again.
    assert_eq!(record(&[&copy], &store)["known"], 70);
}

#[test]
fn recording_twice_changes_nothing_and_a_file_that_has_grown_adds_what_is_new() {
    let session = |lines: &str| format!("{HEAD}\n{lines}");
    let message = |text: &str| {
        format!(
            "{{\"type\":\"message\",\"timestamp\":\"2025-01-01T00:00:01.000Z\",\"message\":{{\"role\":\"user\",\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}}}}\n"
        )
    };
    let store = store("twice");
    let file = written("store-twice.jsonl", &session(&message("one")));
    let first = record(&[&file], &store)["stored"].as_u64().unwrap();
    assert!(first >= 2);
    assert_eq!(record(&[&file, &file], &store)["stored"], 0);
    std::fs::write(&file, session(&(message("one") + &message("two")))).unwrap();
    let said = record(&[&file], &store);
    assert!(said["stored"].as_u64().unwrap() >= 1, "{said}");
    assert_eq!(said["known"], first);
    // Two messages that say the same are two.
    std::fs::write(&file, session(&(message("one") + &message("two") + &message("two")))).unwrap();
    assert!(record(&[&file], &store)["stored"].as_u64().unwrap() >= 1);
    // Another bus is another stream.
    let (code, said, _) = piped(&["record", &file, "-o", &store, "--into", "other"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["known"]), (OK, &0.into()));
    assert_eq!(out(&["ls", &store]).lines().count(), 2);
}

#[test]
fn runs_are_listed_with_the_figures_that_stats_has() {
    let file = written("store-ls.ndjson", &recording(9, 4));
    let store = store("ls");
    record(&[&file], &store);
    let runs = lines_of(&out(&["ls", &store]));
    let names: Vec<_> = runs.iter().map(|run| run["run"].as_str().unwrap()).collect();
    assert_eq!(names, (1..=9).map(|run| format!("r-{run:03}")).collect::<Vec<_>>());
    let stats: Value = serde_json::from_str(&out(&["stats", &store])).unwrap();
    for run in &runs {
        let by_run = &stats["by_run"][run["run"].as_str().unwrap()];
        let calls = run["model_calls"].as_u64().unwrap() + run["tool_calls"].as_u64().unwrap();
        assert_eq!(by_run["calls"], calls);
        assert_eq!((&by_run["failed"], &by_run["open"]), (&run["failed_calls"], &run["open_calls"]));
        assert_eq!(by_run["usage"], run["usage"]);
        let failed = run["run"].as_str().unwrap().ends_with(['2', '4', '6', '8']);
        assert_eq!(run["state"], if failed { "failed" } else { "completed" });
    }
    // A recording is listed as a store is.
    for (of_file, of_store) in lines_of(&out(&["ls", &file])).iter().zip(&runs) {
        assert!(of_file.as_object().unwrap().iter().all(|(name, value)| of_store[name] == *value));
    }
    let few = lines_of(&out(&["ls", &store, "-n", "2", "--session", "s-1"]));
    assert_eq!(few.iter().map(|run| run["run"].as_str().unwrap()).collect::<Vec<_>>(), ["r-007", "r-009"]);
    let (code, table, _) = newswire(&["ls", &store, "-n", "3"]);
    assert_eq!((code, table.lines().count()), (OK, 4));
    assert!(table.contains("r-009") && table.contains("completed") && table.contains("$2.00"), "{table}");
    assert!(!table.contains("bus"), "{table}");
    assert_eq!(newswire(&["show", &store]).1.lines().count(), 10);
}

#[test]
fn every_figure_of_every_recorded_session_is_the_same_in_a_store() {
    let Some(sessions) = pi_sessions() else { return };
    let files: Vec<&str> = sessions.iter().map(|path| text_of(path)).collect();
    let store = store("pi");
    record(&files, &store);
    let stats = |args: &[&str]| -> Value {
        let args: Vec<&str> = ["stats"].into_iter().chain(args.iter().copied()).collect();
        let mut said: Value = serde_json::from_str(&out(&args)).unwrap();
        let all = said.as_object_mut().unwrap();
        all.remove("recordings");
        all.remove("records");
        said
    };
    assert_eq!(stats(&[&store]), stats(&files));
    let totals = lines_of(&out(&["ls", &store])).iter().fold((0, 0), |sum, run| {
        (sum.0 + run["model_calls"].as_u64().unwrap(), sum.1 + run["tool_calls"].as_u64().unwrap())
    });
    assert_eq!(totals, (937, 845));
    let (one, other) = (newswire(&["show", &store, "ffae"]), newswire(&["show", files[0], "ffae"]));
    let other = if other.0 == OK { other } else { newswire(&["show", files[1], "ffae"]) };
    assert_eq!((one.0, one.1), (OK, other.1));
}

#[test]
fn a_store_is_read_wherever_a_file_is() {
    let file = written("store-read.ndjson", &recording(4, 2));
    let store = store("read");
    record(&[&file], &store);
    let without_seq = |text: String| {
        let strip = |mut line: Value| {
            line.as_object_mut().unwrap().remove("seq");
            line
        };
        lines_of(&text).into_iter().map(strip).collect::<Vec<_>>()
    };
    for args in [
        &["play"][..],
        &["play", "--filter", "tool.* and run=r-002"],
        &["play", "--from", "10s", "--to", "20s"],
        &["play", "--from", "2026-01-01T00:00:20Z"],
        &["grep", "tool.call.failed"],
        &["grep", "run=r-003"],
        &["grep", "tool.call.failed", "-B", "1"],
        &["grep", "model.*", "-v"],
        &["show"],
    ] {
        let with = |what: &str| {
            let what = if args[0] == "show" { vec![what, "r-00"] } else { vec![what] };
            without_seq(out(&[args, &what].concat()))
        };
        let (of_store, of_file) = (with(&store), with(&file));
        assert!(!of_file.is_empty(), "{args:?}");
        assert_eq!(of_store, of_file, "{args:?}");
    }
    let url = format!("sqlite:{store}");
    assert_eq!(out(&["grep", "-c", "*", &url]), "{\"count\":40}\n");
    let (code, said, err) = piped(&["show", &store, "r-9"]);
    assert_eq!((code, said.as_str()), (FAILED, ""));
    assert!(err.contains("no run begins with \"r-9\"; expected one of r-001"), "{err}");
    let both = out(&["stats", &store, &file]);
    assert_eq!(serde_json::from_str::<Value>(&both).unwrap()["recordings"], 2);
}

#[test]
fn a_player_plays_from_a_store_and_goes_back_in_it() {
    let file = written("store-player.ndjson", &recording(2, 3));
    let store = store("player");
    record(&[&file], &store);
    let bus = newswire::Bus::new();
    let mut played = bus.subscribe("*").unwrap();
    let open = || Events::of(SqliteStore::read(&store)?, Query::default());
    let options = PlayOptions { pace: Pace::Unbounded, ..PlayOptions::default() };
    let player = Player::reopening(open, options).unwrap();
    let controls = player.controls();
    let (again, heard) = (std::sync::atomic::AtomicBool::new(false), std::sync::Mutex::new(controls));
    bus.on_with(
        "run.failed",
        HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() },
        move |_: &newswire::Event| {
            if !again.swap(true, std::sync::atomic::Ordering::Relaxed) {
                heard.lock().unwrap().seek(Seek::Offset(std::time::Duration::from_secs(20))).unwrap();
            }
        },
    )
    .unwrap()
    .forever();
    let report = player.play(&bus);
    assert_eq!((report.error, report.events), (None, 28 + 8));
    let seconds: Vec<_> = std::iter::from_fn(|| played.try_next().unwrap())
        .filter_map(|delivery| delivery.event())
        .map(|event| event.time_ns() / 1_000_000_000 % 60)
        .collect();
    assert_eq!(seconds, (1..=28).chain(21..=28).collect::<Vec<_>>());
}

#[test]
fn an_export_has_what_is_wanted() {
    let file = written("store-export.ndjson", &recording(4, 2));
    let store = store("export");
    record(&[&file], &store);
    let count = |args: &[&str]| {
        let args: Vec<&str> = ["export"].into_iter().chain(args.iter().copied()).collect();
        out(&args).lines().count() - 1
    };
    for source in [&*store, &*file] {
        assert_eq!(count(&[source]), 40);
        assert_eq!(count(&[source, "--run", "r-002"]), 10);
        assert_eq!(count(&[source, "--session", "s-1", "--filter", "tool.call.failed"]), 4);
        assert_eq!(count(&[source, "--from", "2026-01-01T00:00:11Z", "--to", "2026-01-01T00:00:20Z"]), 10);
        assert_eq!(piped(&["export", source, "--run", "r-0"]).0, FAILED, "several begin so");
    }
    for wrong in [["--from", "5m"], ["--filter", "a ="]] {
        assert_eq!(piped(&["export", &store, wrong[0], wrong[1]]).0, USAGE, "{wrong:?}");
    }
    let target = common::place("store-export-out.ndjson.zst");
    let _ = std::fs::remove_file(&target);
    let (code, _, err) = newswire(&["export", &store, "-o", &target]);
    assert_eq!(code, OK, "{err}");
    assert_eq!(out(&["grep", "-c", "*", &target]), "{\"count\":40}\n");
    assert_eq!(piped(&["export", &store, "-o", &target]).0, FAILED, "it is there already");
}

#[test]
fn what_comes_by_the_standard_input_is_stored_and_a_broken_line_keeps_what_was_before() {
    let store = store("stdin");
    let (code, said, err) = piped_with(&["record", "-o", &store], Cursor::new(recording(1, 2)));
    assert_eq!(
        (code, serde_json::from_str::<Value>(&said).unwrap()["stored"].as_u64()),
        (OK, Some(10)),
        "{err}"
    );
    let broken = recording(2, 2) + "{\"id\":\n";
    let (code, said, err) = newswire_with(&["record", "-o", &store], Cursor::new(broken));
    assert_eq!((code, said.as_str()), (FAILED, ""));
    assert!(err.contains("stopped after 20 events") && err.contains("10 events were there already"), "{err}");
    assert_eq!(out(&["grep", "-c", "*", &store]), "{\"count\":20}\n");
}

#[test]
fn what_is_no_store_is_told_by_name_and_left_as_it_is() {
    let text = written("store-none.txt", "no store\n");
    let sound = written("store-none.ndjson", &recording(1, 1));
    let folder = env!("CARGO_TARGET_TMPDIR");
    for command in [&["tail"][..], &["verify"], &["prune", "--keep-count", "1"]] {
        for file in [&*text, folder, "no-such-store.db"] {
            let (code, out, err) = piped(&[command, &[file]].concat());
            assert_eq!((code, out.as_str()), (FAILED, ""), "{command:?} {file}");
            assert!(err.contains(file) && err.contains("expected a store"), "{err}");
        }
    }
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "no store\n");
    let (code, _, err) = piped(&["record", &sound, "-o", &text]);
    assert_eq!(code, FAILED);
    assert!(err.contains("store-none.txt"), "{err}");
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "no store\n");
    let (code, _, err) = piped(&["record", "-o", "sqlite:x.db?durability=maybe"]);
    assert_eq!(code, USAGE, "{err}");
    let (code, _, err) = piped(&["stats", "--bus", "main", &text]);
    assert_eq!(code, FAILED);
    assert!(err.contains("no store, and has no buses"), "{err}");
}

#[test]
fn a_bus_that_is_being_written_is_refused_with_its_holder() {
    let store = store("held");
    newswire_store::register().unwrap();
    let bus =
        newswire::Bus::with(newswire::BusOptions { name: "recorded".into(), ..Default::default() }).unwrap();
    bus.attach(&format!("sqlite:{store}")).unwrap();
    let file = written("store-held.ndjson", &recording(1, 1));
    let (code, _, err) = piped(&["record", &file, "-o", &store]);
    assert_eq!(code, FAILED);
    assert!(err.contains("the bus \"recorded\" is written by process"), "{err}");
    let (code, ..) = piped(&["record", &file, "-o", &store, "--into", "mine"]);
    assert_eq!(code, OK);
    bus.close(std::time::Duration::from_secs(10));
    let (code, ..) = piped(&["grep", "*", &store, "--bus", "mine"]);
    assert_eq!(code, OK);
    for (args, failed) in [(vec!["grep", "*"], USAGE), (vec!["ls"], FAILED), (vec!["stats"], FAILED)] {
        let (code, out, err) = piped(&[&args[..], &[&store, "--bus", "yours"]].concat());
        assert_eq!((code, out.as_str()), (failed, ""), "{args:?}");
        assert!(err.contains("no bus \"yours\"") && err.contains("\"mine\", \"recorded\""), "{err}");
    }
}

#[test]
fn pruning_deletes_what_it_says_and_leaves_a_gap() {
    let file = written("store-prune.ndjson", &recording(200, 10));
    let store = store("prune");
    record(&[&file], &store);
    let events = |told: &str| {
        let (_, out, err) = piped(&["grep", "-c", "*", &store]);
        assert_eq!(err.strip_prefix("newswire: ").unwrap_or_default(), told);
        serde_json::from_str::<Value>(&out).unwrap()["count"].as_u64()
    };
    assert_eq!(events(""), Some(8400));
    let dry = ["prune", &*store, "--kind", "tool.*", "--dry-run"];
    let said: Value = serde_json::from_str(&out(&dry)).unwrap();
    assert_eq!((&said["events"], &said["dry_run"]), (&4000.into(), &true.into()));
    assert_eq!(events(""), Some(8400));
    let said: Value = serde_json::from_str(&out(&dry[..4])).unwrap();
    assert_eq!(said["events"], 4000);
    let told = "4000 events are missing, as 2000 gaps in what was read tell\n";
    assert_eq!(events(told), Some(4400));
    let said = out(&["prune", &store, "--keep-count", "100", "--text"]);
    assert!(said.starts_with("recorded: ") && said.ends_with(") deleted\n"), "{said}");
    let exported = lines_of(&piped(&["export", &store]).1);
    assert_eq!(exported[1]["gap"]["reason"], "retention");
    assert_eq!(out(&["prune", &store, "--older-than", "1d"]).matches("\"events\":0").count(), 1);
    for wrong in
        [&[][..], &["--older-than", "soon"], &["--keep-count", "5", "--kind", "a.b"], &["--kind", "A b"]]
    {
        assert_eq!(piped(&[&["prune", &*store], wrong].concat()).0, USAGE, "{wrong:?}");
    }
}

#[test]
fn damage_is_told_and_repaired() {
    let file = written("store-verify.ndjson", &recording(20, 10));
    let store = store("verify");
    record(&[&file], &store);
    assert_eq!(lines_of(&out(&["verify", &store])).last().unwrap()["good_events"], 840);
    let (code, said, _) = newswire(&["repair", &store]);
    assert!(code == OK && said.contains("nothing is wrong"), "{said}");
    // One event, and what older pages have of it.
    let mut bytes = std::fs::read(&store).unwrap();
    let id = b"b62a-00000000012c";
    let places: Vec<_> =
        (0..bytes.len() - id.len()).filter(|place| bytes[*place..].starts_with(id)).collect();
    places.into_iter().for_each(|place| bytes[place] ^= 1);
    std::fs::write(&store, bytes).unwrap();
    let (code, said, _) = piped(&["verify", &store]);
    let found = lines_of(&said);
    assert_eq!(code, FAILED);
    assert!(found[0]["message"].as_str().unwrap().contains("checksum"), "{said}");
    assert_eq!((&found[1]["level"], &found[1]["errors"]), (&"verdict".into(), &1.into()));
    let (code, said, err) = piped(&["repair", &store]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["events"], &said["lost"]), (OK, &839.into(), &1.into()), "{err}");
    assert!(std::path::Path::new(said["aside"].as_str().unwrap()).exists());
    assert_eq!(piped(&["verify", &store]).0, OK);
    assert_eq!(out(&["ls", &store]).lines().count(), 20);
}
