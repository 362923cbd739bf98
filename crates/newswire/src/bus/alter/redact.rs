//! Redaction rules: what to mask, in which events.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};
use serde_json::value::RawValue;

use super::class::{ByClass, has_content_label};
use super::mask::{MASK, MASK_JSON, Masker, masked_text};
use super::path::{Path, Places};
use crate::catalogue::Class;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Attrs, Body, Component, Event, Scope, Source};
use crate::filter::{KindPattern, kinds_meant};
use crate::kind::Kind;

/// A rule of what nobody is to see; handed to [`Bus::redact`](crate::Bus::redact).
///
/// What it means is replaced by `[redacted]`: the whole value, or, with a pattern, what the pattern finds in
/// its texts, names and numbers. A payload that is masked becomes JSON; its typed value is given up. Where a
/// rule can't be applied, because a typed payload has no JSON form, all that it could have meant is masked,
/// and counted as an alteration failure. Kind, ids, time and correlation are never masked.
#[derive(Clone)]
pub struct Redaction {
    /// Any of these; none for all.
    kinds: Vec<KindPattern>,
    path: Path,
    class: Option<Class>,
    pattern: Option<Regex>,
}

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 1024;
/// What a compiled pattern may take, in bytes.
const MAX_COMPILED: usize = 1 << 18;

impl Redaction {
    /// A rule about a field: `message`, `tags`, `attrs.key`, `payload.args.password`, `scope.user`,
    /// `source.name`, `component.id`. `*` stands for any one segment, `**` for any number of them: so
    /// `payload.**.token` is every `token` of the payload, `**` all that events carry.
    ///
    /// # Errors
    /// `Invalid`, with the column, for what is no path; `TooLarge` over 1,024 bytes or 31 segments.
    pub fn field(path: &str) -> Result<Self> {
        Ok(Self { kinds: Vec::new(), path: Path::parse(path)?, class: None, pattern: None })
    }

