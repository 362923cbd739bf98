//! What a filter says beforehand, so that a store needn't read what can't match.

use super::Filter;
use super::comparison::{Asks, Comparison, Operator};
use super::expr::Expr;
use super::value::Is;
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

    /// Texts of which the JSON of every matching event has at least one, unless a writer has put the letters of
    /// it in escapes (`\u0061`), as ours never does; `None` where nothing of the sort is certain.
    ///
    /// ```
    /// let filter = newswire::Filter::parse("tool.* and payload.name=search")?;
    /// assert_eq!(filter.needed_texts(), Some(vec!["search"]));
    /// let either = newswire::Filter::parse("session=s-1 or has payload.usage")?;
    /// assert_eq!(either.needed_texts(), Some(vec!["s-1", "usage"]));
    /// assert_eq!(newswire::Filter::parse("not session=s-1")?.needed_texts(), None);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn needed_texts(&self) -> Option<Vec<&str>> {
        needed(&self.0.expr)
    }
}

fn needed(expr: &Expr) -> Option<Vec<&str>> {
    match expr {
        Expr::Test(comparison) => Some(vec![needed_by(comparison)?]),
        // The fewer there are, and the longer, the less is found.
        Expr::And(operands) => operands
            .iter()
            .filter_map(needed)
            .min_by_key(|texts| (texts.len(), std::cmp::Reverse(texts.iter().map(|text| text.len()).min()))),
        Expr::Or(operands) => {
            let texts: Option<Vec<_>> = operands.iter().map(needed).collect();
            texts.map(|texts| texts.concat())
        }
        Expr::Kind(_) | Expr::Not(_) => None,
    }
}

/// The longest text that must stand in the JSON where the comparison is true: the value, or a name on the way to
/// it.
fn needed_by(comparison: &Comparison) -> Option<&str> {
    let path = match &comparison.field.0 {
        Place::Payload(path) | Place::Attr(path) => &**path,
        Place::Index(_) | Place::Tag => &[],
        _ => return None,
    };
    let value = match &comparison.asks {
        Asks::Than(Operator::Equal, Is::Text(text)) => Some(&**text),
        _ => None,
    };
    // A number may be the place in an array, and what is escaped stands there in other letters.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'/');
    let names =
        path.iter().map(|name| &**name).filter(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
    let texts = names.chain(value).filter(|text| !text.is_empty() && text.bytes().all(is_plain));
    texts.max_by_key(|text| text.len())
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
