//! The goals of reliability.md, one module each, named after its promise.
//!
//! A module has `pub(crate) fn measure(scale: Scale) -> Vec<Line>` and a row here; [`Scale::Short`] is the form
//! that the project's own tests run.
//!
//! [`Scale::Short`]: crate::scale::Scale::Short

mod model;
mod planned;
mod r1;
mod r2;
mod r3;
mod r4;
mod r5;
mod r6;
mod r9;
mod watch;

use crate::report::Goal;

/// The goals by their ids.
pub(crate) const GOALS: &[Goal] = &[
    ("R1", r1::measure),
    ("R2", r2::measure),
    ("R3", r3::measure),
    ("R4", r4::measure),
    ("R5", r5::measure),
    ("R6", r6::measure),
    ("R9", r9::measure),
];

#[cfg(test)]
mod tests {
    use crate::report::Line;
    use crate::scale::Scale;

    /// Latencies, memory and deadlines are judged on a quiet machine only; what is counted must be exact.
    fn counts_are_met(lines: Vec<Line>) {
        for line in lines.iter().filter(|line| line.is_count()) {
            assert!(line.is_met(), "{line:?}");
        }
    }

    #[test]
    fn books_always_balance() {
        counts_are_met(super::r1::measure(Scale::Short));
    }

    #[test]
    fn there_is_one_order() {
        counts_are_met(super::r2::measure(Scale::Short));
    }

    #[test]
    fn policies_are_exact() {
        counts_are_met(super::r3::measure(Scale::Short));
    }

    #[test]
    fn one_bad_subscriber_costs_the_others_no_event() {
        counts_are_met(super::r4::measure(Scale::Short));
    }

    #[test]
    fn panics_are_counted_exactly() {
        counts_are_met(super::r5::measure(Scale::Short));
    }

    #[test]
    fn shutdown_always_ends_and_accounts_for_everything() {
        counts_are_met(super::r6::measure(Scale::Short));
    }

    #[test]
    fn reentrancy_never_hangs() {
        counts_are_met(super::r9::measure(Scale::Short));
    }
}
