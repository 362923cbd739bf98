//! Kinds and payloads, both ways, by the table of names.

use serde_json::Value;

use super::document::Object;
use super::foreign::Foreign;
use super::residue::ReadAs;
use super::{always, naming, place, unit};
use crate::catalogue::{self, Alias, FieldMap, Given, Ours, Row, System, Usage, alias_for};
use crate::error::Result;
use crate::event::Event;
use crate::kind::Kind;

/// The kind and payload of ours, and in `foreign` what else the payload says.
///
/// # Errors
/// `TooLarge`, with the path, for more bytes than an event may carry inline.
pub(super) fn to_ours(system: System, foreign: &mut Foreign) -> Result<(Kind, Option<Value>)> {
    let payload = foreign.payload.take().unwrap_or_default();
    let Some(alias) = alias_for(system, &foreign.name, &payload) else {
        return custom(system, foreign, payload);
    };
    let mut body = Object::new();
    let row = catalogue::row_of(&alias.kind);
    let empty = Object::new();
    let theirs = payload.as_object().unwrap_or(&empty);
    let mut said = Vec::new();
    for field in alias.fields().filter(|field| field.ours != Ours::Kind) {
        let value = unit::at(theirs, field.theirs).and_then(|value| unit::to_ours(field.unit, value));
        let Some(value) = value.filter(|_| !said.contains(&field.ours)) else { continue };
        let set = place::set(field.ours, value, row, &mut body, foreign);
        if set.map_err(|error| error.at_path(format!("{}.{}", foreign.payload_at, field.theirs)))? {
            said.push(field.ours);
            let first = alias.fields().find(|other| other.ours == field.ours);
            if first.is_some_and(|first| first.theirs != field.theirs) {
                foreign.fields.push(field.theirs.to_owned());
            }
        }
    }
    for (field, given) in alias.given {
        body.entry(*field).or_insert_with(|| value_of(*given));
    }
    without_loose_parts(&mut body);
    if let Some(row) = row {
        fill(row, &mut body, foreign);
        let lacks = row.fields.iter().filter(|field| !field.optional && !body.contains_key(field.name));
        foreign.lacks = lacks.map(|field| field.name).collect();
    }
    Ok((alias.kind.clone(), Some(body.into())))
}

/// A kind of its own, with the payload as it came but for what the system's custom events have in common.
fn custom(system: System, foreign: &mut Foreign, mut payload: Value) -> Result<(Kind, Option<Value>)> {
    let kind = naming::custom_kind(system, &foreign.name)?;
    let common: Vec<FieldMap> = system.custom().collect();
    let wraps = |payload: &Object| payload.keys().all(|name| common.iter().any(|field| field.theirs == name));
    if let Value::Object(members) = &mut payload {
        foreign.envelope.iter().for_each(|name| drop(members.remove(*name)));
        foreign.bare = !common.is_empty() && !wraps(members);
        if !common.is_empty() && !foreign.bare {
            let members = std::mem::take(members);
            payload = Value::Null;
            for field in &common {
                match (field.ours, members.get(field.theirs)) {
                    (Ours::Payload(""), Some(value)) => payload = value.clone(),
                    (ours, Some(value)) => {
                        place::set(ours, value.clone(), None, &mut Object::new(), foreign)?;
                    }
                    _ => {}
                }
            }
        }
    }
    Ok((kind, Some(payload).filter(|payload| !payload.is_null())))
}

fn value_of(given: Given) -> Value {
    match given {
        Given::Is(truth) => truth.into(),
        Given::Says(text) => text.into(),
    }
}

/// Takes the parts out of a usage whose totals don't include them: those totals mean something else than ours.
fn without_loose_parts(body: &mut Object) {
    let Some(usage) = body.get_mut("usage") else { return };
    let read = serde_json::from_value::<Usage>(usage.clone());
    if let (Some(usage), false) = (usage.as_object_mut(), read.is_ok_and(|usage| usage.check().is_ok())) {
        for part in ["cache_read_tokens", "cache_write_tokens", "reasoning_tokens"] {
            usage.remove(part);
        }
    }
}

