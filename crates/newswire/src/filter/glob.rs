//! Patterns of text, in which `*` stands for any run of characters, the empty one included.
//!
//! A pattern is kept as the pieces between its stars: the first must begin the text, the last must end it,
//! the others follow each other in between. Matching takes the leftmost place for each piece, so it is
//! linear in practice and never backtracks, whatever the pattern.

use crate::error::{Error, Result};

/// A pattern, such as `tool.*.started`: the pieces between the stars, one more than there are stars. Those
/// in the middle aren't empty, so that equal patterns have equal pieces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Glob(Box<[Box<str>]>);

impl Glob {
    /// The pattern that any text matches.
    pub(crate) fn any() -> Self {
        Self([Box::default(), Box::default()].into())
    }

    /// Reads a pattern; `\*` is a star itself, `\\` a backslash.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a backslash before anything else.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        let mut pieces = vec![String::new()];
        let mut characters = pattern.chars().enumerate();
        while let Some((index, character)) = characters.next() {
            let literal = match character {
                '*' => {
                    pieces.push(String::new());
                    continue;
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => escaped,
                    _ => {
                        return Err(Error::invalid("a pattern has a lone backslash")
                            .at_column(index + 1)
                            .expecting(r"\* for a star or \\ for a backslash"));
                    }
                },
                other => other,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        let last = pieces.len() - 1;
        let kept =
            pieces.into_iter().enumerate().filter(|(at, piece)| [0, last].contains(at) || !piece.is_empty());
        Ok(Self(kept.map(|(_, piece)| piece.into_boxed_str()).collect()))
    }

    /// The text itself, where the pattern has no star.
    pub(crate) fn exact(&self) -> Option<&str> {
        match &*self.0 {
            [text] => Some(text),
            _ => None,
        }
    }

    /// Whether any text matches.
    pub(crate) fn is_any(&self) -> bool {
        matches!(&*self.0, [first, last] if first.is_empty() && last.is_empty())
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let (first, middle, last) = match &*self.0 {
            [first, middle @ .., last] => (first, middle, last),
            [exact] => return **exact == *text,
            [] => return false,
        };
        let Some(mut rest) = text.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else {
            return false;
        };
        middle.iter().all(|piece| match rest.split_once(&**piece) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }

    /// The pattern as text that [`Glob::parse`] reads.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|piece| escaped(piece)).collect::<Vec<_>>().join("*")
    }
}

fn escaped(piece: &str) -> String {
    piece.replace('\\', r"\\").replace('*', r"\*")
}
