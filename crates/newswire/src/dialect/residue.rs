//! What reading can't express in ours, kept so that writing gives the same JSON.
//!
//! After a document is read, it is written again from what was understood, and compared. What only the
//! document has is kept as `rest`, a tree of its own shape. Where both have something and it isn't the same,
//! or only we have, an edit says so: it holds as long as the event is what it was when it was read, so
//! that what somebody has changed since is written as changed.

use serde_json::Value;

use super::Form;
use super::document::Object;
use crate::catalogue::System;
use crate::event::Event;

/// What an event remembers of the document that it was read from.
#[derive(Debug, Default)]
pub(super) struct Residue {
    pub(super) read_as: ReadAs,
    pub(super) form: Form,
    /// What only the document has.
    rest: Object,
    edits: Vec<Edit>,
}

/// How the payload was understood, so that it is written in the same words.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadAs {
    /// The name of its kind there.
    pub(super) name: String,
    /// Fields that the document had in the place of the first that means the same.
    pub(super) fields: Vec<String>,
    /// Whether the payload of a custom event has nothing around it that its system's others have.
    pub(super) bare: bool,
    /// What ours must have and the document doesn't say; nobody reads it again.
    pub(super) lacks: Vec<&'static str>,
    /// Whether the payload is all that was read, so that the envelope is ours.
    pub(super) named: bool,
}

/// A place where the document differs from what we would write.
#[derive(Debug)]
struct Edit {
    at: Vec<String>,
    ours: Value,
    /// `None` where the document has nothing there.
    theirs: Option<Value>,
}

impl Residue {
    /// What separates `document` from what we would write for it.
    pub(super) fn between(read_as: ReadAs, form: Form, document: &Object, written: &Object) -> Self {
        let mut edits = Vec::new();
        let rest = rest_of(document, written, &mut Vec::new(), &mut edits);
        Self { read_as, form, rest, edits }
    }

    /// What the event remembers; `None` for one that wasn't read from that system.
    pub(super) fn of(event: &Event, system: System) -> Option<Self> {
        let value: Value = serde_json::from_str(event.attr(system.as_str())?.get()).ok()?;
        let name = value.get("name")?.as_str()?.to_owned();
        let form = value.get("form").and_then(Value::as_str).and_then(Form::parse).unwrap_or_default();
        let rest = value.get("rest").and_then(Value::as_object).cloned().unwrap_or_default();
        let edits = value.get("edits").and_then(Value::as_array);
        let edits = edits.into_iter().flatten().filter_map(Edit::of).collect();
        let fields = value.get("fields").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(Value::as_str).map(str::to_owned).collect();
        let is = |member: &str| value.get(member).and_then(Value::as_bool).unwrap_or_default();
        let read_as = ReadAs { name, fields, lacks: Vec::new(), bare: is("bare"), named: is("named") };
        Some(Self { read_as, form, rest, edits })
    }

    /// Its form as an attribute.
    pub(super) fn to_value(&self) -> Value {
        let mut object = Object::new();
        object.insert("name".to_owned(), self.read_as.name.as_str().into());
        if !self.read_as.fields.is_empty() {
            object.insert("fields".to_owned(), self.read_as.fields.iter().map(String::as_str).collect());
        }
        if !self.read_as.lacks.is_empty() {
            object.insert("lacks".to_owned(), self.read_as.lacks.iter().copied().collect());
        }
        for (member, holds) in [("bare", self.read_as.bare), ("named", self.read_as.named)] {
            if holds {
                object.insert(member.to_owned(), true.into());
            }
        }
        if self.form != Form::default() {
            object.insert("form".to_owned(), self.form.as_str().into());
        }
        if !self.rest.is_empty() {
            object.insert("rest".to_owned(), self.rest.clone().into());
        }
        if !self.edits.is_empty() {
            object.insert("edits".to_owned(), self.edits.iter().map(Edit::to_value).collect());
        }
        object.into()
    }

    /// Makes the document of what we would write.
    pub(super) fn restore(&self, written: &mut Object) {
        for edit in &self.edits {
            edit.restore(&edit.at, written);
        }
        add(&self.rest, written);
    }
}

impl Edit {
    fn of(value: &Value) -> Option<Self> {
        let at = value.get("at")?.as_array()?;
        let at = at.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?;
        Some(Self { at, ours: value.get("ours")?.clone(), theirs: value.get("theirs").cloned() })
    }

    fn to_value(&self) -> Value {
        let mut object = Object::new();
        object.insert("at".to_owned(), self.at.iter().map(String::as_str).collect());
        object.insert("ours".to_owned(), self.ours.clone());
        if let Some(theirs) = &self.theirs {
            object.insert("theirs".to_owned(), theirs.clone());
        }
        object.into()
    }

    fn restore(&self, at: &[String], object: &mut Object) {
        match at {
            [] => {}
            [name] if object.get(name) == Some(&self.ours) => match &self.theirs {
                Some(theirs) => drop(object.insert(name.clone(), theirs.clone())),
                None => drop(object.remove(name)),
            },
            [_] => {}
            [name, rest @ ..] => {
                if let Some(Value::Object(inner)) = object.get_mut(name) {
                    self.restore(rest, inner);
                }
            }
        }
    }
}

/// What only the document has; where both have something else, an edit.
fn rest_of(document: &Object, written: &Object, at: &mut Vec<String>, edits: &mut Vec<Edit>) -> Object {
    let mut rest = Object::new();
    for (name, theirs) in document {
        at.push(name.clone());
        match (theirs, written.get(name)) {
            (_, None) => drop(rest.insert(name.clone(), theirs.clone())),
            (Value::Object(theirs), Some(Value::Object(ours))) => {
                let inner = rest_of(theirs, ours, at, edits);
                if !inner.is_empty() {
                    rest.insert(name.clone(), inner.into());
                }
            }
            (theirs, Some(ours)) if theirs != ours => {
                edits.push(Edit { at: at.clone(), ours: ours.clone(), theirs: Some(theirs.clone()) });
            }
            _ => {}
        }
        at.pop();
    }
    for (name, ours) in written.iter().filter(|(name, _)| !document.contains_key(*name)) {
        at.push(name.clone());
        edits.push(Edit { at: at.clone(), ours: ours.clone(), theirs: None });
        at.pop();
    }
    rest
}

/// Adds what only the document has.
fn add(rest: &Object, written: &mut Object) {
    for (name, theirs) in rest {
        match (theirs, written.get_mut(name)) {
            (Value::Object(theirs), Some(Value::Object(ours))) => add(theirs, ours),
            _ => drop(written.insert(name.clone(), theirs.clone())),
        }
    }
}
