//! Patterns of text, in which `*` stands for any run of characters, the empty one included.
//!
//! A pattern is kept as the pieces between its stars: the first must begin the text, the last must end it,
//! the others follow each other in between. Matching takes the leftmost place for each piece, so it is
//! linear in practice and never backtracks, whatever the pattern.

use crate::error::{Error, Result};

/// A pattern, such as `tool.*.started`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    first: Box<str>,
    /// What follows the first star; absent when there is none.
    after: Option<(Box<[Box<str>]>, Box<str>)>,
}

impl Glob {
    /// The pattern that any text matches.
    pub(crate) fn any() -> Self {
        Self { first: Box::default(), after: Some((Box::default(), Box::default())) }
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
        let last = if pieces.len() > 1 { pieces.pop() } else { None };
        let mut pieces = pieces.into_iter().map(String::into_boxed_str);
        let first = pieces.next().unwrap_or_default();
        let after = last.map(|last| (pieces.filter(|piece| !piece.is_empty()).collect(), last.into()));
        Ok(Self { first, after })
    }

    /// The text itself, where the pattern has no star.
    pub(crate) fn exact(&self) -> Option<&str> {
        self.after.is_none().then_some(&*self.first)
    }

    /// Whether any text matches.
    pub(crate) fn is_any(&self) -> bool {
        self.first.is_empty()
            && self.after.as_ref().is_some_and(|(middle, last)| middle.is_empty() && last.is_empty())
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some((middle, last)) = &self.after else { return *self.first == *text };
        let Some(rest) = text.strip_prefix(&*self.first) else { return false };
        let Some(mut rest) = rest.strip_suffix(&**last) else { return false };
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
        let mut text = escaped(&self.first);
        if let Some((middle, last)) = &self.after {
            for piece in middle.iter().chain([last]) {
                text.push('*');
                text.push_str(&escaped(piece));
            }
        }
        text
    }
}

fn escaped(piece: &str) -> String {
    piece.replace('\\', r"\\").replace('*', r"\*")
}
