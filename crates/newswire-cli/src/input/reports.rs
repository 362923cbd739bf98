//! What several recordings came to, added up.

use std::collections::BTreeMap;

use newswire_recording::Report;

/// How many names are told apart over all recordings.
const MAX_KEPT: usize = 1024;

/// Adds what one more recording came to.
pub(super) fn add(total: &mut Report, one: &Report) {
    total.records = total.records.saturating_add(one.records);
    total.broken_records = total.broken_records.saturating_add(one.broken_records);
    total.events = total.events.saturating_add(one.events);
    total.gaps = total.gaps.saturating_add(one.gaps);
    add_names(&mut total.unknown_records, &one.unknown_records);
    add_names(&mut total.unknown_fields, &one.unknown_fields);
}

fn add_names(total: &mut BTreeMap<String, u64>, one: &BTreeMap<String, u64>) {
    for (name, times) in one {
        let name = if total.len() < MAX_KEPT || total.contains_key(name) { name } else { "other" };
        let counted = total.entry(name.to_owned()).or_default();
        *counted = counted.saturating_add(*times);
    }
}
