//! What recordings come to, as programs read it.

use newswire::view::{CallSnapshot, CallTally, CensusSnapshot};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::by::By;
use crate::input::Total;
use crate::watch::Summary;

/// All that programs get.
#[derive(Serialize)]
pub(super) struct All<'s> {
    recordings: u64,
    records: u64,
    broken_records: u64,
    lasted_ns: u64,
    missing_events: u64,
    #[serde(flatten)]
    census: &'s CensusSnapshot,
    #[serde(flatten)]
    calls: &'s CallSnapshot,
}

impl<'s> All<'s> {
    pub(super) fn of(summary: &'s Summary, total: &Total) -> Self {
        Self {
            recordings: total.files,
            records: total.records(),
            broken_records: total.broken_records(),
            lasted_ns: summary.lasted_ns(),
            missing_events: summary.missing,
            census: &summary.census,
            calls: &summary.calls,
        }
    }
}

/// The groups of one sort, one a line.
pub(super) fn rows(summary: &Summary, by: By) -> Vec<Value> {
    if by == By::Kind {
        let kinds = summary.census.by_kind.iter();
        return kinds.map(|(kind, events)| json!({"kind": kind, "events": events})).collect();
    }
    let row = |(name, tally): (&str, &CallTally)| {
        let mut row = Map::from_iter([(by.name().to_owned(), Value::from(name))]);
        if let Ok(Value::Object(figures)) = serde_json::to_value(tally) {
            row.extend(figures);
        }
        Value::Object(row)
    };
    by.groups(&summary.calls).into_iter().map(row).collect()
}
