//! Makes filters from Rust values: the same as the text would, with the same checks.

use super::comparison::{Comparison, Operator};
use super::expr::Expr;
use super::kinds;
use super::value::{Is, Value};
use super::{Filter, IntoFilter};
use crate::error::Result;
use crate::event::{ComponentScope, IndexField, Phase, ScopeField, Severity, Status};
use crate::field::{Field, Place};

impl Filter {
    /// Every event.
    pub fn all() -> Self {
        Self::of(Expr::all())
    }

    /// Events of that kind or of a pattern's: `tool.call.started`, `tool.*`, `*.failed`.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a pattern that no kind could match.
    pub fn kind(pattern: &str) -> Result<Self> {
        kinds::named(pattern).map(Self::of)
    }

    /// Events that belong to that session, run, turn and so on.
    ///
    /// # Errors
    /// `TooLarge` for an id that is longer than a filter may be.
    pub fn scope(field: ScopeField, id: &str) -> Result<Self> {
        Field(Place::Index(IndexField::Scope(field))).is(id)
    }

    /// Events that a component emitted, under any of these names; under any name at all where there are none.
    ///
    /// # Errors
    /// `TooLarge` over the bounds of a filter.
    pub fn source(component: &str, names: &[&str]) -> Result<Self> {
        let component = Field(Place::Index(IndexField::Component)).is(component)?;
        if names.is_empty() {
            return Ok(component);
        }
        component.and(Field(Place::Index(IndexField::SourceName)).one_of(names.iter().copied())?)
    }

    /// Events that matter at least so much.
    pub fn severity_at_least(severity: Severity) -> Self {
        Self::word(Place::Severity, Operator::AtLeast, Is::Severity(severity))
    }

    /// Events with a tag.
    ///
    /// # Errors
    /// `TooLarge` for a tag that is longer than a filter may be.
    pub fn tagged(tag: &str) -> Result<Self> {
        Field(Place::Tag).is(tag)
    }

    /// Events without a tag.
    ///
    /// # Errors
    /// As [`Filter::tagged`].
    pub fn untagged(tag: &str) -> Result<Self> {
        Self::tagged(tag)?.not()
    }

    /// Events at one station of a lifecycle.
    pub fn phase(phase: Phase) -> Self {
        Self::word(Place::Phase, Operator::Equal, Is::Text(phase.as_str().into()))
    }

    /// Events that leave their component in one state.
    pub fn status(status: Status) -> Self {
        Self::word(Place::Status, Operator::Equal, Is::Text(status.as_str().into()))
    }

    /// Events about one part of the system.
    pub fn component_scope(scope: ComponentScope) -> Self {
        Self::word(Place::ComponentScope, Operator::Equal, Is::Text(scope.as_str().into()))
    }

    /// Events that both want.
    ///
    /// # Errors
    /// Those of reading `other`, if it is text; `TooLarge` over the bounds of a filter.
    pub fn and(self, other: impl IntoFilter) -> Result<Self> {
        Self::compile(Expr::and(vec![self.0.expr.clone(), other.into_filter()?.0.expr.clone()]))
    }

    /// Events that either wants.
    ///
    /// # Errors
    /// As [`Filter::and`].
    pub fn or(self, other: impl IntoFilter) -> Result<Self> {
        Self::compile(Expr::or(vec![self.0.expr.clone(), other.into_filter()?.0.expr.clone()]))
    }

    /// Events that it doesn't want.
    ///
    /// # Errors
    /// `TooLarge` over the bounds of a filter.
    #[expect(clippy::should_implement_trait, reason = "the operator couldn't fail, and a filter is bounded")]
    pub fn not(self) -> Result<Self> {
        Self::compile(self.0.expr.clone().not())
    }

    /// A comparison with a value whose type and size are right by construction.
    fn word(place: Place, operator: Operator, value: Is<'static>) -> Self {
        let asks = super::comparison::Asks::Than(operator, value);
        Self::of(Comparison::expr(Field(place), asks))
    }
}

/// Comparisons, which make a [`Filter`]. All of them are false for an event that doesn't have the field.
///
/// ```
/// use newswire::{Field, Filter};
///
/// let costly = Field::payload("usage.input_tokens")?.at_least(1_000)?;
/// assert_eq!(costly, Filter::parse("payload.usage.input_tokens >= 1000")?);
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` where the field can't be compared so or has no such value; `TooLarge` over the bounds of a
/// filter. So for all of them.
impl Field {
    /// Events that have the field, whatever its value; in JSON `null` is one.
    pub fn exists(self) -> Result<Filter> {
        Filter::compile(Comparison::presence(self))
    }

    /// Events that have this value: `=`.
    pub fn is<'v>(self, value: impl Into<Value<'v>>) -> Result<Filter> {
        self.than(Operator::Equal, value.into())
    }

    /// Events that have one of these values: `in`; none where there are none.
    pub fn one_of<'v, V: Into<Value<'v>>>(self, values: impl IntoIterator<Item = V>) -> Result<Filter> {
        let any: Result<_> = values
            .into_iter()
            .take(Filter::MAX_NODES + 1)
            .map(|value| Comparison::check(self.clone(), Operator::Equal, value.into().0))
            .collect();
        Filter::compile(Expr::or(any?))
    }

    /// Events whose text matches a pattern, in which `*` stands for any text: `~`.
    pub fn like(self, pattern: &str) -> Result<Filter> {
        self.than(Operator::Like, pattern.into())
    }

    /// Events whose value is less: `<`.
    pub fn below<'v>(self, value: impl Into<Value<'v>>) -> Result<Filter> {
        self.than(Operator::Less, value.into())
    }

    /// Events whose value is at most this: `<=`.
    pub fn at_most<'v>(self, value: impl Into<Value<'v>>) -> Result<Filter> {
        self.than(Operator::AtMost, value.into())
    }

    /// Events whose value is greater: `>`.
    pub fn above<'v>(self, value: impl Into<Value<'v>>) -> Result<Filter> {
        self.than(Operator::More, value.into())
    }

    /// Events whose value is at least this: `>=`.
    pub fn at_least<'v>(self, value: impl Into<Value<'v>>) -> Result<Filter> {
        self.than(Operator::AtLeast, value.into())
    }

    fn than(self, operator: Operator, value: Value<'_>) -> Result<Filter> {
        Filter::compile(Comparison::check(self, operator, value.0)?)
    }
}
