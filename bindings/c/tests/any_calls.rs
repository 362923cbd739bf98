//! R44: any sequence of calls is answered by codes; nothing crashes, and nothing is left behind.

mod calls;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use calls::{Call, Caller, HANDLERS, Pool};
use newswire_c::Code;
use proptest::prelude::*;

/// Handlers are counted for the whole process, so only one test at a time hands some in.
static ALONE: Mutex<()> = Mutex::new(());

fn any_call() -> impl Strategy<Value = Call> {
    (any::<u8>(), any::<u64>(), any::<u64>(), any::<u64>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_sequence_of_calls_is_answered_by_codes(steps in proptest::collection::vec(any_call(), 0..200)) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = Pool::default();
        let mut caller = Caller::new(&pool, "any");
        steps.into_iter().for_each(|step| caller.make(step));
        caller.end();
        prop_assert_eq!(caller.wrong.take(), None);
        drop(caller);
        let deadline = Instant::now() + Duration::from_secs(60);
        while HANDLERS.load(Ordering::Relaxed) != 0 {
            prop_assert!(Instant::now() < deadline, "{} handlers are held", HANDLERS.load(Ordering::Relaxed));
            std::thread::yield_now();
        }
    }
}

#[test]
fn sequences_come_to_every_answer_but_a_defect() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = Pool::default();
    let mut caller = Caller::new(&pool, "every");
    let mut word = 1_u64;
    let mut next = || {
        // A linear congruential generator: the same calls every time.
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        word ^ word >> 33
    };
    for _ in 0..100_000 {
        caller.make(((next() >> 8) as u8, next(), next(), next()));
    }
    // What would deadlock is asked inside handlers, whose own calls aren't counted, and a queue is full for a moment
    // only before its subscription counts as stalled: `answers` has a test of each.
    let elsewhere = [Code::Full as usize, Code::WouldDeadlock as usize];
    let unanswered: Vec<_> =
        (0..10).filter(|code| !elsewhere.contains(code) && caller.answered[*code] == 0).collect();
    assert!(unanswered.is_empty(), "{unanswered:?} of {:?}", caller.answered);
    assert_eq!(caller.wrong.take(), None);
}
