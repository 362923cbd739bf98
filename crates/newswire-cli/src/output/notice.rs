//! What the user should know about a recording, a sentence each: what the importer doesn't know, where it
//! stopped, what was skipped or lost.

use std::collections::BTreeMap;

use newswire::{CloseReport, Error};
use newswire_recording::Report;

use super::numbers::counted;

/// How many names are told; the rest is counted.
const MAX_NAMES: usize = 8;

/// What the importer kept without knowing it.
pub(crate) fn of(report: &Report) -> Option<String> {
    let parts: Vec<_> = [("record", &report.unknown_records), ("field", &report.unknown_fields)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| told(what, names))
        .collect();
    (!parts.is_empty()).then(|| format!("kept as they are, being unknown: {}", parts.join(", ")))
}

fn told(what: &str, names: &BTreeMap<String, u64>) -> String {
    let mut shown: Vec<_> = names.keys().take(MAX_NAMES).map(String::as_str).collect();
    if names.len() > MAX_NAMES {
        shown.push("...");
    }
    format!("{} ({})", counted(names.values().sum(), what), shown.join(", "))
}

/// Where and why it stopped, after that many events.
pub(crate) fn of_stop(events: u64, error: &Error) -> String {
    format!("stopped after {}, the rest was not read: {error}", counted(events, "event"))
}

/// How many events are missing, since the recordings tell of gaps.
pub(crate) fn of_missing(events: u64, gaps: u64) -> Option<String> {
    let are = if events == 1 { "is" } else { "are" };
    (events > 0).then(|| {
        format!(
            "{} {are} missing, as {} in what was read tell{}",
            counted(events, "event"),
            counted(gaps, "gap"),
            if gaps == 1 { "s" } else { "" }
        )
    })
}

/// How many recordings were not read, since one before them could not be.
pub(crate) fn of_left(recordings: usize) -> Option<String> {
    match recordings {
        0 => None,
        1 => Some("the recording after it was not read; --skip goes on".to_owned()),
        more => Some(format!("the {more} recordings after it were not read; --skip goes on")),
    }
}

/// How many broken records were skipped, since the user asked for it.
pub(crate) fn of_skipped(records: u64, first: &Error) -> String {
    let what = if records == 1 { "record was skipped" } else { "records were skipped, the first" };
    format!("{records} broken {what}: {first}")
}

/// That the user has ended it.
pub(crate) fn of_interrupted(events: u64) -> String {
    format!("interrupted after {}, the rest was not read", counted(events, "event"))
}

/// What was published and didn't get through; `uncounted` are those that the summary has missed.
pub(crate) fn of_lost(closed: &CloseReport, uncounted: u64) -> Option<String> {
    let hidden: u64 = closed
        .subscriptions
        .iter()
        .map(|view| &view.books)
        .map(|books| books.dropped + books.failed + books.panicked + books.discarded + books.in_flight)
        .sum();
    (hidden > 0 || uncounted > 0)
        .then(|| format!("{hidden} events were not shown, {uncounted} not summed up"))
}
