//! What the user should know about a play, a sentence each: what the importer doesn't know, where it stopped,
//! what was lost.

use std::collections::BTreeMap;

use newswire::{CloseReport, Error};
use newswire_recording::Report;

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
    let times: u64 = names.values().sum();
    let plural = if times == 1 { "" } else { "s" };
    let mut shown: Vec<_> = names.keys().take(MAX_NAMES).map(String::as_str).collect();
    if names.len() > MAX_NAMES {
        shown.push("...");
    }
    format!("{times} {what}{plural} ({})", shown.join(", "))
}

/// Where and why the play stopped, after that many events.
pub(crate) fn of_stop(events: usize, error: &Error) -> String {
    let plural = if events == 1 { "" } else { "s" };
    format!("stopped after {events} event{plural}, the rest was not played: {error}")
}

/// What was published and didn't get through; `uncounted` are those that the summary has missed.
pub(crate) fn of_lost(closed: &CloseReport, uncounted: u64) -> Option<String> {
    let hidden: u64 = closed
        .subscriptions
        .iter()
        .map(|view| &view.books)
        .map(|books| books.dropped + books.failed + books.panicked + books.discarded + books.in_flight)
        .sum();
    (hidden + uncounted > 0).then(|| format!("{hidden} events were not shown, {uncounted} not summed up"))
}
