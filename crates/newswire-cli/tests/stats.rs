//! `newswire stats`: its figures are those of a direct count of the source.

mod common;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use common::{HEAD, lines_of, newswire, pi_sessions, piped, text_of, written};
use newswire_cli::{FAILED, OK};
use serde_json::Value;

/// The figures of one group, counted in the source without Newswire.
#[derive(Clone, Debug, Default, PartialEq)]
struct Count {
    calls: u64,
    failed: u64,
    canceled: u64,
    open: u64,
    input: u64,
    output: u64,
    cached: u64,
    cost: f64,
    /// The longest call, in milliseconds.
    longest: u64,
}

#[derive(Debug, Default)]
struct Counts {
    by_model: BTreeMap<String, Count>,
    by_provider: BTreeMap<String, Count>,
    by_tool: BTreeMap<String, Count>,
    by_run: BTreeMap<String, Count>,
}

impl Counts {
    fn of(path: &Path) -> Self {
        let mut counts = Self::default();
        let mut run = String::new();
        let mut open: HashMap<String, (String, u64)> = HashMap::new();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            if record["type"] == "session" {
                run = record["id"].as_str().unwrap().to_owned();
            }
            let message = &record["message"];
            let written = record["timestamp"].as_str().map(millis_of).unwrap_or_default();
            if message["role"] == "assistant" {
                let usage = &message["usage"];
                let tokens = |name: &str| usage[name].as_u64().unwrap();
                let began = message["timestamp"].as_u64().unwrap();
                let one = Count {
                    calls: 1,
                    failed: u64::from(message["stopReason"] == "error"),
                    canceled: u64::from(message["stopReason"] == "aborted"),
                    open: 0,
                    input: tokens("input") + tokens("cacheRead") + tokens("cacheWrite"),
                    output: tokens("output"),
                    cached: tokens("cacheRead"),
                    cost: usage["cost"]["total"].as_f64().unwrap(),
                    longest: written.saturating_sub(began),
                };
                let name = |field: &str| message[field].as_str().unwrap().to_owned();
                counts.by_model.entry(name("model")).or_default().add(&one);
                counts.by_provider.entry(name("provider")).or_default().add(&one);
                counts.by_run.entry(run.clone()).or_default().add(&one);
                for part in message["content"].as_array().unwrap() {
                    if part["type"] == "toolCall" {
                        let tool = part["name"].as_str().unwrap().to_owned();
                        open.insert(part["id"].as_str().unwrap().to_owned(), (tool.clone(), written));
                        let one = Count { calls: 1, open: 1, ..Count::default() };
                        counts.by_tool.entry(tool).or_default().add(&one);
                        counts.by_run.entry(run.clone()).or_default().add(&one);
                    }
                }
            }
            if message["role"] == "toolResult" {
                let (tool, began) = open.remove(message["toolCallId"].as_str().unwrap()).unwrap();
                let took = message["timestamp"].as_u64().unwrap().saturating_sub(began);
                for count in [counts.by_tool.get_mut(&tool).unwrap(), counts.by_run.get_mut(&run).unwrap()] {
                    count.open -= 1;
                    count.failed += u64::from(message["isError"] == true);
                    count.longest = count.longest.max(took);
                }
            }
        }
        counts
    }
}

impl Count {
    fn add(&mut self, one: &Self) {
        self.calls += one.calls;
        self.failed += one.failed;
        self.canceled += one.canceled;
        self.open += one.open;
        self.input += one.input;
        self.output += one.output;
        self.cached += one.cached;
        self.cost += one.cost;
        self.longest = self.longest.max(one.longest);
    }

    fn told(tally: &Value) -> Self {
        let number = |value: &Value| value.as_u64().unwrap();
        let usage = &tally["usage"];
        Self {
            calls: number(&tally["calls"]),
            failed: number(&tally["failed"]),
            canceled: number(&tally["canceled"]),
            open: number(&tally["open"]),
            input: number(&usage["input_tokens"]),
            output: number(&usage["output_tokens"]),
            cached: number(&usage["cache_read_tokens"]),
            cost: usage["cost_usd"].as_f64().unwrap(),
            longest: number(&tally["max_ns"]) / 1_000_000,
        }
    }
}