    /// A rule about every payload field that the catalogue puts in `class`. What it doesn't know counts as
    /// content, and so does the message.
    ///
    /// A record, such as an error or a piece of media, is masked field by field: of content, `error.message` is
    /// masked, `error.type` stays. So a payload that fits its kind still does, and is read as its type: a text
    /// becomes `[redacted]`, as does JSON of any form; bytes become none; a number or a truth value is left out.
    /// One that is required becomes `[redacted]`, which is not of its type; the catalogue has no such content.
    /// With a pattern, the same becomes of bytes and numbers in which it finds anything. Payloads of other kinds
    /// than the catalogue's keep nothing but the names of their members.
    ///
    /// Content is more than the payload's. A rule about it also masks the values of all attributes, since
    /// dialects and importers keep there what has no place in ours, fields of the envelope that this version
    /// doesn't know, and the component's id where it repeats content, as in `command.started`. Tags and the ids
    /// of scope and source stay; rules about other classes leave all of this.
    ///
    /// ```
    /// use newswire::catalogue::Class;
    /// use newswire::{Bus, Event, Kind, Redaction};
    ///
    /// let bus = Bus::new();
    /// bus.redact(Redaction::class(Class::Content))?;
    /// let mut events = bus.subscribe("*")?;
    /// let failed = r#"{"name":"ls","error":{"message":"no /home/ann","type":"not_found"}}"#;
    /// let failed = Event::builder(Kind::parse("tool.call.failed")?).json(failed).attr("host", "ann-pc");
    /// bus.publish(failed.build()?)?;
    /// let event = events.next().and_then(|delivery| delivery.event()).unwrap();
    /// let masked = r#"{"name":"ls","error":{"message":"[redacted]","type":"not_found"}}"#;
    /// assert_eq!(event.payload_json(), Some(masked));
    /// assert_eq!(event.attr("host").unwrap().get(), r#""[redacted]""#);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn class(class: Class) -> Self {
        Self { kinds: Vec::new(), path: Path::everything(), class: Some(class), pattern: None }
    }

    /// The same rule, for events of these kinds only: a name, or a pattern such as `tool.*`. Names of other
    /// systems, `picoclaw/agent.*`, are those of all kinds that they can mean, whatever a payload says: it may
    /// be masked already.
    ///
    /// # Errors
    /// `Invalid`, with the column, for what no kind can match; also for a name that another system doesn't have,
    /// or that means different kinds in several, with the candidates.
    pub fn of_kinds(mut self, pattern: &str) -> Result<Self> {
        self.kinds = kinds_meant(pattern)?;
        Ok(self)
    }

    /// The same rule, masking only what this regular expression finds. Matching takes time linear in the
    /// text; classes such as `\w` are of ASCII.
    ///
    /// # Errors
    /// `Invalid` for what is no regular expression; `TooLarge` over 1,024 bytes, or where it would compile to
    /// more than 256 KiB.
    pub fn matching(mut self, pattern: &str) -> Result<Self> {
        if pattern.len() > MAX_PATTERN {
            let message = format!("a pattern has at most {MAX_PATTERN} bytes, this has {}", pattern.len());
            return Err(Error::new(ErrorKind::TooLarge, message).at_path("pattern"));
        }
        let compiled = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build();
        self.pattern = Some(compiled.map_err(|error| {
            let message = error.to_string();
            let kind = if message.contains("size limit") { ErrorKind::TooLarge } else { ErrorKind::Invalid };
            Error::new(kind, message).at_path("pattern")
        })?);
        Ok(self)
    }

    pub(super) fn covers(&self, kind: &Kind) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|pattern| pattern.matches(kind))
    }

    /// The event with what is meant masked; `None` where nothing is.
    ///
    /// # Errors
    /// Whatever kept a part of the event from being looked at.
    pub(super) fn masked(&self, event: &Event) -> Result<Option<Event>> {
        let mut edit = Edit { rule: self, event: event.clone(), changed: false };
        edit.payload(event)?;
        if self.class.is_none() {
            edit.scope_and_source(event)?;
            edit.tags(event);
        }
        if self.is_of_component(event.kind()) {
            edit.component(event)?;
        }
        if self.is_of_content() {
            edit.message();
            edit.attrs(event)?;
            edit.unknown(event)?;
        }
        Ok(edit.changed.then_some(edit.event))
    }

    /// The event without anything that this rule could have meant, unseen.
    pub(super) fn blanked(&self, mut event: Event) -> Event {
        let is_reached = |root: &str| !self.at(root).is_nowhere();
        let data = event.data_mut();
        if is_reached("message") && data.message.is_some() {
            data.message = Some(MASK.into());
        }
        if is_reached("payload") && data.body.size_bound() > 0 {
            data.body = Body::json(MASK_JSON.into());
        }
        if self.is_of_component(&data.kind) && is_reached("component") {
            data.component = None;
        }
        if self.class.is_none() && is_reached("scope") {
            data.scope = Scope::new();
        }
        if self.class.is_none() && is_reached("source") {
            data.source = Source::unknown();
        }
        if let Some(rare) = &mut data.rare {
            if self.class.is_none() && is_reached("tags") {
                rare.tags.clear();
            }
            if self.is_of_content() {
                if is_reached("attrs") {
                    rare.attrs = Attrs::default();
                }
                rare.unknown.clear();
            }
        }
        event
    }

    /// Whether it can mean what the catalogue doesn't know, which counts as content.
    fn is_of_content(&self) -> bool {
        self.class.is_none_or(|class| class == Class::Content)
    }

    /// Whether it can mean the component's id, which repeats the label in the payloads of `kind`.
    fn is_of_component(&self, kind: &Kind) -> bool {
        self.class.is_none_or(|class| class == Class::Content && has_content_label(kind))
    }

    fn at(&self, root: &str) -> Places {
        self.path.step(self.path.start(), root)
    }

    fn masker(&self) -> Masker<'_> {
        Masker { path: &self.path, pattern: self.pattern.as_ref() }
    }

    /// An id within an object of the event, masked where that is meant.
    fn id(&self, root: &str, name: &str, id: &str) -> Option<Box<str>> {
        let (whole, part) = (self.at(root), self.path.step(self.at(root), name));
        self.text(id, if self.path.is_meant(whole) { whole } else { part })
    }

    /// A text at `places`, masked where that is meant.
    fn text(&self, text: &str, places: Places) -> Option<Box<str>> {
        let masked =
            self.path.is_meant(places).then(|| masked_text(self.pattern.as_ref(), text)).flatten()?;
        Some(if masked.len() > Scope::MAX_ID_LEN { MASK.into() } else { masked.into() })
    }
}

/// One rule at work on one event.
struct Edit<'r> {
    rule: &'r Redaction,
    event: Event,
    changed: bool,
}

