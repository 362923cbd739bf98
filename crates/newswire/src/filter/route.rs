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

#[cfg(test)]
mod tests {
    use super::{Filter, Need};
    use crate::event::{Event, Scope, ScopeField, Source};
    use crate::kind::Kind;

    const KINDS: [&str; 4] = ["tool.call.failed", "tool.call.started", "custom.thing", "custom.thing.failed"];

    fn kind(name: &str) -> Kind {
        Kind::parse(name).unwrap()
    }

    /// Events that differ in whatever the filters below ask for.
    fn events() -> Vec<Event> {
        let with = |kind: &str, session: Option<&str>, component: Option<&str>, payload: &str| {
            let scope =
                session.map_or(Scope::new(), |id| Scope::new().with(ScopeField::Session, id).unwrap());
            let source = component.map_or(Source::unknown(), |name| Source::new(name).unwrap());
            Event::builder(self::kind(kind)).scope(scope).source(source).json(payload).build().unwrap()
        };
        let mut events = Vec::new();
        for kind in KINDS {
            for session in [None, Some("a"), Some("b")] {
                for component in [None, Some("c")] {
                    events
                        .extend(["{}", r#"{"n":1}"#].map(|payload| with(kind, session, component, payload)));
                }
            }
        }
        events
    }

    #[test]
    fn what_routing_is_told_agrees_with_matching() {
        let atoms = [
            "tool.*",
            "*.failed",
            "phase=failed",
            "session=a",
            "session=b",
            "source.component=c",
            "payload.n=1",
        ];
        let mut filters: Vec<String> =
            atoms.iter().flat_map(|atom| [atom.to_string(), format!("not {atom}")]).collect();
        for join in ["and", "or"] {
            let pairs = filters.clone();
            filters.extend(
                pairs
                    .iter()
                    .take(14)
                    .flat_map(|a| pairs.iter().take(14).map(move |b| format!("({a} {join} {b})"))),
            );
        }
        let deeper =
            filters.iter().step_by(5).map(|filter| format!("{filter} and (session=a or custom.thing)"));
        filters = deeper.chain(filters.iter().cloned()).collect();
        let events = events();
        for text in &filters {
            let filter = Filter::parse(text).unwrap();
            for event in &events {
                let matched = filter.matches(event);
                assert_eq!(
                    matched,
                    filter.0.expr.matches(event, &mut super::super::Look::default()),
                    "{text}"
                );
                if !filter.admits_kind(event.kind()) {
                    assert!(!matched, "{text} on {event:?}");
                    continue;
                }
                match filter.needs(event.kind()) {
                    Need::Nothing => assert!(matched, "{text} on {event:?}"),
                    Need::Equality(field, value) => {
                        assert_eq!(matched, event.index_value(field) == Some(value), "{text}")
                    }
                    Need::EqualityAnd(field, value) => {
                        assert!(!matched || event.index_value(field) == Some(value), "{text}")
                    }
                    Need::Evaluate => {}
                }
            }
        }
    }

    #[test]
    fn one_equality_is_found_wherever_it_decides() {
        let need =
            |filter: &str, name: &str| format!("{:?}", Filter::parse(filter).unwrap().needs(&kind(name)));
        assert_eq!(need("tool.*", KINDS[0]), "Nothing");
        assert_eq!(need("tool.* and phase=failed", KINDS[0]), "Nothing");
        assert_eq!(need("tool.* and session=a", KINDS[0]), r#"Equality(Scope(Session), "a")"#);
        assert_eq!(need("session=a and payload.n=1", KINDS[0]), r#"EqualityAnd(Scope(Session), "a")"#);
        assert_eq!(need("session=a and source=c", KINDS[0]), r#"EqualityAnd(Scope(Session), "a")"#);
        assert_eq!(need("source=c/d", KINDS[0]), r#"EqualityAnd(SourceName, "d")"#);
        assert_eq!(need("turn=t and session=a", KINDS[0]), r#"EqualityAnd(Scope(Turn), "t")"#);
        assert_eq!(
            need("custom.* or phase=failed and session=a", KINDS[0]),
            r#"Equality(Scope(Session), "a")"#
        );
        for evaluated in ["session in (a, b)", "not session=a", "session~a*", "payload.n=1"] {
            assert_eq!(need(evaluated, KINDS[0]), "Evaluate", "{evaluated}");
        }
        assert!(!Filter::parse("phase=started or run.*").unwrap().admits_kind(&kind(KINDS[0])));
        assert!(!Filter::parse("component.scope=run and session=a").unwrap().admits_kind(&kind(KINDS[0])));
    }
}