/// Milliseconds since 1970 of `2025-11-20T23:33:50.805Z`; all are within a few years.
fn millis_of(time: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| time[range].parse::<u64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let leap = |year: u64| year.is_multiple_of(4);
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum::<u64>()
        + months.iter().take(month as usize - 1).sum::<u64>()
        + day
        - 1;
    (((days * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19)) * 1000 + number(20..23)
}

fn assert_same(told: &Value, counted: &BTreeMap<String, Count>) {
    let told: BTreeMap<_, _> =
        told.as_object().unwrap().iter().map(|(name, tally)| (name.clone(), Count::told(tally))).collect();
    assert_eq!(told.keys().collect::<Vec<_>>(), counted.keys().collect::<Vec<_>>());
    for (name, count) in counted {
        let cost = count.cost;
        let Count { cost: told_cost, .. } = told[name];
        assert!((told_cost - cost).abs() < 1e-6, "{name}: {told_cost} instead of {cost}");
        assert_eq!(Count { cost: 0.0, ..told[name].clone() }, Count { cost: 0.0, ..count.clone() }, "{name}");
    }
}

#[test]
fn every_group_of_both_recorded_sessions_equals_a_direct_count() {
    let Some(paths) = pi_sessions() else { return };
    for path in &paths {
        let (code, out, err) = piped(&["stats", text_of(path)]);
        assert_eq!((code, err.as_str(), out.lines().count()), (OK, "", 1));
        let (told, counts) = (lines_of(&out).remove(0), Counts::of(path));
        assert_same(&told["by_model"], &counts.by_model);
        assert_same(&told["by_provider"], &counts.by_provider);
        assert_same(&told["by_tool"], &counts.by_tool);
        assert_same(&told["by_run"], &counts.by_run);
        let kinds = told["by_kind"].as_object().unwrap().values().map(|events| events.as_u64().unwrap());
        assert_eq!(kinds.sum::<u64>(), told["events"].as_u64().unwrap());
    }
}

#[test]
fn both_recorded_sessions_together_have_the_totals_that_are_known() {
    let Some([first, second]) = pi_sessions() else { return };
    let (code, out, _) = newswire(&["stats", text_of(&first), text_of(&second)]);
    assert_eq!(code, OK);
    for line in [
        "recordings    2 (2,022 records)",
        "runs          2",
        "model calls   937 (2 failed, 39 canceled)",
        "tool calls    845 (31 failed, 24 never answered)",
        "cost          USD 72.9261",
    ] {
        assert!(out.lines().any(|told| told == line), "{line}: {out}");
    }
    let bash = out.lines().find(|line| line.starts_with("bash ")).unwrap();
    assert_eq!(bash.split_whitespace().take(4).collect::<Vec<_>>(), ["bash", "398", "27", "2"]);
}

#[test]
fn one_sort_of_group_is_a_table_of_its_own_and_a_line_of_json_each() {
    let Some([path, _]) = pi_sessions() else { return };
    for (by, first) in [
        ("model", "claude-sonnet-4-5"),
        ("provider", "anthropic"),
        ("tool", "bash"),
        ("kind", "tool.call.started"),
    ] {
        let (code, out, _) = newswire(&["stats", text_of(&path), "--by", by]);
        assert_eq!(code, OK);
        assert!(out.starts_with(by), "{out}");
        let (code, lines, _) = piped(&["stats", text_of(&path), "--by", by]);
        let lines = lines_of(&lines);
        assert_eq!((code, lines.len() + 1), (OK, out.lines().count()), "{by}");
        assert!(lines.iter().any(|line| line[by] == first), "{lines:?}");
    }
}

#[test]
fn percentiles_are_those_of_the_calls() {
    let calls: String = (1..=100)
        .map(|call| {
            let (began, ended) = (1_735_689_600_000_u64 + call * 1000, call * 10);
            let record = format!(
                r#"{{"type":"message","timestamp":"2025-01-01T00:{:02}:{:02}.{:03}Z","message":{{"role":"assistant","content":[],"model":"m","provider":"p","stopReason":"stop","timestamp":{began}}}}}"#,
                (call * 1000 + ended) / 60_000,
                (call * 1000 + ended) / 1000 % 60,
                (call * 1000 + ended) % 1000,
            );
            record + "\n"
        })
        .collect();
    let file = written("percentiles.jsonl", &format!("{HEAD}\n{calls}"));
    let (_, out, _) = piped(&["stats", &file, "--by", "model"]);
    let model = lines_of(&out).remove(0);
    for (percentile, millis) in [("p50_ns", 500.0), ("p95_ns", 950.0), ("p99_ns", 990.0), ("max_ns", 1000.0)]
    {
        let told = model[percentile].as_f64().unwrap() / 1e6;
        assert!((millis..millis * 1.008).contains(&told), "{percentile}: {told}");
    }
    assert_eq!((model["calls"].as_u64(), model["timed"].as_u64()), (Some(100), Some(100)));
}

#[test]
fn what_is_tried_again_and_never_ends_is_counted_by_model_agent_and_run() {
    let event = |kind: &str, more: &str| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"{kind}","time":"2025-01-01T00:00:00Z","scope":{{"run":"r-1","agent":"planner"}},{more}}}"#
        )
    };
    let text = [
        event(
            "model.call.started",
            r#""correlation":{"span":"00000000000000aa"},"payload":{"model":"m","provider":"p"}"#,
        ),
        event("model.call.retried", r#""payload":{"model":"m","provider":"p","attempt":2}"#),
        event("step.retried", r#""payload":{"name":"plan","attempt":2}"#),
    ];
    let file = written("retries.ndjson", &text.join("\n"));
    let (_, out, _) = piped(&["stats", &file]);
    let told = lines_of(&out).remove(0);
    let figures = |tally: &Value| {
        [&tally["calls"], &tally["open"], &tally["retries"]].map(|value| value.as_u64().unwrap())
    };
    assert_eq!(figures(&told["by_model"]["m"]), [1, 1, 1]);
    assert_eq!(figures(&told["by_provider"]["p"]), [1, 1, 1]);
    assert_eq!(figures(&told["by_agent"]["planner"]), [1, 1, 2]);
    assert_eq!(figures(&told["by_run"]["r-1"]), [1, 1, 2]);
    let (_, table, _) = newswire(&["stats", &file]);
    assert!(
        table.contains("model calls   1 (0 failed, 0 canceled, 1 never ended, 1 tried again)"),
        "{table}"
    );
}

#[test]
fn where_a_recording_breaks_what_came_before_is_summed_up_or_the_broken_are_skipped() {
    let file = written("stats-broken.jsonl", &format!("{HEAD}\n{{\"type\":\n{{\"type\":\"compaction\"}}\n"));
    let (code, out, err) = newswire(&["stats", &file]);
    assert_eq!(code, FAILED);
    assert!(out.contains("events        1 ") && err.contains("stopped after 1 event"), "{out}{err}");
    let (code, out, err) = newswire(&["stats", &file, "--skip"]);
    assert_eq!(code, OK);
    assert!(out.contains("compactions   1") && out.contains("(2 records, 1 broken)"), "{out}");
    assert!(
        err.starts_with("newswire: 1 broken record was skipped: ") && err.contains("stats-broken.jsonl:2: "),
        "{err}"
    );
}

#[test]
fn the_standard_input_is_one_of_the_files_but_only_once() {
    let file = written("stats-one.jsonl", &format!("{HEAD}\n"));
    let input = || std::io::Cursor::new(format!("{HEAD}\n{{\"type\":\"compaction\"}}\n"));
    let (code, out, err) = common::newswire_with(&["stats", "-", &file], input());
    assert_eq!((code, err.as_str()), (OK, ""));
    assert!(out.contains("recordings    2") && out.contains("events        3 "), "{out}");
    let (code, _, err) = common::newswire_with(&["stats", "-", "-"], input());
    assert_eq!((code, err.as_str()), (FAILED, "newswire: -: the standard input can be read only once\n"));
}

#[test]
fn a_recording_that_cannot_be_opened_leaves_the_later_ones_unread_unless_skipped_and_says_so() {
    let file = written("stats-later.jsonl", &format!("{HEAD}\n"));
    let (code, out, err) = newswire(&["stats", &file, "/nowhere/at.all", &file, &file]);
    assert_eq!(code, FAILED);
    assert!(out.contains("recordings    1 "), "{out}");
    assert!(err.ends_with("newswire: the 2 recordings after it were not read; --skip goes on\n"), "{err}");
    let (code, out, err) = newswire(&["stats", &file, "/nowhere/at.all", &file, &file, "--skip"]);
    assert_eq!((code, err.lines().count()), (FAILED, 1));
    assert!(out.contains("recordings    3 "), "{out}");
}

#[test]
fn where_there_are_no_groups_of_a_sort_people_are_told_and_programs_get_nothing() {
    let file = written("stats-none.jsonl", &format!("{HEAD}\n"));
    assert_eq!(
        newswire(&["stats", &file, "--by", "agent"]),
        (OK, "no calls by agent\n".to_owned(), String::new())
    );
    assert_eq!(piped(&["stats", &file, "--by", "agent"]), (OK, String::new(), String::new()));
}

#[test]
fn gaps_of_more_events_than_can_be_counted_come_to_the_most_that_can() {
    let gap =
        r#"{"gap":{"first":1,"last":18446744073709551615,"count":18446744073709551615,"reason":"full"}}"#;
    let file = written("stats-gaps.ndjson", &format!("{gap}\n{gap}\n"));
    let (code, out, err) = piped(&["stats", &file]);
    let told = "newswire: 18446744073709551615 events are missing, as 2 gaps in what was read tell\n";
    assert_eq!((code, err.as_str()), (OK, told));
    assert_eq!(lines_of(&out)[0]["missing_events"].as_u64(), Some(u64::MAX));
    for command in ["play", "check", "import", "show"] {
        assert_eq!(newswire(&[command, &file]).0, OK, "{command}");
    }
}

#[test]
fn a_call_that_one_file_leaves_open_is_ended_by_the_next_as_they_are_parts_of_one_whole() {
    let part = |name: &str, kind: &str, time: &str| {
        let event = format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"{kind}","time":"2025-01-01T00:00:{time}Z","scope":{{"run":"r-1"}},"correlation":{{"span":"00000000000000aa"}},"payload":{{"name":"bash"}}}}"#
        );
        written(name, &format!("{event}\n"))
    };
    let begins = part("stats-part-1.ndjson", "tool.call.started", "01");
    let ends = part("stats-part-2.ndjson", "tool.call.completed", "03");
    let figures = |files: &[&str]| {
        let (code, out, _) = piped(&[&["stats", "--by", "tool"], files].concat());
        let tool = lines_of(&out).remove(0);
        (code, ["calls", "open", "max_ns"].map(|name| tool[name].as_u64().unwrap()))
    };
    assert_eq!(figures(&[&begins, &ends]), (OK, [1, 0, 2_000_000_000]));
    assert_eq!(figures(&[&begins, &begins]), (OK, [1, 1, 0]));
}

