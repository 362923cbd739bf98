//! When events come, and what the report says.

use std::thread;
use std::time::Duration;

use newswire::{
    Bus, Delivery, Error, ErrorKind, Filter, Gap, GapReason, Severity, SubscribeOptions, WhenFull,
};
use newswire_recording::{Pace, PlayOptions, Player, Seek};

use super::{Jumping, SECOND, listening, moments, names, on_inline, play, ticks};

fn at(pace: Pace) -> PlayOptions {
    PlayOptions { pace, ..PlayOptions::default() }
}

#[test]
fn a_recording_is_played_at_the_pace_it_was_recorded_at() {
    let (log, played) = play(&[100, 101, 103, 103], PlayOptions::default());
    assert_eq!(moments(&log), [0, 1000, 3000, 3000]);
    assert_eq!((played.events, played.elapsed), (4, Duration::from_secs(3)));
    assert_eq!((played.stopped, played.error), (false, None));
}

#[test]
fn a_scaled_pace_divides_every_pause() {
    assert_eq!(moments(&play(&[10, 11, 13], at(Pace::Times(2.0))).0), [0, 500, 1500]);
    assert_eq!(moments(&play(&[10, 11, 13], at(Pace::Times(0.5))).0), [0, 2000, 6000]);
    assert_eq!(moments(&play(&[10, 11, 13], at(Pace::Unbounded)).0), [0, 0, 0]);
}

#[test]
fn a_pace_that_is_none_is_refused() {
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Player::of(ticks(&[]), at(Pace::Times(factor))).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.expected().is_some());
    }
    // However slow: nothing overflows.
    let (log, _) = play(&[0], at(Pace::Times(f64::MIN_POSITIVE)));
    assert_eq!(log.len(), 1);
}

#[test]
fn times_that_go_backwards_make_no_pause_and_what_was_waited_for_is_not_waited_for_again() {
    assert_eq!(moments(&play(&[100, 50, 51, 200], PlayOptions::default()).0), [0, 0, 0, 100_000]);
    // A source whose clock steps back again and again takes as long as it took.
    let (log, played) = play(&[10, 9, 11, 10, 12, 11, 13], PlayOptions::default());
    assert_eq!(moments(&log), [0, 0, 1000, 1000, 2000, 2000, 3000]);
    assert_eq!(played.elapsed, Duration::from_secs(3));
    let far = [i64::MAX / SECOND, i64::MIN / SECOND];
    assert_eq!(moments(&play(&far, PlayOptions::default()).0), [0, 0]);
}

#[test]
fn an_event_of_time_0_has_none_and_is_waited_for_by_nobody() {
    assert_eq!(moments(&play(&[0, 100, 0, 101, 0], PlayOptions::default()).0), [0, 0, 0, 1000, 1000]);
}

#[test]
fn long_pauses_can_be_cut() {
    let options = PlayOptions { max_pause: Some(Duration::from_secs(2)), ..PlayOptions::default() };
    assert_eq!(moments(&play(&[10, 11, 3610, 3611], options.clone()).0), [0, 1000, 3000, 4000]);
    let options = PlayOptions { pace: Pace::Times(0.5), ..options };
    assert_eq!(moments(&play(&[10, 11, 3610], options).0), [0, 2000, 4000]);
}

#[test]
fn a_play_that_was_held_up_goes_on_from_there_but_makes_up_for_little_delays() {
    for (delay, expected) in [(5_000, [0, 6000, 7000]), (50, [0, 1050, 2000])] {
        let clock = Jumping::default();
        let (bus, log) = listening(&clock);
        let late = clock.clone();
        on_inline(&bus, move |event| {
            if event.payload_json() == Some("10") {
                late.advance(Duration::from_millis(1000 + delay));
            }
        });
        Player::of(ticks(&[10, 11, 12]), PlayOptions::default()).unwrap().with_clock(clock).play(&bus);
        assert_eq!(moments(&log.lock().unwrap()), expected);
    }
}

