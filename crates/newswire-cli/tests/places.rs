//! What names no run of a store, and no store, is told and leaves nothing behind.

mod common;

use common::{piped, text_of, written};
use newswire_cli::{FAILED, OK, USAGE};

/// A store's place in a folder of its own, where nothing is.
fn store(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("places").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("events.db").to_str().unwrap().to_owned()
}

/// A recording of runs with ten events each.
fn recording(runs: &[&str]) -> String {
    let mut text = "{\"newswire\":\"recording\",\"version\":1,\"writer\":\"newswire 0.1.0\"}\n".to_owned();
    for (number, run) in runs.iter().flat_map(|run| [run; 10]).enumerate() {
        text.push_str(&format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-{number:012x}","kind":"tick.heard","time":"2026-01-01T00:00:{number:02}Z","source":{{"component":"test"}},"scope":{{"session":"s-1","run":"{run}"}},"severity":"info","payload":{number}}}"#
        ));
        text.push('\n');
    }
    text
}

#[test]
fn export_takes_the_beginning_of_a_run_and_writes_nothing_where_there_is_none() {
    let (store, source) =
        (store("export-run"), written("export-run.jsonl", &recording(&["r-001", "r-002", "x-11"])));
    let (code, _, err) = piped(&["record", &source, "-o", &store]);
    assert_eq!(code, OK, "{err}");
    for from in [&store, &source] {
        let out = std::path::Path::new(&store).with_file_name("run.ndjson");
        let export = |run: &str| {
            let _ = std::fs::remove_file(&out);
            let (code, _, err) = piped(&["export", from, "--run", run, "-o", text_of(&out)]);
            (code, err, std::fs::read_to_string(&out).ok())
        };
        for run in ["r-001", "x-1"] {
            let (code, err, text) = export(run);
            assert_eq!((code, text.unwrap().lines().count()), (OK, 11), "{err}");
        }
        let (code, err, text) = export("r-00");
        assert_eq!((code, text), (FAILED, None), "{err}");
        assert!(err.contains("more than one run begins with \"r-00\""), "{err}");
        let (code, err, text) = export("nope");
        assert_eq!((code, text), (FAILED, None), "{err}");
        assert!(err.contains("no run begins with \"nope\""), "{err}");
        let (code, out, err) = piped(&["ls", from, "--session", "nope"]);
        assert_eq!((code, out.as_str()), (FAILED, ""), "{err}");
        assert!(err.contains("no run is of the session \"nope\""), "{err}");
    }
}

#[test]
fn what_is_no_place_for_a_store_is_refused_and_not_made() {
    let source = written("no-place.jsonl", &recording(&["r-1"]));
    for place in ["-", ":memory:", "sqlite::memory:", "console:", "postgres://host/x", "file:events.db"] {
        let (code, _, err) = piped(&["record", &source, "-o", place]);
        assert_eq!(code, USAGE, "{place}: {err}");
        assert!(err.contains("events.db"), "{place}: {err}");
        assert!(!std::path::Path::new(place).exists(), "{place}");
    }
    let place = store("no-name");
    let (code, _, err) = piped(&["record", &source, "-o", &place, "--into", ""]);
    assert_eq!(code, USAGE, "{err}");
    assert!(err.contains("--into") && err.contains("recorded"), "{err}");
    assert!(!std::path::Path::new(&place).exists());
}
