//! R3: policies are exact: who drops the newest keeps the first, who drops the oldest keeps the last, who
//! waits loses nothing, and every loss is told. Small queues in full, large ones at random.

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::model::policies::{self, Case};
use super::model::random;
use super::watch::within;
use crate::report::{Limit, Line};
use crate::scale::Scale;

/// A queue whose events don't go round once in a while only.
const LARGE: usize = 1024;
/// After which a case has hung.
const HUNG: Duration = Duration::from_secs(60);

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let mut runner = TestRunner::new(random::cases(1));
    let mut count = || {
        let tree = (0..4 * LARGE as u64).new_tree(&mut runner).expect("a range has a number");
        tree.current()
    };
    let large = (0..scale.pick(3, 1_000)).flat_map(|_| Case::all(LARGE, count()));
    vec![line("R3.enumerated", policies::enumerate(8, 32)), line("R3.random", large)]
}

/// How many cases don't keep or tell what they should.
fn line(name: &str, all: impl Iterator<Item = Case>) -> Line {
    let (mut cases, mut faults) = (0_u64, 0_u64);
    for case in all {
        cases += 1;
        if within(HUNG, move || case.check()).is_none() {
            eprintln!("{name}: {case:?}");
            faults += 1;
        }
    }
    Line::new(name, faults as f64, Limit::AtMost(0.0), "cases").with("cases", cases)
}
