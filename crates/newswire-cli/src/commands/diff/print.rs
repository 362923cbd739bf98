//! Differences as people and programs read them.

use newswire::{Result, Visible, figures};
use serde_json::{Value, json};

use super::compare::Change;
use super::operation::{Aspect, Operation};
use super::operations::Operations;
use super::side::Side;
use crate::output::{Io, counted, grouped};

/// Writes them all, and what both runs came to.
pub(super) fn print(a: &Side, b: &Side, changes: &[Change], io: &mut Io) -> Result<()> {
    if io.json {
        return json(a, b, changes, io);
    }
    let mut text = String::new();
    for (mark, side) in [("---", a), ("+++", b)] {
        text.push_str(&format!("{mark} {}  {}\n", Visible(&side.name), sums(&side.operations)));
    }
    let mut same = 0;
    for change in changes {
        if matches!(change, Change::Same) {
            same += 1;
            continue;
        }
        rest(&mut text, &mut same);
        lines(&mut text, a, b, change, io);
    }
    rest(&mut text, &mut same);
    let count = |what: fn(&Change) -> bool| changes.iter().filter(|change| what(change)).count() as u64;
    text.push_str(&format!(
        "{} the same, {} changed, {} only in the first, {} only in the second, {} moved\n",
        grouped(count(|change| matches!(change, Change::Same))),
        grouped(count(|change| matches!(change, Change::Changed(..)))),
        grouped(count(|change| matches!(change, Change::Removed(_)))),
        grouped(count(|change| matches!(change, Change::Added(_)))),
        grouped(count(|change| matches!(change, Change::Moved(..)))),
    ));
    io.print(&text)
}

/// A line for those that are the same.
fn rest(text: &mut String, same: &mut u64) {
    if *same > 0 {
        text.push_str(&format!("  {} the same\n", counted(*same, "operation")));
    }
    *same = 0;
}

fn lines(text: &mut String, a: &Side, b: &Side, change: &Change, io: &Io) {
    let first = |place: usize| &a.operations.all[place];
    let second = |place: usize| &b.operations.all[place];
    let (mark, code, operation, told) = match change {
        Change::Same => return,
        Change::Removed(place) => ("-", "\x1b[31m", first(*place), whole(first(*place))),
        Change::Added(place) => ("+", "\x1b[32m", second(*place), whole(second(*place))),
        Change::Changed(x, y, differs) => {
            ("~", "\x1b[33m", second(*y), between(first(*x), second(*y), differs))
        }
        Change::Moved(x, y, differs) => {
            let mut told = vec![format!("from {} to {}", x + 1, y + 1)];
            told.extend(between(first(*x), second(*y), differs));
            (">", "\x1b[36m", second(*y), told)
        }
    };
    let line = format!("{} {}  {}", operation.operation, operation.label, told.join("  "));
    let line = Visible(&line).cut(io.width.saturating_sub(2));
    let (on, off) = if io.color { (code, "\x1b[0m") } else { ("", "") };
    text.push_str(&format!("{on}{mark}{off} {line}\n"));
    if let Change::Changed(x, y, differs) | Change::Moved(x, y, differs) = change {
        for aspect in
            [Aspect::Arguments, Aspect::Result].into_iter().filter(|aspect| differs.contains(aspect))
        {
            for (mark, operation) in [("-", first(*x)), ("+", second(*y))] {
                let told = if aspect == Aspect::Result { &operation.result } else { &operation.arguments };
                let told = told.as_ref().map_or("nothing", |text| text.shown.as_str());
                let line = format!("{} {told}", word(aspect));
                text.push_str(&format!("    {mark} {}\n", Visible(&line).cut(io.width.saturating_sub(6))));
            }
        }
    }
}

/// What one operation came to.
fn whole(operation: &Operation) -> Vec<String> {
    let mut told: Vec<String> = operation.duration_ns.map(figures::duration).into_iter().collect();
    if operation.cost_usd > 0.0 {
        told.push(figures::money(operation.cost_usd));
    }
    let text = operation.arguments.as_ref().or(operation.result.as_ref());
    told.extend(text.map(|text| text.shown.clone()));
    told
}

