//! What a filter says beforehand, so that a store needn't read what can't match.

use std::collections::BTreeSet;

use super::Filter;
use super::expr::Expr;
use super::kinds::KindPattern;
use super::near::nearest;
use crate::catalogue;
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

    /// The kinds and patterns in it that no kind of the catalogue matches, each with what was probably meant, the
    /// nearest first. That is no error: applications have kinds of their own.
    ///
    /// ```
    /// let filter = newswire::Filter::parse("tool.call.startd or tool.* or deploy.finished")?;
    /// let meant = vec!["tool.call.started".to_owned()];
    /// let expected = [("deploy.finished".to_owned(), vec![]), ("tool.call.startd".to_owned(), meant)];
    /// assert_eq!(filter.unknown_kinds(), expected);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn unknown_kinds(&self) -> Vec<(String, Vec<String>)> {
        let mut patterns = Vec::new();
        gather(&self.0.expr, &mut patterns);
        let known =
            |pattern: &KindPattern| catalogue::rows().iter().any(|row| pattern.matches_name(row.kind));
        let unknown: BTreeSet<_> =
            patterns.into_iter().filter(|pattern| !known(pattern)).map(KindPattern::text).collect();
        unknown.into_iter().map(|pattern| (pattern.clone(), meant(&pattern))).collect()
    }
}

fn gather<'e>(expr: &'e Expr, found: &mut Vec<&'e KindPattern>) {
    match expr {
        Expr::Kind(pattern) => found.push(pattern),
        Expr::Not(inner) => gather(inner, found),
        Expr::And(operands) | Expr::Or(operands) => {
            operands.iter().for_each(|operand| gather(operand, found));
        }
        Expr::Test(_) => {}
    }
}

/// Kinds, or patterns of kinds where it is one, that are near to it.
fn meant(pattern: &str) -> Vec<String> {
    let kinds = catalogue::rows().iter().map(|row| row.kind);
    if !pattern.contains('*') {
        return nearest(pattern, kinds).into_iter().map(str::to_owned).collect();
    }
    let mut patterns = BTreeSet::new();
    for kind in kinds {
        for (at, _) in kind.match_indices('.') {
            let (before, after) = kind.split_at(at);
            patterns.insert(format!("{before}.*"));
            patterns.insert(format!("*{after}"));
        }
    }
    nearest(pattern, patterns.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
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
