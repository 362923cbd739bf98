//! Reads the text of a filter, by the grammar at the head of `docs/filter.md`.

use super::comparison::{Comparison, Operator};
use super::expr::Expr;
use super::kinds;
use super::number::{number_len, unit_ns, unknown_unit};
use super::read::Reader;
use super::value::Is;
use super::{Filter, too_large};
use crate::error::{Error, Result};
use crate::field::{Field, Place};

const TERM: &str = "a kind or pattern such as tool.*, a comparison such as session=s-1, has, not or (";

/// Whether an unquoted value can have this character.
pub(crate) fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-.:/@+#%*".contains(character)
}

/// Whether a word at the beginning of a term can have this character.
fn is_term(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-./*".contains(character)
}

pub(crate) fn is_keyword(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "has" | "in")
}

/// Reads a whole filter.
///
/// # Errors
/// `Invalid`, with the column; `TooLarge` over the bounds that [`Filter`] states.
pub(crate) fn parse(text: &str) -> Result<Expr> {
    if text.len() > Filter::MAX_LEN {
        return Err(too_large(format!(
            "a filter has at most {} bytes, this has {}",
            Filter::MAX_LEN,
            text.len()
        )));
    }
    let mut parser = Parser { reader: Reader::new(text), nesting: 0 };
    parser.reader.skip_space();
    if parser.reader.peek().is_none() {
        return Err(Error::invalid("the filter is empty").at_column(1).expecting("* for every event"));
    }
    let expr = parser.or()?;
    match parser.reader.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("and, or, or the end")),
    }
}

struct Parser<'t> {
    reader: Reader<'t>,
    nesting: usize,
}

/// A value as it was written.
enum Written<'t> {
    Quoted(String),
    Word(&'t str),
}

impl<'t> Parser<'t> {
    fn or(&mut self) -> Result<Expr> {
        let mut operands = vec![self.and()?];
        while self.keyword("or") {
            operands.push(self.and()?);
        }
        Ok(Expr::or(operands))
    }

    fn and(&mut self) -> Result<Expr> {
        let mut operands = vec![self.term()?];
        while self.keyword("and") {
            operands.push(self.term()?);
        }
        Ok(Expr::and(operands))
    }

    fn term(&mut self) -> Result<Expr> {
        self.reader.skip_space();
        let mark = self.reader.clone();
        if self.reader.take("(") {
            let inner = self.nested(&mark, Self::or)?;
            self.reader.skip_space();
            if !self.reader.take(")") {
                return Err(self.unexpected("and, or, or )"));
            }
            self.reader.skip_space();
            return Ok(inner);
        }
        let word = self.reader.take_while(is_term);
        let quoted = self.reader.peek() == Some('"') && word.ends_with('.');
        self.reader.skip_space();
        match word {
            "" => Err(self.unexpected(TERM)),
            "not" => self.nested(&mark, Self::term).map(Expr::not),
            "has" => {
                let field = Field::read(&mut self.reader)?;
                self.reader.skip_space();
                Ok(Comparison::presence(field))
            }
            _ if quoted || self.at_operator() => {
                self.reader = mark;
                self.comparison()
            }
            "and" | "or" | "in" => {
                let error = Error::invalid(format!("{word:?} can't stand here"));
                Err(error.at_column(mark.column()).expecting(TERM))
            }
            _ if Field::is_name(word) => {
                Err(Error::invalid(format!("{word} is a field, but is compared with nothing"))
                    .at_column(mark.column())
                    .expecting(format!("{word}=..., has {word}, or kind={word} for the kind of that name")))
            }
            _ => kinds::named(word).map_err(|error| within(error, &mark, 0)),
        }
    }

    /// A field, an operator and a value; the reader is at the field.
    fn comparison(&mut self) -> Result<Expr> {
        let mark = self.reader.clone();
        let field = Field::read(&mut self.reader)?;
        self.reader.skip_space();
        if self.keyword("in") {
            return self.list(&field);
        }
        let operator = match self.reader.peek() {
            Some('!' | '=' | ':' | '~' | '<' | '>') => self.operator()?,
            Some(_) => return Err(self.unexpected("= != ~ < <= > >= or in")),
            None => {
                return Err(Error::invalid(format!("{field} is compared with nothing"))
                    .at_column(mark.column())
                    .expecting(format!("has {field}, or an operator: = != ~ < <= > >= or in")));
            }
        };
        let expr = self.value(&field, operator.unwrap_or(Operator::Equal))?;
        Ok(if operator.is_none() { expr.not() } else { expr })
    }

    /// `None` stands for `!=`.
    fn operator(&mut self) -> Result<Option<Operator>> {
        const ALL: [(&str, Option<Operator>); 8] = [
            ("!=", None),
            ("<=", Some(Operator::AtMost)),
            (">=", Some(Operator::AtLeast)),
            ("=", Some(Operator::Equal)),
            (":", Some(Operator::Equal)),
            ("~", Some(Operator::Like)),
            ("<", Some(Operator::Less)),
            (">", Some(Operator::More)),
        ];
        match ALL.into_iter().find(|(text, _)| self.reader.take(text)) {
            Some((_, operator)) => Ok(operator),
            None => Err(self.unexpected("= != ~ < <= > >= or in")),
        }
    }

    fn list(&mut self, field: &Field) -> Result<Expr> {
        self.reader.skip_space();
        if !self.reader.take("(") {
            return Err(self.unexpected("values in parentheses, such as in (a, b)"));
        }
        let mut any = Vec::new();
        loop {
            any.push(self.value(field, Operator::Equal)?);
            if self.reader.take(",") {
                continue;
            }
            if self.reader.take(")") {
                self.reader.skip_space();
                return Ok(Expr::or(any));
            }
            return Err(self.unexpected(", or )"));
        }
    }

    fn value(&mut self, field: &Field, operator: Operator) -> Result<Expr> {
        self.reader.skip_space();
        let mark = self.reader.clone();
        let written = match self.reader.peek() {
            Some('"') => Written::Quoted(self.reader.quoted()?),
            _ => Written::Word(self.reader.take_while(is_word)),
        };
        let any_json = matches!(field.0, Place::Attr(_) | Place::Payload(_));
        let (value, quotes) = match &written {
            Written::Quoted(text) => (Ok(Is::Text(text.into())), 1),
            Written::Word("") => {
                return Err(self.unexpected("a value; in quotes where it has other characters"));
            }
            Written::Word(word)
                if operator == Operator::Equal && word.contains('*') && field.0 != Place::Kind =>
            {
                return Err(Error::invalid("= compares with the text as it stands")
                    .at_column(mark.column())
                    .expecting("~ for a pattern, or quotes around a text that has a *"));
            }
            Written::Word(word) if any_json && operator != Operator::Like => {
                if field.counts_ns() {
                    self.check_unit(word).map_err(|error| within(error, &mark, 0))?;
                }
                (Is::from_word(word), 0)
            }
            Written::Word(word) => (Ok(Is::Text((*word).into())), 0),
        };
        let expr = value.and_then(|value| Comparison::check(field.clone(), operator, value));
        let expr = expr.map_err(|error| within(error, &mark, quotes))?;
        self.reader.skip_space();
        Ok(expr)
    }

    /// Refuses a number with something after it that is no unit, where nanoseconds are counted: as a text it
    /// would never be equal to any. The reader is after the word.
    fn check_unit(&self, word: &str) -> Result<()> {
        let Some((number, unit)) = word.split_at_checked(number_len(word)) else { return Ok(()) };
        if number.is_empty() {
            return Ok(());
        }
        let after = number.len() + 1;
        if !unit.is_empty() {
            let is_known = unit_ns(unit).is_some();
            return if is_known { Ok(()) } else { Err(unknown_unit(unit).at_column(after)) };
        }
        // What stands directly after it can't be a part of a word; `µs` is the usual case.
        let mut ahead = self.reader.clone();
        let glued = ahead.take_while(char::is_alphabetic);
        if !glued.is_empty() {
            return Err(unknown_unit(glued).at_column(after));
        }
        let spaces = ahead.take_while(char::is_whitespace).chars().count();
        let apart = ahead.take_while(char::is_alphabetic);
        if apart.is_empty() || is_keyword(&apart.to_lowercase()) || !Self::ends_term(ahead) {
            return Ok(());
        }
        Err(match unit_ns(apart) {
            Some(_) => Error::invalid("a duration has no space in it").expecting(format!("{number}{apart}")),
            None => unknown_unit(apart),
        }
        .at_column(after + spaces))
    }

    /// Whether nothing of a term can follow there.
    fn ends_term(mut ahead: Reader<'t>) -> bool {
        ahead.skip_space();
        matches!(ahead.peek(), None | Some(')' | ',')) || matches!(ahead.take_while(is_term), "and" | "or")
    }

    /// Takes a word if it comes next, whole.
    fn keyword(&mut self, keyword: &str) -> bool {
        let mut ahead = self.reader.clone();
        ahead.skip_space();
        let found = ahead.take_while(is_term) == keyword;
        if found {
            self.reader = ahead;
        }
        found
    }

    fn at_operator(&self) -> bool {
        let mut ahead = self.reader.clone();
        match ahead.peek() {
            Some('=' | '!' | '~' | '<' | '>' | ':') => true,
            _ => ahead.take_while(is_term) == "in",
        }
    }

    fn nested(&mut self, mark: &Reader<'t>, read: fn(&mut Self) -> Result<Expr>) -> Result<Expr> {
        if self.nesting == Filter::MAX_NESTING {
            let message = format!("parentheses and nots are nested more than {} deep", Filter::MAX_NESTING);
            return Err(too_large(message).at_column(mark.column()));
        }
        self.nesting += 1;
        let expr = read(self);
        self.nesting -= 1;
        expr
    }

    fn unexpected(&self, expected: &str) -> Error {
        let message = match self.reader.peek() {
            Some(_) => {
                let mut ahead = self.reader.clone();
                match ahead.take_while(is_word) {
                    "" => format!("{:?} can't stand here", self.reader.peek().unwrap_or_default()),
                    word => format!("{word:?} can't stand here"),
                }
            }
            None => "the filter ends too early".into(),
        };
        Error::invalid(message).at_column(self.reader.column()).expecting(expected)
    }
}

/// An error about a part of the text that begins at `mark`, after so many quotes.
fn within(error: Error, mark: &Reader<'_>, quotes: usize) -> Error {
    let inside = error.column().map_or(0, |column| column - 1 + quotes);
    error.at_column(mark.column() + inside)
}
