//! R44: any calls of the C interface in any order, by two threads on the same handles: no crash, a code for each, and
//! nothing left behind.
//!
//! 10^7 calls by default; `NEWSWIRE_SOAK_CALLS` asks for another number of them.

#[path = "../../../bindings/c/tests/calls/mod.rs"]
// The same calls are what `bindings/c` tests with proptest, which finds the shortest sequence where one is wrong.
mod calls;

use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use calls::{Caller, HANDLERS, Pool};

use super::child;
use crate::report::{Limit, Line};
use crate::scale::Scale;

const CALLS: &str = "NEWSWIRE_SOAK_CALLS";
const SEED: &str = "NEWSWIRE_SOAK_SEED";
const THREADS: u64 = 2;

/// How many calls one process makes: enough that little of the time is its beginning.
const AT_A_TIME: u64 = 500_000;

/// How long handlers that were closed may still be held.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let asked = std::env::var(CALLS).ok().and_then(|calls| calls.parse().ok());
    let calls: u64 = asked.unwrap_or(scale.pick(20_000, 10_000_000));
    let (began, mut made, mut crashed) = (Instant::now(), 0, 0);
    for seed in 1.. {
        let now = AT_A_TIME.min(calls - made);
        if now == 0 {
            break;
        }
        let mut command = child::command("r44");
        command.env(SEED, seed.to_string()).env(CALLS, now.to_string()).stdout(Stdio::null());
        let ended = command.status().expect("a child");
        crashed += u64::from(!ended.success());
        made += now;
    }
    let seconds = began.elapsed().as_secs_f64();
    let line = Line::new("R44.crashes", crashed as f64, Limit::AtMost(0.0), "processes");
    vec![line.with("calls", made).with("seconds", seconds.round()).with("threads", THREADS)]
}

/// Makes calls, and fails where one is answered by what it mustn't be, or a handler isn't let go of.
pub(crate) fn child() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok()).expect("a number");
    let (seed, calls) = (number(SEED), number(CALLS));
    let pool = Pool::default();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (pool, calls) = (&pool, calls / THREADS);
            scope.spawn(move || {
                let mut caller = Caller::new(pool, &format!("soak-{thread}"));
                let mut next = words(seed << 8 | thread);
                for _ in 0..calls {
                    caller.make(((next() >> 8) as u8, next(), next(), next()));
                }
                let wrong = caller.wrong.take();
                assert_eq!(wrong, None, "of calls {:?}", caller.answered);
            });
        }
    });
    let deadline = Instant::now() + PATIENCE;
    while HANDLERS.load(Ordering::Relaxed) != 0 {
        assert!(Instant::now() < deadline, "{} handlers are held", HANDLERS.load(Ordering::Relaxed));
        thread::yield_now();
    }
}

/// The same words for the same seed (SplitMix64).
fn words(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }
}
