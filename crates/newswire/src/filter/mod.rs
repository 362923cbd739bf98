//! Which events a subscription wants: one text syntax, one structured form, the same in both.
//!
//! ```text
//! tool.* and session=s-1 and payload.duration_ns>2s and not tag=noisy
//! ```
//!
//! A term is a kind or a pattern of kinds (`*` stands for any text, dots included), a comparison of a field
//! (`=` `!=` `~` `<` `<=` `>` `>=` `in`), or `has` and a field. `not` binds closest, then `and`, then `or`.
//! Where an event doesn't have the field, a comparison is false, so that its `not`, and `!=`, is true.
//!
//! ```text
//! filter     = and *( "or" and )
//! and        = term *( "and" term )
//! term       = "not" term / "(" filter ")" / "has" field / comparison / pattern
//! comparison = field operator value / field "in" "(" value *( "," value ) ")"
//! ```
//!
//! `docs/filter.md` has the whole grammar, the table of fields, and examples that a test reads.

mod ask;
mod build;
mod comparison;
mod expr;
mod glob;
mod kinds;
mod look;
mod near;
mod needed;
mod number;
mod parse;
mod print;
mod read;
mod route;
mod value;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use expr::{Expr, Truth};
pub(crate) use glob::Glob;
pub(crate) use kinds::{KindPattern, component_scope_of, kinds_meant};
pub(crate) use look::{Look, find};
pub(crate) use near::nearest;
pub(crate) use read::{Reader, quote};
pub(crate) use route::Need;
pub(crate) use value::Is;
pub use value::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;

/// Which events a subscription wants; compiled once, cheap to clone.
///
/// Filters that say the same in another order are equal; `Display` prints the canonical text, which reads
/// back as an equal filter. Text and structured form have the same bounds: [`Filter::MAX_LEN`] bytes,
/// [`Filter::MAX_NODES`] terms and operators, [`Filter::MAX_PATTERNS`] patterns of kinds, nested
/// [`Filter::MAX_NESTING`] deep.
///
/// ```
/// use newswire::{Filter, ScopeField};
///
/// let text = Filter::parse("session=s-1 and tool.*")?;
/// let built = Filter::kind("tool.*")?.and(Filter::scope(ScopeField::Session, "s-1")?)?;
/// assert_eq!(text, built);
/// assert_eq!(text.to_string(), "tool.* and session=s-1");
///
/// let error = Filter::parse("tool.* and sesion=s-1").unwrap_err();
/// assert_eq!(error.column(), Some(12));
/// assert_eq!(error.message(), "there is no field \"sesion\" (did you mean session?)");
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone)]
pub struct Filter(Arc<Compiled>);

struct Compiled {
    text: Box<str>,
    expr: Expr,
    known: route::Known,
}

impl Filter {
    /// The longest text, as it is read and as it is printed, in bytes.
    pub const MAX_LEN: usize = 8 << 10;

    /// How many terms and operators there may be.
    pub const MAX_NODES: usize = 1024;

    /// How deep parentheses and `not` may be nested.
    pub const MAX_NESTING: usize = 64;

    /// How many patterns of kinds there may be, exact names not counted: each is tried on all known kinds.
    pub const MAX_PATTERNS: usize = 64;

    /// Reads the text syntax.
    ///
    /// # Errors
    /// `Invalid`, with the column and what was expected; `TooLarge` over the bounds.
    pub fn parse(text: &str) -> Result<Self> {
        Self::compile(parse::parse(text)?)
    }

    /// Whether `event` is wanted.
    pub fn matches(&self, event: &Event) -> bool {
        self.matches_with(event, &mut Look::default())
    }

    /// Whether `event` is wanted; filters that share `look` parse the payload once.
    pub(crate) fn matches_with<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> bool {
        match self.truth(event.kind()) {
            Truth::No => false,
            Truth::Maybe => self.0.expr.matches_open(event, look),
            Truth::Yes => true,
        }
    }

    /// Whether evaluating it can look into the payload.
    pub(crate) fn looks_inside(&self) -> bool {
        self.0.expr.looks_inside()
    }

    fn compile(expr: Expr) -> Result<Self> {
        if expr.nodes() > Self::MAX_NODES {
            return Err(too_large(format!("a filter has at most {} terms and operators", Self::MAX_NODES)));
        }
        if expr.patterns() > Self::MAX_PATTERNS {
            return Err(too_large(format!("a filter has at most {} patterns of kinds", Self::MAX_PATTERNS)));
        }
        let (text, nesting) = print::text(&expr);
        if nesting > Self::MAX_NESTING {
            return Err(too_large(format!("a filter is nested at most {} deep", Self::MAX_NESTING)));
        }
        if text.len() > Self::MAX_LEN {
            return Err(too_large(format!("a filter's canonical text has at most {} bytes", Self::MAX_LEN)));
        }
        Ok(Self::printed(expr, text))
    }

    /// A filter of one term, which is known to be within the bounds.
    fn of(expr: Expr) -> Self {
        let (text, _) = print::text(&expr);
        Self::printed(expr, text)
    }

    fn printed(expr: Expr, text: String) -> Self {
        Self(Arc::new(Compiled { known: route::Known::of(&expr), text: text.into(), expr }))
    }
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::TooLarge, message)
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Eq for Filter {}

impl Hash for Filter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

/// The canonical text, which [`Filter::parse`] reads.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.text)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}

impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// What can be given where a filter is wanted: a [`Filter`], or its text.
pub trait IntoFilter {
    /// The filter.
    ///
    /// # Errors
    /// As [`Filter::parse`], for text that is no filter.
    fn into_filter(self) -> Result<Filter>;
}

impl IntoFilter for Filter {
    fn into_filter(self) -> Result<Filter> {
        Ok(self)
    }
}

impl IntoFilter for &Filter {
    fn into_filter(self) -> Result<Filter> {
        Ok(self.clone())
    }
}

impl IntoFilter for &str {
    fn into_filter(self) -> Result<Filter> {
        Filter::parse(self)
    }
}

impl IntoFilter for String {
    fn into_filter(self) -> Result<Filter> {
        Filter::parse(&self)
    }
}
