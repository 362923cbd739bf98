//! What an importer met that it doesn't know, in one sentence.

use std::collections::BTreeMap;

use newswire_recording::Report;

/// How many names are told; the rest is counted.
const MAX_NAMES: usize = 8;

/// The sentence, unless the importer knew everything.
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
