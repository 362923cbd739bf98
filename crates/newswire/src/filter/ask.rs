//! What a filter says beforehand, so that a store needn't read what can't match.

use super::Filter;
use super::expr::Expr;
use crate::event::IndexField;
use crate::field::{Field, Place};
use crate::kind::Kind;

impl Filter {
    /// Whether an event of `kind` can match at all.
    ///
    /// ```
    /// let filter = newswire::Filter::parse("tool.* and session=s-1")?;
    /// assert!(filter.can_match(&"tool.call.started".parse()?));
    /// assert!(!filter.can_match(&"run.started".parse()?));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn can_match(&self, kind: &Kind) -> bool {
        self.admits_kind(kind)
    }

    /// The value that every matching event has in `field`, an id or a name; `None` where that isn't certain.
    ///
    /// ```
    /// let filter = newswire::Filter::parse("tool.* and session=s-1")?;
    /// assert_eq!(filter.required(&"session".parse()?), Some("s-1"));
    /// assert_eq!(filter.required(&"run".parse()?), None);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn required(&self, field: &Field) -> Option<&str> {
        match &field.0 {
            Place::Index(field) => required(&self.0.expr, field),
            _ => None,
        }
    }
}

fn required<'a>(expr: &'a Expr, field: &IndexField) -> Option<&'a str> {
    match expr {
        Expr::Test(comparison) => {
            comparison.equality().filter(|(at, _)| *at == field).map(|(_, value)| value)
        }
        Expr::And(operands) => operands.iter().find_map(|operand| required(operand, field)),
        Expr::Kind(_) | Expr::Not(_) | Expr::Or(_) => None,
    }
}