#[test]
fn a_play_can_begin_and_end_in_between() {
    let between = |from, to| PlayOptions { from, to, ..PlayOptions::default() };
    let offset = |seconds| Some(Seek::Offset(Duration::from_secs(seconds)));
    let (log, played) = play(&[10, 11, 12, 13], between(offset(1), offset(2)));
    assert_eq!((names(&log), moments(&log)), (vec!["11", "12"], vec![0, 1000]));
    assert_eq!((played.events, played.skipped), (2, 1));
    let time = Seek::Time(12 * SECOND);
    assert_eq!(names(&play(&[10, 11, 12, 13], between(Some(time), None)).0), ["12", "13"]);
    assert_eq!(names(&play(&[10, 11, 12, 13], between(None, Some(time))).0), ["10", "11", "12"]);
    assert_eq!(play(&[10, 11], between(offset(9), None)).1.skipped, 2);
}

#[test]
fn a_recorded_gap_is_told_on_the_bus_in_its_place() {
    let clock = Jumping::default();
    let (bus, log) = listening(&clock);
    let mut warnings = bus.subscribe("recording.gap.passed").unwrap();
    let gap = Gap { first: 5, last: 9, count: 4, reason: GapReason::Full };
    let mut recorded = ticks(&[1, 2]);
    recorded.insert(1, Ok(Delivery::Gap(gap)));
    let played = Player::of(recorded, PlayOptions::default()).unwrap().with_clock(clock).play(&bus);
    let told = r#"recording.gap.passed {"first":5,"last":9,"count":4,"reason":"full"}"#;
    assert_eq!(*log.lock().unwrap(), [("1".into(), 0), (told.into(), 0), ("2".into(), 1000)]);
    assert_eq!((played.events, played.gaps, played.missing), (2, 1, 4));
    let told = warnings.try_next().unwrap().unwrap().event().unwrap();
    assert_eq!((told.severity(), told.time_ns()), (Severity::Warn, SECOND));
    assert_eq!(told.message(), Some("4 events are missing here (full)"));
}

#[test]
fn broken_records_are_counted_and_the_first_is_told() {
    let mut recorded = ticks(&[1, 2]);
    recorded.insert(1, Err(Error::invalid("bent").at_path("run:2")));
    recorded.insert(2, Err(Error::invalid("torn").at_path("run:3")));
    let bus = Bus::new();
    let played = Player::of(recorded, at(Pace::Unbounded)).unwrap().play(&bus);
    assert_eq!((played.events, played.broken_records), (2, 2));
    assert_eq!(played.broken.unwrap().path(), Some("run:2"));
}

#[test]
fn a_bus_that_closes_ends_the_play_with_the_error() {
    let bus = Bus::new();
    bus.close(Duration::ZERO);
    let played = Player::of(ticks(&[1, 2]), at(Pace::Unbounded)).unwrap().play(&bus);
    assert_eq!(played.events, 0);
    assert_eq!(played.error.unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn a_subscription_that_blocks_slows_the_play_and_nothing_is_dropped() {
    let bus = Bus::new();
    let options = SubscribeOptions {
        buffer: 4,
        when_full: WhenFull::Block,
        max_wait: Duration::from_secs(3600),
        ..SubscribeOptions::default()
    };
    let slow = bus.subscribe_with(Filter::all(), options).unwrap();
    let times: Vec<i64> = (0..5_000).collect();
    let player = Player::of(ticks(&times), at(Pace::Unbounded)).unwrap();
    let (played, seen) = thread::scope(|scope| {
        let seen = scope.spawn(move || slow.into_iter().filter_map(Delivery::event).count());
        let played = player.play(&bus);
        bus.close(Duration::ZERO);
        (played, seen.join().unwrap())
    });
    assert_eq!((played.events, played.dropped, seen), (5_000, 0, 5_000));
}
