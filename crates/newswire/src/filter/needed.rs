//! What must stand in the JSON of an event that a filter matches, so that lines needn't be read that lack it.

use super::Filter;
use super::comparison::{Asks, Comparison, Operator};
use super::expr::Expr;
use super::value::Is;
use crate::field::Place;

impl Filter {
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