#[test]
fn no_line_is_wider_than_it_may_be_and_no_figure_is_lost() {
    let Some(paths) = pi_sessions() else { return };
    let figures = |text: &str| {
        let words = text.split_whitespace().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        words.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let (_, whole, _) = newswire(&["stats", text_of(&paths[0])]);
    for width in ["40", "60", "90"] {
        let (code, out, _) = newswire(&["stats", text_of(&paths[0]), "--width", width]);
        assert_eq!(code, OK);
        let wide = out.lines().max_by_key(|line| newswire::Visible(line).columns()).unwrap();
        assert!(newswire::Visible(wide).columns() <= width.parse().unwrap(), "{width}: {wide}");
        assert_eq!(figures(&out), figures(&whole), "{width}");
    }
    let (_, out, _) = newswire(&["check", text_of(&paths[0]), "--width", "60"]);
    assert!(out.lines().all(|line| line.starts_with('/') || newswire::Visible(line).columns() <= 60));
}

#[test]
fn a_cost_that_is_no_amount_spoils_no_total() {
    let cost = |cost: &str| {
        let end = format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"model.call.completed","time":"2025-01-01T00:00:00Z","payload":{{"model":"m","usage":{{"cost_usd":{cost}}}}}}}"#
        );
        format!("{end}\n{end}\n{}\n", end.replace(&format!(":{cost}}}"), ":0.5}"))
    };
    for (told, total) in [("1e999", 0.5), ("-1e999", 0.5), ("\"NaN\"", 0.5), ("1e308", 0.5), ("NaN", 0.5)] {
        let file = written("stats-cost.ndjson", &cost(told));
        let (code, out, err) = piped(&["stats", &file, "--skip"]);
        assert_eq!(code, OK, "{told}: {err}");
        let said = &lines_of(&out)[0];
        assert_eq!(said["model_calls"]["usage"]["cost_usd"].as_f64(), Some(total), "{told}");
        assert_eq!(newswire(&["check", &file]).0, if told == "1e308" { OK } else { FAILED }, "{told}");
        let (_, text, _) = newswire(&["stats", &file, "--skip"]);
        assert!(!text.contains("inf") && !text.contains("NaN"), "{text}");
    }
}
