//! R2: one total order: sixteen subscribers see the same sequence without gaps, and in it each of eight
//! publishers' events in the order in which it published them.

use std::time::Duration;

use super::model::order::{self, Disorder};
use super::watch::within;
use crate::report::{Limit, Line};
use crate::scale::Scale;

const PUBLISHERS: usize = 8;
const SUBSCRIBERS: usize = 16;
/// After which events will not come any more.
const HUNG: Duration = Duration::from_secs(3_600);

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let each: u64 = scale.pick(12_500, 12_500_000);
    let events = PUBLISHERS as u64 * each;
    let found = within(HUNG, move || order::disorder(PUBLISHERS, SUBSCRIBERS, each));
    let Disorder { inversions, missing, differing } = found.unwrap_or_default();
    let count = |name: &str, value: u64, unit| {
        Line::new(format!("R2.{name}"), value as f64, Limit::AtMost(0.0), unit).with("events", events)
    };
    vec![
        count("inversions", inversions, "events"),
        count("missing", missing, "events"),
        count("differing", differing, "sequences"),
        count("hangs", u64::from(found.is_none()), "runs"),
    ]
}
