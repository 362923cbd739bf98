//! The bus beside a reference model of a few lines: random programs, small cases in full, and totals that
//! must hold however threads run.

mod order;
mod policies;
mod program;
mod random;
mod reference;
mod storm;

use proptest::prelude::*;

#[test]
fn every_policy_keeps_and_tells_exactly_what_it_should() {
    let cases = policies::enumerate(8, 32).inspect(|case| case.check());
    assert_eq!(cases.count(), 8 * 33 * 2 * 4);
}

#[test]
fn all_subscribers_see_one_order_and_each_publishers_own() {
    assert_eq!(order::disorder(8, 16, 8_000), order::Disorder::default());
}

proptest! {
    #![proptest_config(random::cases(3_400))]

    #[test]
    fn a_program_on_a_loop_thread_does_exactly_what_the_model_does(steps in random::program()) {
        program::play(&steps, true);
    }

    #[test]
    fn a_program_that_may_wait_does_exactly_what_the_model_does(steps in random::program()) {
        program::play(&steps, false);
    }

    #[test]
    fn whoever_comes_first_the_books_balance_and_every_event_has_its_place(storm in random::storm()) {
        storm::play(&storm);
    }
}
