//! How many events of which kind, and of how many runs.

use newswire::view::{CallMeter, Census, LatencyProfile, StatusTracker, TraceTree, UsageMeter, View};
use newswire::{Bus, Event, Gap, GapReason, Kind, ScopeField};

use super::common::{run, scope};

#[test]
fn every_event_counts_under_its_kind_known_or_not() {
    let bus = Bus::new();
    let census = bus.watch(Census::new()).unwrap();
    for _ in 0..3 {
        run(&bus, "r-1").tool_call("ls", "c-1", None).complete(None).unwrap();
    }
    bus.publish(Event::builder(Kind::parse("deploy.finished").unwrap()).build().unwrap()).unwrap();
    let seen = census.snapshot();
    assert_eq!((seen.events, seen.by_kind.len()), (7, 3));
    assert_eq!((seen.by_kind["tool.call.started"], seen.by_kind["deploy.finished"]), (3, 1));
}

#[test]
fn runs_are_told_apart_and_times_that_go_back_are_counted() {
    let mut census = Census::new();
    for (id, time_ns) in [("a", 5), ("b", 9), ("a", 7), ("a", 8), ("c", -2)] {
        let event = Event::builder(Kind::parse("log.written").unwrap()).time_ns(time_ns);
        census.see(&event.scope(scope(ScopeField::Run, id)).build().unwrap());
    }
    census.miss(&Gap { first: 1, last: 2, count: 2, reason: GapReason::Full });
    let seen = census.snapshot();
    assert_eq!((seen.runs, seen.more_runs, seen.times_back, seen.missed), (3, false, 2, 2));
    assert_eq!((seen.first_ns, seen.last_ns), (Some(-2), Some(9)));
}

#[test]
fn a_census_of_nothing_says_so() {
    let seen = Census::new().snapshot();
    assert_eq!((seen.events, seen.runs, seen.first_ns), (0, 0, None));
}

#[test]
fn what_every_view_has_missed_stops_at_the_most_that_can_be_counted() {
    fn missed<V: View>(mut view: V, told: impl FnOnce(V::Snapshot) -> u64) -> u64 {
        let gap = Gap { first: 1, last: u64::MAX, count: u64::MAX, reason: GapReason::Full };
        view.miss(&gap);
        view.miss(&gap);
        told(view.snapshot())
    }
    let all = [
        missed(CallMeter::new(), |seen| seen.missed),
        missed(Census::new(), |seen| seen.missed),
        missed(LatencyProfile::new(), |seen| seen.missed),
        missed(StatusTracker::new(), |seen| seen.missed),
        missed(TraceTree::new(), |seen| seen.missed),
        missed(UsageMeter::new(), |seen| seen.missed),
    ];
    assert_eq!(all, [u64::MAX; 6]);
}