/// What two of them came to, where it differs.
fn between(a: &Operation, b: &Operation, differs: &[Aspect]) -> Vec<String> {
    let time = |nanos: Option<u64>| nanos.map_or("open".to_owned(), figures::duration);
    let tell = |aspect: &Aspect| match aspect {
        Aspect::Arguments | Aspect::Result => word(*aspect).to_owned(),
        Aspect::Status => format!("{} → {}", a.status, b.status),
        Aspect::Tokens => format!(
            "{} in, {} out → {} in, {} out",
            figures::count(a.input_tokens),
            figures::count(a.output_tokens),
            figures::count(b.input_tokens),
            figures::count(b.output_tokens)
        ),
        Aspect::Cost => format!("{} → {}", figures::money(a.cost_usd), figures::money(b.cost_usd)),
        Aspect::Duration => format!("{} → {}", time(a.duration_ns), time(b.duration_ns)),
    };
    differs.iter().map(tell).collect()
}

fn word(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Arguments => "arguments",
        Aspect::Result => "result",
        Aspect::Status => "status",
        Aspect::Tokens => "tokens",
        Aspect::Cost => "cost",
        Aspect::Duration => "duration",
    }
}

/// What a run came to.
fn sums(operations: &Operations) -> String {
    let all = &operations.all;
    let [input, output] = totals(operations);
    let cost = cost_of(operations);
    format!(
        "{}, {} in, {} out, {}, {}",
        counted(all.len() as u64, "operation"),
        figures::count(input),
        figures::count(output),
        figures::money(cost),
        figures::duration(operations.lasted_ns())
    )
}

/// What all of them cost. The sum of nothing is 0, which `sum` has as -0.
fn cost_of(operations: &Operations) -> f64 {
    operations.all.iter().fold(0.0, |cost, operation| figures::sum(cost, operation.cost_usd))
}

fn totals(operations: &Operations) -> [u64; 2] {
    let sum = |of: fn(&Operation) -> u64| operations.all.iter().map(of).fold(0, u64::saturating_add);
    [sum(|operation| operation.input_tokens), sum(|operation| operation.output_tokens)]
}

fn json(a: &Side, b: &Side, changes: &[Change], io: &mut Io) -> Result<()> {
    let (first, second) = (&a.operations.all, &b.operations.all);
    let words = |differs: &[Aspect]| differs.iter().map(|aspect| word(*aspect)).collect::<Vec<_>>();
    let mut counts = [0_u64; 5];
    for change in changes {
        let (place, line) = match change {
            Change::Same => (0, None),
            Change::Changed(x, y, differs) => (
                1,
                Some(
                    json!({"change": "changed", "differs": words(differs), "first": &first[*x], "second": &second[*y]}),
                ),
            ),
            Change::Removed(x) => (2, Some(json!({"change": "removed", "first": &first[*x]}))),
            Change::Added(y) => (3, Some(json!({"change": "added", "second": &second[*y]}))),
            Change::Moved(x, y, differs) => (
                4,
                Some(
                    json!({"change": "moved", "differs": words(differs), "first": &first[*x], "second": &second[*y]}),
                ),
            ),
        };
        counts[place] += 1;
        line.map_or(Ok(()), |line| io.print_json(&line))?;
    }
    let [same, changed, removed, added, moved] = counts;
    io.print_json(&json!({
        "change": "summary", "same": same, "changed": changed, "removed": removed, "added": added, "moved": moved,
        "first": run(a), "second": run(b),
    }))
}

fn run(side: &Side) -> Value {
    let operations = &side.operations;
    let [input, output] = totals(operations);
    let cost = cost_of(operations);
    json!({
        "run": side.name, "operations": operations.all.len(), "input_tokens": input, "output_tokens": output,
        "cost_usd": cost, "lasted_ns": operations.lasted_ns(),
    })
}
