//! Resolves what a filter says about kinds.
//!
//! A pattern is the name itself or has stars, which stand for any text, dots included: `tool.*` is
//! everything under `tool`, `*.failed` every failure. Names of other systems are resolved here as well, into
//! the kinds that they mean; the printed filter has those kinds.

use super::comparison::{Comparison, Operator};
use super::expr::Expr;
use super::glob::Glob;
use super::value::Is;
use crate::catalogue::{self, Given, Meaning};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{ComponentScope, Phase};
use crate::field::Field;
use crate::kind::Kind;

/// Which kinds are meant: one name, or those of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KindPattern(Glob);

const EXPECTED: &str = "a kind such as tool.call.started, or a pattern such as tool.*, *.failed or *";

impl KindPattern {
    /// Reads a name or pattern, without interning it: what a filter asks for takes no room.
    ///
    /// # Errors
    /// `Invalid`, with the column, for what no kind's name could ever match.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        if pattern.len() > Kind::MAX_LEN {
            let message = format!("a kind's pattern has at most {} bytes", Kind::MAX_LEN);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let wrong = |what: &str, index: usize| {
            Err(Error::invalid(format!("kind pattern {pattern:?} {what}"))
                .at_column(index + 1)
                .expecting(EXPECTED))
        };
        let mut at_start = true;
        for (index, character) in pattern.chars().enumerate() {
            match character {
                '.' if at_start => return wrong("has an empty segment", index),
                '.' => at_start = true,
                'a'..='z' | '*' => at_start = false,
                '0'..='9' | '_' if !at_start => {}
                other => return wrong(&format!("has {other:?} where it can't stand"), index),
            }
        }
        match pattern.chars().count() {
            0 => wrong("is empty", 0),
            length if at_start => wrong("ends in a dot", length - 1),
            _ => Glob::parse(pattern).map(Self),
        }
    }

    /// The pattern that every kind matches.
    pub(crate) fn all() -> Self {
        Self(Glob::any())
    }

    pub(crate) fn is_all(&self) -> bool {
        self.0.is_any()
    }

    pub(crate) fn matches(&self, kind: &Kind) -> bool {
        self.matches_name(kind.as_str())
    }

    pub(crate) fn matches_name(&self, kind: &str) -> bool {
        self.0.matches(kind)
    }

    /// Whether it is more than one name.
    pub(crate) fn has_star(&self) -> bool {
        self.0.exact().is_none()
    }

    /// The pattern as text.
    pub(crate) fn text(&self) -> String {
        self.0.text()
    }
}

/// The events that a name or pattern means: a kind's own, or of another system, `picoclaw/agent.turn.end`.
///
/// A plain name of another system also means the kind that is called so here, since nothing keeps events
/// from being published under it.
///
/// # Errors
/// As [`KindPattern::parse`]; `Invalid` as well for a name that a system doesn't have, or that means
/// different kinds in several, with the candidates.
pub(crate) fn named(name: &str) -> Result<Expr> {
    let (meanings, own) = resolved(name)?;
    let mut any = meanings.iter().map(meant).collect::<Result<Vec<_>>>()?;
    any.extend(own.map(Expr::Kind));
    Ok(Expr::or(any))
}

/// The kinds that a name or pattern means, whatever their payloads say.
///
/// # Errors
/// As [`named`].
pub(crate) fn kinds_meant(name: &str) -> Result<Vec<KindPattern>> {
    let (meanings, own) = resolved(name)?;
    let meant = meanings.iter().map(|meaning| KindPattern::parse(meaning.kind.as_str()));
    meant.chain(own.map(Ok)).collect()
}

/// What a name means elsewhere, and the kinds that it names itself.
fn resolved(name: &str) -> Result<(Vec<Meaning>, Option<KindPattern>)> {
    let elsewhere = name.contains('/');
    let is_pattern = name.len() > Kind::MAX_LEN || (!elsewhere && name.contains('*'));
    let meanings = if is_pattern { None } else { catalogue::meanings(name)? };
    let own = if elsewhere && meanings.is_some() { None } else { Some(KindPattern::parse(name)?) };
    Ok((meanings.unwrap_or_default(), own))
}

/// The kind, and what its payload must say.
fn meant(meaning: &Meaning) -> Result<Expr> {
    let mut all = vec![KindPattern::parse(meaning.kind.as_str()).map(Expr::Kind)?];
    for (field, given) in meaning.given {
        let value = match given {
            Given::Is(value) => Is::Bool(*value),
            Given::Says(text) => Is::Text((*text).into()),
        };
        all.push(Comparison::check(Field::payload(field)?, Operator::Equal, value)?);
    }
    Ok(Expr::and(all))
}

/// The phase that all events of `kind` have.
pub(crate) fn phase_of(kind: &Kind) -> Option<Phase> {
    catalogue::phase_of(kind)
}

/// The part of the system that all events of `kind` are about, whatever they say themselves.
pub(crate) fn component_scope_of(kind: &Kind) -> Option<ComponentScope> {
    catalogue::component_of(kind)
}

/// Whether the catalogue knows `kind`, so that phase and component scope follow from it alone.
pub(crate) fn is_catalogued(kind: &Kind) -> bool {
    catalogue::is_known(kind)
}
