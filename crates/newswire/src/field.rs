//! A field of an event, named in a filter or as a key.
//!
//! Names are the paths of the wire, `source.component`, `scope.session`, `payload.usage.input_tokens`; the
//! ids of scope and correlation have their bare names too, `session`, `reply_to`. `docs/filter.md` has the
//! whole table. A path into attributes or payload has segments joined by dots; one with other characters
//! than letters, digits, `_` and `-` stands in quotes, one of digits counts items of an array from 0.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::event::{CorrelationField, Event, IndexField, ScopeField};
use crate::filter::{Is, Look, Reader, component_scope_of, find, nearest, quote};

/// A field of an event.
///
/// ```
/// use newswire::{Event, Field, Kind};
///
/// let user = Field::parse("payload.user.id")?;
/// let event = Event::builder(Kind::parse("login.seen")?).json(r#"{"user":{"id":"u-1"}}"#).build()?;
/// assert_eq!(user.value(&event).as_deref(), Some("u-1"));
/// assert!(Field::parse("sesion").is_err_and(|error| error.to_string().contains("session")));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Field(pub(crate) Place);

/// Where in an event it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Kind,
    Source,
    Index(IndexField),
    Trace,
    Span,
    ParentSpan,
    Causation,
    ComponentScope,
    ComponentId,
    Phase,
    Status,
    Severity,
    Internal,
    Tag,
    Text,
    /// The first segment is the attribute's key.
    Attr(Path),
    Payload(Path),
}

type Path = Box<[Box<str>]>;

/// The names that are neither ids of scope nor of correlation, nor paths.
const FIXED: [(&str, Place); 16] = [
    ("kind", Place::Kind),
    ("source", Place::Source),
    ("source.component", Place::Index(IndexField::Component)),
    ("source.name", Place::Index(IndexField::SourceName)),
    ("trace", Place::Trace),
    ("span", Place::Span),
    ("parent_span", Place::ParentSpan),
    ("causation", Place::Causation),
    ("component.scope", Place::ComponentScope),
    ("component.id", Place::ComponentId),
    ("phase", Place::Phase),
    ("status", Place::Status),
    ("severity", Place::Severity),
    ("internal", Place::Internal),
    ("tag", Place::Tag),
    ("text", Place::Text),
];

impl Field {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 1024;

    /// Reads a field's name.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a name that no field has, with what was probably meant and all that there
    /// are; `TooLarge` over [`Field::MAX_LEN`] bytes.
    pub fn parse(name: &str) -> Result<Self> {
        if name.len() > Self::MAX_LEN {
            let message =
                format!("a field's name has at most {} bytes, this has {}", Self::MAX_LEN, name.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let mut reader = Reader::new(name);
        let field = Self::read(&mut reader)?;
        match reader.peek() {
            None => Ok(field),
            Some(other) => Err(Error::invalid(format!("{other:?} can't stand in a field's name"))
                .at_column(reader.column())
                .expecting("segments joined by dots, in quotes where they have other characters")),
        }
    }

    /// A field of the payload, `usage.input_tokens`; the whole payload where the path is empty.
    ///
    /// # Errors
    /// As [`Field::parse`].
    pub fn payload(path: &str) -> Result<Self> {
        if path.is_empty() { Self::parse("payload") } else { Self::parse(&format!("payload.{path}")) }
    }

    /// An attribute, by its key, which may have dots.
    ///
    /// # Errors
    /// `Invalid` for an empty key, `TooLarge` over [`Field::MAX_LEN`] bytes.
    pub fn attr(key: &str) -> Result<Self> {
        Self::parse(&format!("attrs.{}", quote(key)))
    }

    /// What the event has there, as text: texts as they are, numbers as in their JSON, objects and arrays as
    /// JSON, the source as `component/name`, of several tags the first; `None` where it has nothing or null.
    pub fn value<'e>(&self, event: &'e Event) -> Option<Cow<'e, str>> {
        self.value_with(event, &mut Look::default())
    }

