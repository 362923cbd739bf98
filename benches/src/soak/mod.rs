//! The goals of reliability.md, one module each, named after its promise.
//!
//! A module has `pub(crate) fn measure(scale: Scale) -> Vec<Line>` and a row here; [`Scale::Short`] is the form
//! that the project's own tests run.
//!
//! [`Scale::Short`]: crate::scale::Scale::Short

pub(crate) mod child;
mod disk;
mod model;
mod planned;
mod r1;
mod r10;
mod r11;
mod r12;
mod r13;
mod r14;
mod r16;
mod r17;
mod r18;
mod r2;
mod r3;
mod r4;
mod r44;
mod r5;
mod r6;
mod r9;
mod stored;
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
    ("R10", r10::measure),
    ("R11", r11::measure),
    ("R12", r12::measure),
    ("R13", r13::measure),
    ("R14", r14::measure),
    ("R16", r16::measure),
    ("R17", r17::measure),
    ("R18", r18::measure),
    ("R44", r44::measure),
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
    fn a_child_plays_its_role() {
        super::child::play();
    }

    #[test]
    fn what_had_a_receipt_outlives_a_kill() {
        counts_are_met(super::r10::measure(Scale::Short));
    }

    #[test]
    fn what_had_a_receipt_outlives_a_loss_of_power() {
        counts_are_met(super::r11::measure(Scale::Short));
    }

    #[test]
    fn a_disk_that_fails_is_told_of_and_nothing_untrue_is_promised() {
        counts_are_met(super::r12::measure(Scale::Short));
    }

    #[test]
    fn what_rots_is_found_and_the_rest_is_kept() {
        counts_are_met(super::r13::measure(Scale::Short));
    }

    #[test]
    fn two_processes_write_one_file() {
        counts_are_met(super::r14::measure(Scale::Short));
    }

    #[test]
    fn clocks_that_jump_delete_nothing() {
        counts_are_met(super::r16::measure(Scale::Short));
    }

    #[test]
    fn a_long_run_costs_no_more_at_its_end() {
        counts_are_met(super::r17::measure(Scale::Short));
    }

    #[test]
    fn a_replay_says_what_was_live() {
        counts_are_met(super::r18::measure(Scale::Short));
    }

    #[test]
    fn any_calls_of_the_c_interface_are_answered() {
        counts_are_met(super::r44::measure(Scale::Short));
    }

    #[test]
    fn reentrancy_never_hangs() {
        counts_are_met(super::r9::measure(Scale::Short));
    }
}
