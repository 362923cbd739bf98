//! One comparison of one field: checked where the filter is made, so that evaluating can't go wrong.

use std::borrow::Cow;
use std::cmp::Ordering;

use uuid::Uuid;

use super::expr::Expr;
use super::glob::Glob;
use super::kinds::{component_scope_of, is_catalogued, named, phase_of};
use super::look::Look;
use super::number::Number;
use super::print;
use super::value::Is;
use crate::error::{Error, Result};
use crate::event::{ComponentScope, Event, IndexField, Phase, Severity, SpanId, Status, TraceId};
use crate::field::{Field, Place};
use crate::kind::Kind;

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Like,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Operator {
    /// As filters write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Like => "~",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal | Self::Like => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A field, and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) field: Field,
    pub(crate) asks: Asks,
    /// As it is printed; it is also what comparisons are ordered by.
    pub(crate) text: Box<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asks {
    Presence,
    Like(Glob),
    /// The operator is never `Like`; durations are numbers by now.
    Than(Operator, Is<'static>),
}

impl Comparison {
    /// What has been checked, or is right by construction.
    pub(crate) fn expr(field: Field, asks: Asks) -> Expr {
        let text = print::comparison(&field, &asks, "").into();
        Expr::Test(Self { field, asks, text })
    }

    /// Whether the field is there at all.
    pub(crate) fn presence(field: Field) -> Expr {
        match field.0 {
            Place::Kind => Expr::all(),
            Place::Source => Self::presence(Field(Place::Index(IndexField::Component))),
            _ => Self::expr(field, Asks::Presence),
        }
    }

    /// Checks what is compared with what.
    ///
    /// # Errors
    /// `Invalid` where the field can't be compared so, or has no such value.
    pub(crate) fn check(field: Field, operator: Operator, value: Is<'_>) -> Result<Expr> {
        match (&field.0, operator, &value) {
            (Place::Kind, Operator::Equal | Operator::Like, Is::Text(pattern)) => {
                return named(pattern);
            }
            (Place::Source, Operator::Equal, Is::Text(source)) => return Ok(of_source(source)),
            (Place::Kind | Place::Source, ..) => {
                return Err(refused(&field, operator)
                    .expecting("=, != or in; source.component and source.name have all"));
            }
            _ => {}
        }
        let asks = if operator == Operator::Like {
            let Is::Text(pattern) = value else { return Err(wants(&field, "a pattern in text")) };
            if matches!(
                field.0,
                Place::Phase | Place::Status | Place::Severity | Place::ComponentScope | Place::Internal
            ) {
                return Err(refused(&field, operator).expecting("=, != or in with one of its words"));
            }
            let glob = Glob::parse(&pattern)?;
            match glob.exact() {
                Some(text) => return Self::check(field, Operator::Equal, Is::Text(text.into())),
                None => Asks::Like(glob),
            }
        } else {
            let value = fitting(&field, value)?;
            if operator != Operator::Equal && !is_ordered(&field, &value) {
                return Err(refused(&field, operator).expecting("=, != or in"));
            }
            Asks::Than(operator, value)
        };
        Ok(Self::expr(field, asks))
    }

    /// Whether the event has what is asked for; never where it has nothing.
    pub(crate) fn holds<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> bool {
        if matches!(self.field.0, Place::Tag) {
            return event.tags().any(|tag| self.admits(&Is::Text(tag.into())));
        }
        self.field.find(event, look).is_some_and(|found| self.admits(&found))
    }

    /// The answer for all events of `kind`, where the kind alone gives it.
    pub(crate) fn holds_for_kind(&self, kind: &Kind) -> Option<bool> {
        let word = match self.field.0 {
            Place::Phase => phase_of(kind).map(Phase::as_str),
            Place::Status => phase_of(kind).map(|phase| phase.status().as_str()),
            Place::ComponentScope if is_catalogued(kind) => match component_scope_of(kind) {
                Some(scope) => Some(scope.as_str()),
                None => return None,
            },
            _ => return None,
        };
        Some(word.is_some_and(|word| self.admits(&Is::Text(word.into()))))
    }

    fn admits(&self, found: &Is<'_>) -> bool {
        match &self.asks {
            Asks::Presence => true,
            Asks::Than(operator, value) => found.compare(value).is_some_and(|order| operator.holds(order)),
            Asks::Like(glob) => match found {
                Is::Text(text) => glob.matches(text),
                Is::Trace(_) | Is::Span(_) | Is::Id(_) => {
                    found.clone().into_text().is_some_and(|text| glob.matches(&text))
                }
                _ => false,
            },
        }
    }

    /// The indexed field and the value that it must have, where that is what is asked.
    pub(crate) fn equality(&self) -> Option<(&IndexField, &str)> {
        match (&self.field.0, &self.asks) {
            (Place::Index(field), Asks::Than(Operator::Equal, Is::Text(text))) => Some((field, text)),
            _ => None,
        }
    }
}

/// `component` or `component/name`.
fn of_source(source: &str) -> Expr {
    let equal = |field, text: &str| {
        let asks = Asks::Than(Operator::Equal, Is::Text(Cow::Owned(text.into())));
        Comparison::expr(Field(Place::Index(field)), asks)
    };
    match source.split_once('/') {
        Some((component, name)) => {
            Expr::and(vec![equal(IndexField::Component, component), equal(IndexField::SourceName, name)])
        }
        None => equal(IndexField::Component, source),
    }
}

/// The value in the field's own type.
fn fitting(field: &Field, value: Is<'_>) -> Result<Is<'static>> {
    let word = |parse: fn(&str) -> Result<&'static str>| match &value {
        Is::Text(text) => parse(text).map(|word| Is::Text(word.into())),
        _ => Err(wants(field, "one of its words")),
    };
    match (&field.0, value.clone()) {
        (Place::Phase, _) => word(|text| Phase::parse(text).map(Phase::as_str)),
        (Place::Status, _) => word(|text| Status::parse(text).map(Status::as_str)),
        (Place::ComponentScope, _) => word(|text| ComponentScope::parse(text).map(ComponentScope::as_str)),
        (Place::Severity, Is::Text(text)) => Severity::parse(&text).map(Is::Severity),
        (Place::Severity, Is::Severity(severity)) => Ok(Is::Severity(severity)),
        (Place::Internal, Is::Bool(value)) => Ok(Is::Bool(value)),
        (Place::Internal, Is::Text(text)) if text == "true" => Ok(Is::Bool(true)),
        (Place::Internal, Is::Text(text)) if text == "false" => Ok(Is::Bool(false)),
        (Place::Internal, _) => Err(wants(field, "true or false")),
        (Place::Trace, Is::Text(text)) => TraceId::parse(&text).map(Is::Trace),
        (Place::Trace, Is::Trace(id)) => Ok(Is::Trace(id)),
        (Place::Span | Place::ParentSpan, Is::Text(text)) => SpanId::parse(&text).map(Is::Span),
        (Place::Span | Place::ParentSpan, Is::Span(id)) => Ok(Is::Span(id)),
        (Place::Causation, Is::Text(text)) => {
            Uuid::try_parse(&text).map(Is::Id).map_err(|_| wants(field, "the id of an event, a UUID"))
        }
        (Place::Causation, Is::Id(id)) => Ok(Is::Id(id)),
        (Place::Attr(_) | Place::Payload(_), Is::Duration(ns)) if field.counts_ns() => {
            finite(field, Number::Whole(ns))
        }
        (Place::Attr(_) | Place::Payload(_), Is::Duration(_)) => {
            Err(Error::invalid(format!("{field} doesn't say that it counts nanoseconds")).expecting(
                "a field whose name ends in _ns; a plain number in the field's own unit; or a text in quotes",
            ))
        }
        (Place::Attr(_) | Place::Payload(_), Is::Number(number)) => finite(field, number),
        (Place::Attr(_) | Place::Payload(_), value @ (Is::Text(_) | Is::Bool(_) | Is::Null)) => {
            Ok(value.into_owned())
        }
        (Place::Attr(_) | Place::Payload(_), value) => {
            Ok(Is::Text(value.into_text().unwrap_or_default().into_owned().into()))
        }
        (_, Is::Text(text)) => Ok(Is::Text(text.into_owned().into())),
        _ => Err(wants(field, "text")),
    }
}

fn finite(field: &Field, number: Number) -> Result<Is<'static>> {
    match number.is_finite() {
        true => Ok(Is::Number(number)),
        false => Err(wants(field, "a finite number, of at most 64 bits where it is whole")),
    }
}

fn is_ordered(field: &Field, value: &Is<'_>) -> bool {
    match field.0 {
        Place::Phase | Place::Status | Place::ComponentScope | Place::Tag => false,
        _ => matches!(value, Is::Text(_) | Is::Number(_) | Is::Severity(_)),
    }
}

fn wants(field: &Field, what: &str) -> Error {
    Error::invalid(format!("{field} can't be compared with this")).expecting(what)
}

fn refused(field: &Field, operator: Operator) -> Error {
    Error::invalid(format!("{field} has no {}", operator.as_str()))
}