    pub(crate) fn value_with<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> Option<Cow<'e, str>> {
        match self.json(event, look) {
            Some(json) if !json.starts_with(['"', 'n']) => Some(json.into()),
            _ => self.find(event, look)?.into_text(),
        }
    }

    /// What the event has there; of several tags the first.
    pub(crate) fn find<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> Option<Is<'e>> {
        let text = |text: &'e str| Is::Text(text.into());
        let correlation = event.correlation();
        match &self.0 {
            Place::Kind => Some(text(event.kind().as_str())),
            Place::Source => {
                let component = event.source().component()?;
                Some(match event.source().name() {
                    Some(name) => Is::Text(format!("{component}/{name}").into()),
                    None => text(component),
                })
            }
            Place::Index(field) => event.index_value(field).map(text),
            Place::Trace => correlation.trace.map(Is::Trace),
            Place::Span => correlation.span.map(Is::Span),
            Place::ParentSpan => correlation.parent_span.map(Is::Span),
            Place::Causation => correlation.causation.map(Is::Id),
            Place::ComponentScope => component_scope_of(event.kind())
                .or_else(|| event.component().map(|component| component.scope()))
                .map(|scope| text(scope.as_str())),
            Place::ComponentId => event.component().map(|component| text(component.id())),
            Place::Phase => event.phase().map(|phase| text(phase.as_str())),
            Place::Status => event.status().map(|status| text(status.as_str())),
            Place::Severity => Some(Is::Severity(event.severity())),
            Place::Internal => Some(Is::Bool(event.internal())),
            Place::Tag => event.tags().next().map(text),
            Place::Text => event.message().map(text),
            Place::Attr(_) | Place::Payload(_) => Is::from_json(self.json(event, look)?),
        }
    }

    fn json<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> Option<&'e str> {
        match &self.0 {
            Place::Attr(path) => {
                let (key, path) = path.split_first()?;
                find(event.attr(key)?.get(), path)
            }
            Place::Payload(path) => look.payload(event, path),
            _ => None,
        }
    }

    /// Whether the name says that the value counts nanoseconds.
    pub(crate) fn counts_ns(&self) -> bool {
        match &self.0 {
            Place::Attr(path) | Place::Payload(path) => path.last().is_some_and(|name| name.ends_with("_ns")),
            _ => false,
        }
    }

    /// Reads a name from a longer text.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mark = reader.clone();
        let mut path = Vec::new();
        loop {
            let segment = match reader.peek() {
                Some('"') if !path.is_empty() => reader.quoted()?,
                _ => reader
                    .take_while(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
                    .into(),
            };
            if segment.is_empty() {
                return Err(Error::invalid("a segment of the field's name is missing")
                    .at_column(reader.column())
                    .expecting("a name such as session, source.name, attrs.key or payload.user.id"));
            }
            path.push(segment.into_boxed_str());
            if !reader.take(".") {
                break;
            }
        }
        Self::of(path).map_err(|error| error.at_column(mark.column()))
    }

    fn of(path: Vec<Box<str>>) -> Result<Self> {
        let name = path.join(".");
        match path.first().map(AsRef::as_ref) {
            Some("payload") => return Ok(Self(Place::Payload(path.into_iter().skip(1).collect()))),
            Some("attrs") if path.len() > 1 => {
                return Ok(Self(Place::Attr(path.into_iter().skip(1).collect())));
            }
            Some("duration") if path.len() == 1 => {
                return Ok(Self(Place::Payload([Box::from("duration_ns")].into())));
            }
            Some("message") if path.len() == 1 => {
                return Err(Error::invalid("message could mean two fields")
                    .expecting("scope.message for the id of a message, text for the event's own sentence"));
            }
            _ => {}
        }
        let fixed = FIXED.into_iter().find(|(known, _)| *known == name).map(|(_, place)| place);
        let id = || {
            let scope = name.strip_prefix("scope.").unwrap_or(&name);
            ScopeField::parse(scope).map(|field| Place::Index(IndexField::Scope(field)))
        };
        let correlation = || {
            let bare = name.strip_prefix("correlation.").unwrap_or(&name);
            let field = CorrelationField::ALL.into_iter().find(|field| field.as_str() == bare);
            field.map(|field| Place::Index(IndexField::Correlation(field))).or_else(|| bits(bare))
        };
        fixed.or_else(id).or_else(correlation).map(Self).ok_or_else(|| unknown(&name, &path))
    }

    /// Whether `name` alone is the name of a field.
    pub(crate) fn is_name(name: &str) -> bool {
        matches!(name, "payload" | "attrs" | "message") || Self::parse(name).is_ok()
    }
}

