//! Prints the canonical text of a filter: the shortest that reads back as the same one.

use std::borrow::Cow;

use super::comparison::{Asks, Comparison, Operator};
use super::expr::Expr;
use super::number::{Number, duration_text, number_len};
use super::parse::{is_keyword, is_word};
use super::read::quote;
use super::value::Is;
use crate::field::{Field, Place};

/// The text of an expression, and how deep its parentheses and `not`s are nested.
pub(crate) fn text(expr: &Expr) -> (String, usize) {
    let mut printer = Printer::default();
    printer.expr(expr);
    (printer.text, printer.deepest)
}

#[derive(Default)]
struct Printer {
    text: String,
    nesting: usize,
    deepest: usize,
}

impl Printer {
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Kind(pattern) => {
                let pattern = pattern.text();
                if is_keyword(&pattern) || Field::is_name(&pattern) {
                    self.text.push_str("kind=");
                }
                self.text.push_str(&pattern);
            }
            Expr::Test(comparison) => self.text.push_str(&comparison.text),
            Expr::Not(inner) => match inner.as_ref() {
                Expr::Test(test) if equal(test).is_some() => {
                    self.text.push_str(&comparison(&test.field, &test.asks, "!"));
                }
                inner => {
                    self.text.push_str("not ");
                    self.nested(|printer| printer.operand(inner, true));
                }
            },
            Expr::And(operands) => {
                self.joined(operands.iter(), " and ", |printer, operand| printer.operand(operand, false))
            }
            Expr::Or(operands) => {
                let groups = operands.chunk_by(|a, b| listed(a).is_some() && listed(a) == listed(b));
                self.joined(groups, " or ", Self::group);
            }
        }
    }

    /// An operand of `and` or `not`, in parentheses where it needs them.
    fn operand(&mut self, expr: &Expr, of_not: bool) {
        let bare = match expr {
            Expr::And(_) => !of_not,
            Expr::Or(operands) => {
                let field = operands.first().and_then(listed);
                field.is_some() && operands.iter().all(|operand| listed(operand) == field)
            }
            _ => true,
        };
        if bare {
            return self.expr(expr);
        }
        self.text.push('(');
        self.nested(|printer| printer.expr(expr));
        self.text.push(')');
    }

    /// Operands of `or` that are one field's equalities, or a single other one.
    fn group(&mut self, operands: &[Expr]) {
        match operands {
            [Expr::Test(first), _, ..] => {
                self.text.push_str(&format!("{} in (", first.field));
                let values = operands.iter().filter_map(|operand| match operand {
                    Expr::Test(comparison) => equal(comparison),
                    _ => None,
                });
                self.joined(values, ", ", |printer, value| {
                    printer.text.push_str(&value_text(&first.field, value))
                });
                self.text.push(')');
            }
            _ => operands.iter().for_each(|operand| self.expr(operand)),
        }
    }

    fn joined<T>(&mut self, items: impl Iterator<Item = T>, between: &str, print: impl Fn(&mut Self, T)) {
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.text.push_str(between);
            }
            print(self, item);
        }
    }

    fn nested(&mut self, print: impl FnOnce(&mut Self)) {
        self.nesting += 1;
        self.deepest = self.deepest.max(self.nesting);
        print(self);
        self.nesting -= 1;
    }
}

/// The text of a comparison; of its negation where `negation` is a `!` and it is an equality.
pub(crate) fn comparison(field: &Field, asks: &Asks, negation: &str) -> String {
    match asks {
        Asks::Presence => format!("has {field}"),
        Asks::Like(glob) => format!("{field}~{}", word(&glob.text())),
        Asks::Than(operator, value) => {
            format!("{field}{negation}{}{}", operator.as_str(), value_text(field, value))
        }
    }
}

fn equal(comparison: &Comparison) -> Option<&Is<'static>> {
    match &comparison.asks {
        Asks::Than(Operator::Equal, value) => Some(value),
        _ => None,
    }
}

/// The field, where the expression is its equality with something, so that it can stand in a list.
fn listed(expr: &Expr) -> Option<&Field> {
    match expr {
        Expr::Test(comparison) => equal(comparison).map(|_| &comparison.field),
        _ => None,
    }
}

fn value_text(field: &Field, value: &Is<'static>) -> String {
    let any_json = matches!(field.0, Place::Attr(_) | Place::Payload(_));
    match value {
        // Such a word would be read as something else than a text.
        Is::Text(text) if text.contains('*') => quote(text),
        Is::Text(text) if any_json && !matches!(Is::from_word(text), Ok(Is::Text(_))) => quote(text),
        // Such a word would be refused, as a number with an unknown unit.
        Is::Text(text) if field.counts_ns() && number_len(text) > 0 => quote(text),
        Is::Text(text) => word(text).into_owned(),
        Is::Number(Number::Whole(ns)) if *ns > 0 && field.counts_ns() => duration_text(*ns),
        Is::Null => "null".into(),
        other => other.clone().into_text().unwrap_or_default().into_owned(),
    }
}

fn word(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.chars().all(is_word) { text.into() } else { quote(text).into() }
}
