//! What a filter says, in normal form.
//!
//! Nested `and` and `or` are flattened, double negation and what decides nothing are gone, operands stand
//! once each: what costs least to evaluate first, single terms before compound ones, then by their text. So
//! filters that say the same in another order are equal, and one order serves evaluation, equality and
//! printing.

use std::cmp::Ordering;

use super::comparison::Comparison;
use super::kinds::KindPattern;
use super::look::Look;
use crate::event::Event;
use crate::field::Place;
use crate::kind::Kind;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Kind(KindPattern),
    Test(Comparison),
    Not(Box<Self>),
    /// At least two, none of which is an `And`.
    And(Box<[Self]>),
    /// At least two, none of which is an `Or`.
    Or(Box<[Self]>),
}

/// What a kind alone says about whether its events match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    No,
    Maybe,
    Yes,
}

impl Expr {
    pub(crate) fn all() -> Self {
        Self::Kind(KindPattern::all())
    }

    fn none() -> Self {
        Self::Not(Box::new(Self::all()))
    }

    fn is_all(&self) -> bool {
        matches!(self, Self::Kind(pattern) if pattern.is_all())
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::Not(inner) if inner.is_all())
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub(crate) fn and(operands: Vec<Self>) -> Self {
        let mut all = Vec::with_capacity(operands.len());
        for operand in operands {
            match operand {
                none if none.is_none() => return none,
                Self::And(inner) => all.extend(inner),
                other if other.is_all() => {}
                other => all.push(other),
            }
        }
        one_or(normal(all), Self::all, Self::And)
    }

    pub(crate) fn or(operands: Vec<Self>) -> Self {
        let mut any = Vec::with_capacity(operands.len());
        for operand in operands {
            match operand {
                all if all.is_all() => return all,
                Self::Or(inner) => any.extend(inner),
                other if other.is_none() => {}
                other => any.push(other),
            }
        }
        one_or(normal(any), Self::none, Self::Or)
    }

    /// How many nodes it has, itself included.
    pub(crate) fn nodes(&self) -> usize {
        1 + match self {
            Self::Kind(_) | Self::Test(_) => 0,
            Self::Not(inner) => inner.nodes(),
            Self::And(operands) | Self::Or(operands) => operands.iter().map(Self::nodes).sum(),
        }
    }

    /// How many patterns of kinds with stars it has.
    pub(crate) fn patterns(&self) -> usize {
        match self {
            Self::Kind(pattern) => usize::from(pattern.has_star()),
            Self::Test(_) => 0,
            Self::Not(inner) => inner.patterns(),
            Self::And(operands) | Self::Or(operands) => operands.iter().map(Self::patterns).sum(),
        }
    }

    /// Whether an event matches whose kind alone doesn't tell.
    pub(crate) fn matches_open<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> bool {
        match self {
            // What stands beside the kinds decides, or the kind would have told.
            Self::And(operands) => {
                let mut open = operands.iter().filter(|operand| !matches!(operand, Self::Kind(_)));
                open.all(|operand| operand.matches(event, look))
            }
            other => other.matches(event, look),
        }
    }

    pub(crate) fn matches<'e>(&self, event: &'e Event, look: &mut Look<'e>) -> bool {
        match self {
            Self::Kind(pattern) => pattern.matches(event.kind()),
            Self::Test(comparison) => comparison.holds(event, look),
            Self::Not(inner) => !inner.matches(event, look),
            Self::And(operands) => operands.iter().all(|operand| operand.matches(event, look)),
            Self::Or(operands) => operands.iter().any(|operand| operand.matches(event, look)),
        }
    }

    /// What `kind` alone says.
    pub(crate) fn truth(&self, kind: &Kind) -> Truth {
        match self {
            Self::Kind(pattern) => Truth::of(pattern.matches(kind)),
            Self::Test(comparison) => comparison.holds_for_kind(kind).map_or(Truth::Maybe, Truth::of),
            Self::Not(inner) => match inner.truth(kind) {
                Truth::No => Truth::Yes,
                Truth::Maybe => Truth::Maybe,
                Truth::Yes => Truth::No,
            },
            Self::And(operands) => strongest(operands, kind, Truth::No, Truth::Yes),
            Self::Or(operands) => strongest(operands, kind, Truth::Yes, Truth::No),
        }
    }

    /// The order of operands that cost the same.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Kind(a), Self::Kind(b)) => a.cmp(b),
            (Self::Test(a), Self::Test(b)) => a.text.cmp(&b.text),
            (Self::Not(a), Self::Not(b)) => a.order(b),
            (Self::And(a), Self::And(b)) | (Self::Or(a), Self::Or(b)) => {
                let mut pairs = a.iter().zip(b).map(|(a, b)| a.order(b));
                pairs.find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => self.shape().cmp(&other.shape()),
        }
    }

    /// Whether evaluating it can look into the payload.
    pub(crate) fn looks_inside(&self) -> bool {
        match self {
            Self::Kind(_) => false,
            Self::Test(comparison) => comparison.field.is_inside(),
            Self::Not(inner) => inner.looks_inside(),
            Self::And(operands) | Self::Or(operands) => operands.iter().any(Self::looks_inside),
        }
    }

    fn shape(&self) -> u8 {
        match self {
            Self::Kind(_) => 0,
            Self::Test(_) => 1,
            Self::Not(_) => 2,
            Self::And(_) => 3,
            Self::Or(_) => 4,
        }
    }

    /// What evaluating costs: kinds, the envelope, attributes, the payload.
    fn cost(&self) -> u8 {
        match self {
            Self::Kind(_) => 0,
            Self::Test(comparison) => match comparison.field.0 {
                Place::Payload(_) => 3,
                Place::Attr(_) => 2,
                _ => 1,
            },
            Self::Not(inner) => inner.cost(),
            Self::And(operands) | Self::Or(operands) => {
                operands.iter().map(Self::cost).max().unwrap_or_default()
            }
        }
    }
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// `decisive` if any operand is that, else `Maybe` if any is that, else `neutral`.
fn strongest(operands: &[Expr], kind: &Kind, decisive: Truth, neutral: Truth) -> Truth {
    let mut truth = neutral;
    for operand in operands {
        match operand.truth(kind) {
            found if found == decisive => return decisive,
            Truth::Maybe => truth = Truth::Maybe,
            _ => {}
        }
    }
    truth
}

fn normal(operands: Vec<Expr>) -> Vec<Expr> {
    let mut costly: Vec<_> = operands.into_iter().map(|operand| (operand.cost(), operand)).collect();
    costly.sort_by(|(cost, a), (other, b)| cost.cmp(other).then_with(|| a.order(b)));
    costly.dedup_by(|(_, a), (_, b)| a == b);
    costly.into_iter().map(|(_, operand)| operand).collect()
}

fn one_or(mut operands: Vec<Expr>, neutral: fn() -> Expr, join: fn(Box<[Expr]>) -> Expr) -> Expr {
    match operands.len() {
        0 | 1 => operands.pop().unwrap_or_else(neutral),
        _ => join(operands.into_boxed_slice()),
    }
}
