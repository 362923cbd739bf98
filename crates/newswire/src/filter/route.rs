//! What the routing asks of a filter, once per kind: can an event of it match, and what is left to see?

use super::Filter;
use super::expr::{Expr, Truth};
use crate::event::{CorrelationField, IndexField, ScopeField};
use crate::kind::Kind;

/// What is left to evaluate on events of a kind that the filter admits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Need<'a> {
    /// All of them match.
    Nothing,
    /// Those match that have exactly this value.
    Equality(&'a IndexField, &'a str),
    /// Those that have this value are to be evaluated; no other matches.
    EqualityAnd(&'a IndexField, &'a str),
    /// Each is to be evaluated.
    Evaluate,
}

/// The answers for all kinds that were interned when the filter was compiled, two bits each.
#[derive(Debug)]
pub(super) struct Known {
    kinds: usize,
    possible: Box<[u64]>,
    certain: Box<[u64]>,
}

impl Known {
    pub(super) fn of(expr: &Expr) -> Self {
        let known = Kind::known();
        let words = || vec![0; known.len().div_ceil(64)];
        let (mut possible, mut certain) = (words(), words());
        for (kinds, (possible, certain)) in known.chunks(64).zip(possible.iter_mut().zip(&mut certain)) {
            for (bit, kind) in kinds.iter().enumerate() {
                let truth = expr.truth(kind);
                *possible |= u64::from(truth != Truth::No) << bit;
                *certain |= u64::from(truth == Truth::Yes) << bit;
            }
        }
        Self { kinds: known.len(), possible: possible.into(), certain: certain.into() }
    }

    fn truth(&self, kind: &Kind) -> Option<Truth> {
        let slot = kind.slot();
        let bit = |words: &[u64]| words.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1);
        (slot < self.kinds).then(|| match (bit(&self.possible), bit(&self.certain)) {
            (false, _) => Truth::No,
            (true, false) => Truth::Maybe,
            (true, true) => Truth::Yes,
        })
    }
}

impl Filter {
    /// What the kind alone says; kinds that came later, and those that are not interned, by their text.
    pub(super) fn truth(&self, kind: &Kind) -> Truth {
        self.0.known.truth(kind).unwrap_or_else(|| self.0.expr.truth(kind))
    }

    /// Whether an event of `kind` can match at all.
    pub(crate) fn admits_kind(&self, kind: &Kind) -> bool {
        self.truth(kind) != Truth::No
    }

    /// What is left to see on events of `kind`, which the filter admits.
    pub(crate) fn needs(&self, kind: &Kind) -> Need<'_> {
        if self.truth(kind) == Truth::Yes {
            return Need::Nothing;
        }
        match necessary(&self.0.expr, kind) {
            Some((field, value, true)) => Need::Equality(field, value),
            Some((field, value, false)) => Need::EqualityAnd(field, value),
            None => Need::Evaluate,
        }
    }
}

/// An equality that every matching event of `kind` has, and whether it decides; the most selective one.
fn necessary<'a>(expr: &'a Expr, kind: &Kind) -> Option<(&'a IndexField, &'a str, bool)> {
    let open = |operand: &&'a Expr| operand.truth(kind) == Truth::Maybe;
    match expr {
        Expr::Test(comparison) => comparison.equality().map(|(field, value)| (field, value, true)),
        Expr::And(operands) => {
            let decides = operands.iter().filter(open).count() == 1;
            let found = operands.iter().filter(open).filter_map(|operand| necessary(operand, kind));
            let best = found.max_by_key(|(field, ..)| selectivity(field))?;
            Some((best.0, best.1, best.2 && decides))
        }
        Expr::Or(operands) => {
            let mut open = operands.iter().filter(open);
            let only = open.next().filter(|_| open.next().is_none())?;
            necessary(only, kind)
        }
        Expr::Kind(_) | Expr::Not(_) => None,
    }
}

/// How few events have the same value: ids of short-lived things are the most selective.
fn selectivity(field: &IndexField) -> u8 {
    match field {
        IndexField::Correlation(CorrelationField::Request | CorrelationField::ReplyTo) => 5,
        IndexField::Scope(ScopeField::Message | ScopeField::Turn | ScopeField::Step) => 4,
        IndexField::Correlation(_) | IndexField::Scope(ScopeField::Run | ScopeField::Workflow) => 3,
        IndexField::Scope(_) => 2,
        IndexField::SourceName => 1,
        IndexField::Component => 0,
    }
}
