//! Runs of sources that tell no id of their own: one for each file, and the same whenever it is imported.

mod common;

use std::collections::BTreeSet;

use common::{events, import};
use newswire::ScopeField;

/// A source of each such format.
const SOURCES: [(&str, &str); 4] = [
    ("ai-sdk", r#"{"type":"message_start","message":{"id":"a","model":"m"}}"#),
    ("ag-ui", r#"[[{"contents":[{"$type":"text","text":"Hello"}],"modelId":"m"}]]"#),
    ("codex", r#"{"ts":"2025-08-10T03:12:26.500Z","dir":"meta","kind":"session_start"}"#),
    ("tau-bench", r#"[{"task_id":3,"trial":1,"reward":1.0,"info":{},"traj":[]}]"#),
];

fn runs(format: &str, text: &str, name: &str) -> BTreeSet<String> {
    let events = events(import(format, text.as_bytes(), name));
    events.iter().filter_map(|event| event.scope().get(ScopeField::Run).map(str::to_owned)).collect()
}

#[test]
fn files_of_the_same_name_are_runs_of_their_own_and_the_same_when_they_come_again() {
    for (format, text) in SOURCES {
        let run = runs(format, text, "a/stream.1.txt");
        assert_eq!(run.len(), 1, "{format}");
        assert_eq!(runs(format, text, "a/stream.1.txt"), run, "{format}");
        assert!(runs(format, text, "b/stream.1.txt").is_disjoint(&run), "{format}");
        // What comes by a pipe has one name, and is told apart by what it says.
        let other = text.replace("\"m\"", "\"n\"").replace("26.500", "27.500").replace("1.0", "0.0");
        assert!(runs(format, &other, "a/stream.1.txt").is_disjoint(&run), "{format}");
    }
}
