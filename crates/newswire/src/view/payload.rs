//! Reads of a payload what a view needs, as far as it fits.
//!
//! A bus that doesn't check payloads delivers what doesn't fit its kind, too: one such field mustn't cost a view
//! all the others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::catalogue::Usage;
use crate::event::{Event, Scan};

/// How deep the fields are that views need: those of records.
const DEEP: u8 = 2;

/// What this event's payload says; counts it as unreadable if a field doesn't fit, and leaves that field out.
pub(super) fn told<T: Says>(event: &Event, unreadable: &mut u64) -> T {
    let Some(json) = event.payload_json().filter(|json| may_say(json, T::NAMES)) else {
        return T::default();
    };
    let brief = if json.len() > BRIEF { members(json, T::NAMES) } else { None };
    if let Ok(told) = serde_json::from_str(brief.as_deref().unwrap_or(json)) {
        return told;
    }
    *unreadable += 1;
    let fitting = fitting(json, DEEP, &|json| serde_json::from_str::<T>(json).is_ok());
    fitting.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// What a view needs of payloads.
pub(super) trait Says: DeserializeOwned + Default {
    /// The members that it reads.
    const NAMES: &[&str];
}

/// Whether reading it can tell anything: most payloads of calls say nothing that a view needs, and to look for
/// the names in their text costs a fraction of reading them. Only an object has members, and names may be written in
/// escapes.
fn may_say(json: &str, names: &[&str]) -> bool {
    !json.starts_with('{') || json.contains("\\u") || names.iter().any(|name| json.contains(name))
}

/// The text of that name, where the payload is an object that has it; what follows it isn't looked at.
pub(super) fn text_of<'j>(json: &'j str, name: &str) -> Option<Cow<'j, str>> {
    let mut scan = Scan::new(json);
    if !scan.take(b'{') {
        return None;
    }
    while let Some(found) = scan.member().ok()? {
        let value = scan.value().ok()?.text;
        if found == name {
            // Nearly always there are no escapes to be read.
            let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            return match plain.filter(|text| !text.contains('\\')) {
                Some(text) => Some(Cow::Borrowed(text)),
                None => serde_json::from_str(value).ok()?,
            };
        }
    }
    None
}

/// Longer payloads are looked through for what is needed before that is read: most of what they hold is text
/// that no view wants.
const BRIEF: usize = 320;

/// An object of the members of those names, and of those whose names are written in escapes.
fn members(json: &str, names: &[&str]) -> Option<String> {
    let mut scan = Scan::new(json);
    let mut kept = String::with_capacity(BRIEF);
    if !scan.take(b'{') {
        return None;
    }
    while let Some(name) = scan.member().ok()? {
        let value = scan.value().ok()?.text;
        if matches!(name, Cow::Owned(_)) || names.contains(&&*name) {
            kept.push(if kept.is_empty() { '{' } else { ',' });
            kept.push_str(&serde_json::to_string(&name).ok()?);
            kept.push(':');
            kept.push_str(value);
        }
    }
    kept.push_str(if kept.is_empty() { "{}" } else { "}" });
    Some(kept)
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

impl Says for Said {
    const NAMES: &[&str] = &["duration_ns", "message", "reason", "error", "usage"];
}

/// What the payloads of all lifecycles may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub(super) duration_ns: Option<u64>,
    pub(super) message: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) error: Option<Wrong>,
    pub(super) usage: Option<Usage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wrong {
    pub(super) message: String,
}

/// What a call's progress tells of its usage until now: in the payload or, as importers give it, in its `data`.
pub(super) fn usage_so_far(event: &Event, unreadable: &mut u64) -> Option<Usage> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Progress {
        usage: Option<Usage>,
        data: Option<Box<RawValue>>,
    }
    impl Says for Progress {
        const NAMES: &[&str] = &["usage", "data"];
    }
    #[derive(Deserialize)]
    struct Data {
        usage: Option<Usage>,
    }
    let told: Progress = told(event, unreadable);
    // It may be of any shape.
    let data = || serde_json::from_str::<Data>(told.data?.get()).ok()?.usage;
    told.usage.or_else(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(json: &str) -> Option<String> {
        fitting(json, DEEP, &|json| serde_json::from_str::<Said>(json).is_ok())
    }

    #[test]
    fn only_the_members_that_fit_remain_those_of_records_too() {
        let json = r#"{"duration_ns":-1,"usage":{"input_tokens":"many","output_tokens":3},"x":{"y":[1]}}"#;
        assert_eq!(kept(json).unwrap(), r#"{"usage":{"output_tokens":3},"x":{"y":[1]}}"#);
        assert_eq!(kept(r#"{"error":"no","reason":5,"message":"a\"b"}"#).unwrap(), r#"{"message":"a\"b"}"#);
    }

    #[test]
    fn a_payload_that_names_nothing_of_what_is_needed_is_not_read() {
        assert!(!may_say(r#"{"a":"b\n"}"#, &["usage"]));
        for json in [r#"{"usage":1}"#, r#"{"us\u0061ge":1}"#, "[1]", " {}", "5"] {
            assert!(may_say(json, &["usage"]), "{json}");
        }
    }

    #[test]
    fn a_text_is_found_by_its_name_however_it_is_written() {
        let json = r#" { "b" : {"a":"no"}, "\u0061":"y\n", "c":1} "#;
        assert_eq!(text_of(json, "a").as_deref(), Some("y\n"));
        for json in ["{}", r#"{"a":null}"#, r#"{"a":5}"#, r#"["a"]"#, r#""a""#] {
            assert_eq!(text_of(json, "a"), None, "{json}");
        }
    }

    #[test]
    fn what_is_needed_of_a_long_payload_is_found_in_it() {
        let json = r#"{ "a":"x\"}{[", "usage" : {"input_tokens":[1,{"b":"]"}]} ,"n\u0061me":1.5e3,"c":[[],{}],"reason":null,"d":true}"#;
        let needed = members(json, &["usage", "reason", "d"]).unwrap();
        assert_eq!(needed, r#"{"usage":{"input_tokens":[1,{"b":"]"}]},"name":1.5e3,"reason":null,"d":true}"#);
        assert_eq!(members("{}", &["a"]).as_deref(), Some("{}"));
        assert_eq!(members(r#"{"a":1}"#, &[]).as_deref(), Some("{}"));
        assert_eq!(members("[1]", &[]), None);
    }

    #[test]
    fn what_is_no_record_or_too_deep_remains_at_no_cost() {
        assert_eq!(kept("5"), None);
        let deep = format!(r#"{{"duration_ns":{}1{}}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
        assert_eq!(kept(&deep).as_deref(), Some("{}"));
    }
}