/// Fills what the envelope tells, and what ours must have and theirs doesn't: an empty text, an unknown error, media
/// of which nothing is known.
/// A verdict or a number isn't made up.
fn fill(row: &Row, body: &mut Object, foreign: &Foreign) {
    for (name, text) in &foreign.told {
        let field = row.fields.iter().find(|field| field.name == *name);
        if field.is_some_and(|field| matches!(field.value, "text" | "Failure")) && !body.contains_key(*name) {
            let value = match field.map(|field| field.value) {
                Some("Failure") => serde_json::json!({ "message": text }),
                _ => text.as_str().into(),
            };
            body.insert((*name).to_owned(), value);
        }
    }
    for field in row.fields.iter().filter(|field| !field.optional) {
        match (field.value, body.get_mut(field.name)) {
            ("text", None) => drop(body.insert(field.name.to_owned(), "".into())),
            // Nothing is known of them.
            ("Media", None) => drop(body.insert(field.name.to_owned(), Object::new().into())),
            ("Failure", None) => {
                body.insert(field.name.to_owned(), serde_json::json!({ "message": "unknown" }));
            }
            ("Failure", Some(Value::Object(failure))) => {
                failure.entry("message").or_insert_with(|| "unknown".into());
            }
            _ => {}
        }
    }
}

/// The name and payload of theirs, in the words that it was read in; `None` for kinds that the system doesn't
/// have.
pub(super) fn to_theirs(
    system: System,
    event: &Event,
    read_as: Option<&ReadAs>,
) -> Option<(String, Option<Value>)> {
    let name = read_as.map(|read_as| &*read_as.name);
    let chosen = read_as.map_or(&[][..], |read_as| &read_as.fields);
    let body: Option<Value> = event.payload_json().and_then(|json| serde_json::from_str(json).ok());
    let custom = naming::name_of(system, event.kind()).map(|plain| match name {
        Some(name) if naming::custom_kind(system, name).as_ref() == Ok(event.kind()) => name,
        _ => plain,
    });
    if let Some(name) = custom {
        let bare = read_as.is_some_and(|read_as| read_as.bare);
        return Some((name.to_owned(), if bare { body } else { wrapped(system, event, body) }));
    }
    let empty = Object::new();
    let ours = body.as_ref().and_then(Value::as_object).unwrap_or(&empty);
    let of_kind = || system.names().iter().filter(|alias| alias.kind == *event.kind());
    let name = name.filter(|name| of_kind().any(|alias| alias.name == *name));
    let mut best: Option<(&Alias, Object, (bool, usize))> = None;
    for alias in of_kind() {
        let fits = match name {
            Some(name) => alias.name == name,
            None => alias.given.iter().all(|(field, given)| ours.get(*field) == Some(&value_of(*given))),
        };
        if !fits {
            continue;
        }
        let (theirs, count) = written(system, alias, event, ours, chosen);
        let theirs = Value::Object(theirs);
        let comes_back =
            alias_for(system, alias.name, &theirs).is_some_and(|found| std::ptr::eq(found, alias));
        let Value::Object(theirs) = theirs else { continue };
        let score = (comes_back, count);
        if best.as_ref().is_none_or(|(_, _, other)| score > *other) {
            best = Some((alias, theirs, score));
        }
    }
    best.map(|(alias, theirs, _)| (alias.name.to_owned(), Some(theirs.into())))
}

/// The payload of a custom event, inside what the system's custom events have in common.
fn wrapped(system: System, event: &Event, body: Option<Value>) -> Option<Value> {
    let mut common = system.custom().peekable();
    if common.peek().is_none() {
        return body;
    }
    let mut members = Object::new();
    for field in common {
        let value = match field.ours {
            Ours::Payload("") => body.clone(),
            ours => place::get(ours, &Object::new(), event),
        };
        super::document::put(&mut members, field.theirs, value);
    }
    Some(members.into())
}

/// The payload of theirs by one row, and how many fields of ours it could say.
fn written(
    system: System,
    alias: &Alias,
    event: &Event,
    ours: &Object,
    chosen: &[String],
) -> (Object, usize) {
    let mut theirs = Object::new();
    let mut said = Vec::new();
    let is_chosen = |field: &FieldMap| chosen.iter().any(|name| name == field.theirs);
    for field in alias.fields() {
        // Several of theirs for one of ours are several ways to say it: the one that was read, or the first.
        let other = alias.fields().any(|other| other.ours == field.ours && is_chosen(&other));
        if said.contains(&field.ours) || other && !is_chosen(&field) {
            continue;
        }
        let value = place::get(field.ours, ours, event);
        if let Some(value) = value.and_then(|value| unit::to_theirs(system, field.theirs, field.unit, &value))
        {
            unit::set(&mut theirs, field.theirs, value);
            said.push(field.ours);
        }
    }
    always::say(system, alias, ours, &mut theirs);
    (theirs, said.len())
}
