//! Reads of a payload what a view needs, as far as it fits.
//!
//! A bus that doesn't check payloads delivers what doesn't fit its kind, too: one such field mustn't cost a view
//! all the others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::says::{self, Says, says};
use crate::catalogue::Usage;
use crate::event::{Event, Members, Scope};

/// The longest name that a view keeps of a payload, in bytes: as long as ids may be.
pub(super) const MAX_NAME_BYTES: usize = Scope::MAX_ID_LEN;
/// The longest sentence that a view keeps.
pub(super) const MAX_SAID_BYTES: usize = 4096;

/// How deep the fields are that views need: those of records.
const DEEP: u8 = 2;

/// What this event's payload says; counts it as unreadable if a field doesn't fit, and leaves that field out.
pub(super) fn told<T: Says>(event: &Event, unreadable: &mut u64) -> T {
    if let Some(told) = event.payload_members().and_then(says::read) {
        return told;
    }
    let Some(json) = event.payload_json() else { return T::default() };
    if let Some(told) = says::parsed(json) {
        return told;
    }
    *unreadable += 1;
    let fitting = fitting(json, DEEP, &|json| says::parsed::<T>(json).is_some());
    fitting.and_then(|json| says::parsed(&json)).unwrap_or_default()
}

/// As much of a text as a view keeps: its tables are bounded in number, and so in bytes only if what is in them is.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The same of a sentence, which says that it goes on.
pub(super) fn cut_sentence(text: String) -> String {
    if text.len() <= MAX_SAID_BYTES { text } else { format!("{}…", cut(&text, MAX_SAID_BYTES)) }
}

/// The text of that name, where the payload is an object that has it; what follows it isn't looked at.
pub(super) fn text_of<'e>(mut members: Members<'e>, name: &str) -> Option<Cow<'e, str>> {
    let (_, value) = members.find(|(found, _)| found == name)?;
    // Nearly always there are no escapes to be read.
    let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    match plain.filter(|text| !text.contains('\\')) {
        Some(text) => Some(Cow::Borrowed(text)),
        None => serde_json::from_str(value).ok()?,
    }
}

/// What the payload of a lifecycle calls what it is about, where no component is told: by name or, for calls of models,
/// by model.
pub(super) fn name_of(event: &Event) -> Option<Cow<'_, str>> {
    let named = || ["name", "model"].into_iter().find_map(|name| text_of(event.payload_members()?, name));
    event.component().is_none().then(named).flatten().filter(|name| !name.is_empty())
}

/// The value without those of its members, and theirs, that don't fit; nothing where that doesn't help.
fn fitting(json: &str, deep: u8, fits: &dyn Fn(&str) -> bool) -> Option<String> {
    if fits(json) {
        return Some(json.to_owned());
    }
    let below = deep.checked_sub(1)?;
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    let mut kept = String::new();
    for (name, value) in members {
        let name = serde_json::to_string(&name).ok()?;
        let value = fitting(value.get(), below, &|value| fits(&format!("{{{name}:{value}}}")));
        if let Some(value) = value {
            let comma = if kept.is_empty() { "" } else { "," };
            kept.extend([comma, &name, ":", &value]);
        }
    }
    let kept = format!("{{{kept}}}");
    fits(&kept).then_some(kept)
}

says! {
    /// What the payloads of all lifecycles may say.
    pub(super) struct Said {
        pub(super) duration_ns: Option<u64>,
        pub(super) message: Option<String>,
        pub(super) reason: Option<String>,
        pub(super) error: Option<Wrong>,
        pub(super) usage: Option<Usage>,
    }
}

says! {
    pub(super) struct Wrong {
        pub(super) message: String,
    }
}

says! {
    struct Progress {
        usage: Option<Usage>,
        data: Option<Box<RawValue>>,
    }
}

/// What a call's progress tells of its usage until now: in the payload or, as importers give it, in its `data`.
pub(super) fn usage_so_far(event: &Event, unreadable: &mut u64) -> Option<Usage> {
    #[derive(Deserialize)]
    struct Data {
        usage: Option<Usage>,
    }
    let told: Progress = told(event, unreadable);
    // It may be of any shape.
    let data = || serde_json::from_str::<Data>(told.data?.get()).ok()?.usage.filter(Says::is_allowed);
    told.usage.or_else(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(json: &str) -> Option<String> {
        fitting(json, DEEP, &|json| says::parsed::<Said>(json).is_some())
    }

    #[test]
    fn only_the_members_that_fit_remain_those_of_records_too() {
        let json = r#"{"duration_ns":-1,"usage":{"input_tokens":"many","output_tokens":3},"x":{"y":[1]}}"#;
        assert_eq!(kept(json).unwrap(), r#"{"usage":{"output_tokens":3},"x":{"y":[1]}}"#);
        assert_eq!(kept(r#"{"error":"no","reason":5,"message":"a\"b"}"#).unwrap(), r#"{"message":"a\"b"}"#);
    }

    #[test]
    fn a_text_is_found_by_its_name_however_it_is_written() {
        let json = r#" { "b" : {"a":"no"}, "\u0061":"y\n", "c":1} "#;
        assert_eq!(text_of(Members::of(json).unwrap(), "a").as_deref(), Some("y\n"));
        for json in ["{}", r#"{"a":null}"#, r#"{"a":5}"#] {
            assert_eq!(text_of(Members::of(json).unwrap(), "a"), None, "{json}");
        }
    }

    #[test]
    fn what_is_no_record_or_too_deep_remains_at_no_cost() {
        assert_eq!(kept("5"), None);
        let deep = format!(r#"{{"duration_ns":{}1{}}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
        assert_eq!(kept(&deep).as_deref(), Some("{}"));
    }
}
