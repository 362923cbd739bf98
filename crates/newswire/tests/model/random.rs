//! Random programs.

use newswire::WhenFull;
use proptest::prelude::*;

use super::program::Step;
use super::reference::{Conduct, FILTERS, Sample, Spec};
use super::storm::{Meddling, Storm, Way};

/// So many of them, and of one that fails the smallest that still does.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

/// An event.
pub(crate) fn sample() -> impl Strategy<Value = Sample> + Clone {
    let rarely = prop::bool::weighted(0.15);
    (0..2_u8, prop::option::of(0..2_u8), rarely, 0..6_u8, 0..3_u8)
        .prop_map(|(kind, session, internal, n, depth)| Sample { kind, session, internal, n, depth })
}

pub(crate) fn when_full() -> impl Strategy<Value = WhenFull> {
    prop::sample::select(vec![WhenFull::DropOldest, WhenFull::DropNewest, WhenFull::Block])
}

/// A subscription.
pub(crate) fn spec() -> impl Strategy<Value = Spec> {
    let conduct = prop::sample::select(vec![
        Conduct::Fine,
        Conduct::Fails,
        Conduct::Panics,
        Conduct::Publishes,
        Conduct::Publishes,
    ]);
    let rarely = prop::bool::weighted(0.2);
    let how = (rarely, prop::option::of(conduct));
    (0..FILTERS.len(), rarely, when_full(), 1..7_usize, rarely, -1..2_i32, how).prop_map(
        |(filter, internal, when_full, buffer, even_only, priority, (once, conduct))| Spec {
            filter,
            internal,
            when_full,
            buffer,
            even_only,
            priority,
            once: once && conduct.is_some(),
            conduct,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..8_usize;
    let pull = (at.clone(), 1..6_usize, any::<bool>());
    prop_oneof![
        12 => sample().prop_map(Step::Publish),
        3 => sample().prop_map(Step::TryPublish),
        2 => prop::collection::vec(sample(), 0..6).prop_map(Step::PublishBatch),
        4 => spec().prop_map(Step::Subscribe),
        1 => at.clone().prop_map(Step::Unsubscribe),
        5 => pull.prop_map(|(at, count, batch)| Step::Pull { at, count, batch }),
        1 => at.clone().prop_map(Step::Pause),
        1 => at.clone().prop_map(Step::Resume),
        2 => (at.clone(), 1..8_usize).prop_map(|(at, buffer)| Step::Resize(at, buffer)),
        1 => at.prop_map(Step::Look),
    ]
}

/// A program: some subscriptions, then anything, the close once in a while before the end.
pub(crate) fn program() -> impl Strategy<Value = Vec<Step>> {
    let first = prop::collection::vec(spec().prop_map(Step::Subscribe), 1..5);
    let close = prop::option::weighted(0.2, Just(Step::Close));
    (first, prop::collection::vec(step(), 1..40), close, prop::collection::vec(step(), 0..8)).prop_map(
        |(mut steps, middle, close, last)| {
            steps.extend(middle);
            steps.extend(close);
            steps.extend(last);
            steps
        },
    )
}

/// A storm of small scripts.
pub(crate) fn storm() -> impl Strategy<Value = Storm> {
    let way = prop::sample::select(vec![
        Way::Pull,
        Way::Inline,
        Way::Inline,
        Way::Locked,
        Way::Keyed,
        Way::Keyed,
        Way::Concurrent(1),
        Way::Concurrent(3),
    ]);
    let sub = (spec(), way).prop_map(|(spec, way)| {
        let once = spec.once && way != Way::Pull;
        (Spec { once, ..spec }, way)
    });
    let at = 0..8_usize;
    let meddling = prop_oneof![
        3 => at.clone().prop_map(Meddling::Pause),
        3 => at.clone().prop_map(Meddling::Resume),
        2 => (at.clone(), 1..8_usize).prop_map(|(at, buffer)| Meddling::Resize(at, buffer)),
        1 => at.prop_map(Meddling::Unsubscribe),
    ];
    let scripts = prop::collection::vec(prop::collection::vec(sample(), 1..25), 1..4);
    (prop::collection::vec(sub, 1..7), scripts, prop::collection::vec(meddling, 0..12))
        .prop_map(|(subs, scripts, meddling)| Storm { subs, scripts, meddling })
}