/// The error that no field has this name: what was probably meant, and all that there are.
fn unknown(name: &str, path: &[Box<str>]) -> Error {
    let known: Vec<_> = names().collect();
    let meant = match meant(name, path) {
        meant if meant.is_empty() => String::new(),
        meant => format!(" (did you mean {}?)", meant.join(" or ")),
    };
    Error::invalid(format!("there is no field {name:?}{meant}"))
        .expecting(format!("one of {}, attrs.key, payload.path", known.join(", ")))
}

/// What somebody probably meant who wrote this; what is near to no name may be a part of the payload.
fn meant(name: &str, path: &[Box<str>]) -> Vec<String> {
    let Some((head, rest)) = path.split_first() else { return Vec::new() };
    let within = |place: fn(Path) -> Place, path: &[Box<str>]| vec![Field(place(path.into())).to_string()];
    for (root, place) in [("payload", Place::Payload as fn(Path) -> Place), ("attrs", Place::Attr)] {
        if !rest.is_empty() && !nearest(head, [root].into_iter()).is_empty() {
            return within(place, rest);
        }
    }
    let bare = ["scope.", "correlation."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let short = bare.strip_suffix("_id").or_else(|| bare.strip_suffix("Id"));
    let mut near = nearest(bare, names());
    if let (true, Some(short)) = (near.is_empty(), short) {
        near = nearest(short, names());
    }
    match near.is_empty() && !matches!(&**head, "scope" | "correlation" | "source" | "component" | "attrs") {
        true => within(Place::Payload, path),
        false => near.into_iter().map(str::to_owned).collect(),
    }
}

/// The ids of a correlation that are numbers.
fn bits(name: &str) -> Option<Place> {
    match name {
        "trace" => Some(Place::Trace),
        "span" => Some(Place::Span),
        "parent_span" => Some(Place::ParentSpan),
        "causation" => Some(Place::Causation),
        _ => None,
    }
}

/// Every name but the paths.
fn names() -> impl Iterator<Item = &'static str> {
    FIXED
        .into_iter()
        .map(|(name, _)| name)
        .chain(
            ScopeField::ALL.into_iter().filter(|field| *field != ScopeField::Message).map(ScopeField::as_str),
        )
        .chain(CorrelationField::ALL.into_iter().map(CorrelationField::as_str))
        .chain(["scope.message", "duration", "payload"])
}

impl FromStr for Field {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::parse(name)
    }
}

/// The canonical name, which [`Field::parse`] reads.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, path) = match &self.0 {
            Place::Index(IndexField::Scope(ScopeField::Message)) => return f.write_str("scope.message"),
            Place::Index(IndexField::Scope(field)) => return f.write_str(field.as_str()),
            Place::Index(IndexField::Correlation(field)) => return f.write_str(field.as_str()),
            Place::Attr(path) => ("attrs", path),
            Place::Payload(path) => ("payload", path),
            place => {
                let name = FIXED.iter().find(|(_, fixed)| fixed == place).map_or("", |(name, _)| name);
                return f.write_str(name);
            }
        };
        f.write_str(head)?;
        for segment in path {
            let plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            match plain {
                true => write!(f, ".{segment}")?,
                false => write!(f, ".{}", quote(segment))?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({self})")
    }
}