impl Edit<'_> {
    fn message(&mut self) {
        let places = self.rule.at("message");
        let pattern = self.rule.pattern.as_ref().filter(|_| self.rule.path.is_meant(places));
        let masked = match self.rule.path.is_meant(places) {
            true => self.event.message().and_then(|message| masked_text(pattern, message)),
            false => None,
        };
        if let Some(masked) = masked {
            self.changed = true;
            self.event.data_mut().message = Some(masked.into());
        }
    }

    fn payload(&mut self, event: &Event) -> Result<()> {
        let places = self.rule.at("payload");
        if places.is_nowhere() {
            return Ok(());
        }
        if event.data().body.has_no_json() {
            return Err(Error::invalid("the payload has no JSON form").at_path("payload"));
        }
        let Some(json) = event.payload_json() else { return Ok(()) };
        let masked = match self.rule.class {
            Some(class) => {
                ByClass { class, masker: self.rule.masker() }.masked_payload(event.kind(), json)?
            }
            None => self.rule.masker().masked_json(json, places)?,
        };
        if let Some(masked) = masked {
            self.changed = true;
            self.event.data_mut().body = Body::json(masked.into());
        }
        Ok(())
    }

    /// The ids of scope and source.
    fn scope_and_source(&mut self, event: &Event) -> Result<()> {
        let below = |root: &str, name: &str, id: &str| self.rule.id(root, name, id);
        for (field, id) in event.scope().iter() {
            if let Some(masked) = below("scope", field.as_str(), id) {
                self.changed = true;
                let data = self.event.data_mut();
                data.scope = data.scope.clone().with(field, masked)?;
            }
        }
        if let Some(component) = event.source().component() {
            let name = event.source().name();
            let masked = below("source", "component", component);
            let masked_name = name.and_then(|name| below("source", "name", name));
            if masked.is_some() || masked_name.is_some() {
                self.changed = true;
                let component = masked.unwrap_or_else(|| component.into());
                self.event.data_mut().source = match masked_name.or_else(|| name.map(Into::into)) {
                    Some(name) => Source::named(component, name)?,
                    None => Source::new(component)?,
                };
            }
        }
        Ok(())
    }

    fn component(&mut self, event: &Event) -> Result<()> {
        if let Some(component) = event.component()
            && let Some(masked) = self.rule.id("component", "id", component.id())
        {
            self.changed = true;
            self.event.data_mut().component = Some(Component::new(component.scope(), masked)?);
        }
        Ok(())
    }

    fn tags(&mut self, event: &Event) {
        let (rule, path) = (self.rule, &self.rule.path);
        let places = rule.at("tags");
        let masked = event.tags().enumerate().map(|(index, tag)| {
            let part = path.step(places, &index.to_string());
            (tag, rule.text(tag, if path.is_meant(places) { places } else { part }))
        });
        let (mut tags, mut changed) = (Vec::new(), false);
        for (tag, masked) in masked {
            changed |= masked.is_some();
            tags.push(masked.unwrap_or_else(|| tag.into()));
        }
        if changed {
            self.changed = true;
            tags.sort_unstable();
            tags.dedup();
            self.event.data_mut().rare.get_or_insert_default().tags = tags;
        }
    }

    fn attrs(&mut self, event: &Event) -> Result<()> {
        let places = self.rule.at("attrs");
        let (mut attrs, mut changed): (Vec<(Box<str>, Box<RawValue>)>, _) = (Vec::new(), false);
        for (key, value) in event.attrs() {
            let (key, value, differs) = self.member(key, value, places)?;
            changed |= differs;
            // Two names that were masked alike are one, whose last value counts.
            attrs.retain(|(present, _)| *present != key);
            attrs.push((key, value));
        }
        if changed {
            self.changed = true;
            self.event.data_mut().rare.get_or_insert_default().attrs = Attrs::listed(attrs);
        }
        Ok(())
    }

    fn unknown(&mut self, event: &Event) -> Result<()> {
        let Some(rare) = &event.data().rare else { return Ok(()) };
        let (mut unknown, mut changed) = (rare.unknown.clone(), false);
        for field in &mut unknown {
            let places = field.place.as_str().map_or(self.rule.path.start(), |object| self.rule.at(object));
            let (key, value, differs) = self.member(&field.key, &field.value, places)?;
            if differs {
                (field.key, field.value, changed) = (key, value, true);
            }
        }
        // A name may stand once in an object, also where two were masked alike.
        let mut seen = Vec::new();
        unknown.retain(|field| {
            let name = (field.place.as_str(), field.key.clone());
            !seen.contains(&name) && {
                seen.push(name);
                true
            }
        });
        if changed {
            self.changed = true;
            self.event.data_mut().rare.get_or_insert_default().unknown = unknown;
        }
        Ok(())
    }

    /// A member of an object at `places`: its name and value now, and whether they differ.
    fn member(&self, key: &str, value: &RawValue, places: Places) -> Result<(Box<str>, Box<RawValue>, bool)> {
        let path = &self.rule.path;
        let whole = path.is_meant(places);
        let masked_key = if self.rule.pattern.is_some() { self.rule.text(key, places) } else { None };
        let below = if whole { places } else { path.step(places, key) };
        let masked = self.rule.masker().masked_json(value.get(), below)?;
        let differs = masked_key.is_some() || masked.is_some();
        let value = match masked {
            Some(masked) => {
                RawValue::from_string(masked).map_err(|error| Error::invalid(error.to_string()))?
            }
            None => value.to_owned(),
        };
        Ok((masked_key.unwrap_or_else(|| key.into()), value, differs))
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("kinds", &self.kinds.iter().map(KindPattern::text).collect::<Vec<_>>())
            .field("path", &self.path)
            .field("class", &self.class)
            .field("pattern", &self.pattern.as_ref().map(Regex::as_str))
            .finish()
    }
}
