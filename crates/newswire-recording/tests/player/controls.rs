//! Pausing, stepping, seeking, stopping: from other threads and from handlers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use newswire::{Bus, ErrorKind};
use newswire_recording::{Controls, Pace, PlayOptions, Player, Position, Seek};

use super::{Jumping, SECOND, listening, moments, names, on_inline, ticks};

const TIMES: [i64; 5] = [10, 11, 12, 13, 14];

/// What a test does with the controls while the play stands still.
type Act = Box<dyn FnOnce(&Controls) + Send>;

/// Plays [`TIMES`]; at the event of that payload `act` is done from its handler, and whenever the play stands
/// still, the next of `idle`.
fn play(
    rewindable: bool,
    at: &'static str,
    act: impl Fn(&Controls) + Send + Sync + 'static,
    idle: Vec<Act>,
) -> Vec<(String, u128)> {
    let clock = Jumping::default();
    let (bus, log) = listening(&clock);
    let options = PlayOptions::default();
    let player = match rewindable {
        true => Player::reopening(|| Ok(ticks(&TIMES)), options).unwrap(),
        false => Player::of(ticks(&TIMES), options).unwrap(),
    };
    let controls = player.controls();
    let steps = idle.into_iter().map(|step| {
        let (controls, clock) = (controls.clone(), clock.clone());
        Box::new(move || {
            clock.advance(Duration::from_secs(60));
            step(&controls);
        }) as super::Step
    });
    clock.whenever_idle(steps.collect());
    let once = Mutex::new(Some(controls));
    on_inline(&bus, move |event| {
        if event.payload_json() == Some(at)
            && let Some(controls) = once.lock().unwrap().take()
        {
            act(&controls);
        }
    });
    player.with_clock(clock).play(&bus);
    log.lock().unwrap().clone()
}

#[test]
fn a_pause_stands_still_and_resuming_waits_what_was_left() {
    let log = play(false, "11", Controls::pause, vec![Box::new(Controls::resume)]);
    assert_eq!(moments(&log), [0, 1000, 62_000, 63_000, 64_000]);
}

#[test]
fn stepping_plays_one_event_each_at_once() {
    let log = play(
        false,
        "10",
        Controls::pause,
        vec![Box::new(Controls::step), Box::new(Controls::step), Box::new(Controls::resume)],
    );
    assert_eq!(moments(&log), [0, 60_000, 120_000, 181_000, 182_000]);
    let log = play(false, "10", Controls::step, vec![Box::new(Controls::resume)]);
    assert_eq!(moments(&log)[..2], [0, 0]);
}

#[test]
fn seeking_forward_passes_over_what_lies_between() {
    let log = play(false, "11", |controls| controls.seek(Seek::Time(14 * SECOND)).unwrap(), vec![]);
    assert_eq!((names(&log), moments(&log)), (vec!["10", "11", "14"], vec![0, 1000, 1000]));
    let log = play(
        false,
        "10",
        |controls| controls.seek(Seek::Offset(Duration::from_millis(2500))).unwrap(),
        vec![],
    );
    assert_eq!(names(&log), ["10", "13", "14"]);
}

#[test]
fn seeking_backwards_plays_again_where_the_recording_can_be_opened_again() {
    let log = play(true, "13", |controls| controls.seek(Seek::Offset(Duration::ZERO)).unwrap(), vec![]);
    assert_eq!(names(&log), ["10", "11", "12", "13", "10", "11", "12", "13", "14"]);
    assert_eq!(moments(&log)[4..6], [3000, 4000]);
    // Also to the very event that has been played last.
    let log = play(true, "12", |controls| controls.seek(Seek::Time(12 * SECOND)).unwrap(), vec![]);
    assert_eq!(names(&log), ["10", "11", "12", "12", "13", "14"]);
}

#[test]
fn the_last_event_is_not_too_late_to_seek_back() {
    let log =
        play(true, "14", |controls| controls.seek(Seek::Offset(Duration::from_secs(3))).unwrap(), vec![]);
    assert_eq!(names(&log), ["10", "11", "12", "13", "14", "13", "14"]);
    // Forward from there lies nothing.
    let log = play(true, "14", |controls| controls.seek(Seek::Time(99 * SECOND)).unwrap(), vec![]);
    assert_eq!(log.len(), 5);
}

#[test]
fn seeking_backwards_is_refused_where_it_can_not_be_done() {
    let refused = Arc::new(Mutex::new(None));
    let told = refused.clone();
    let act = move |controls: &Controls| *told.lock().unwrap() = controls.seek(Seek::Time(0)).err();
    assert_eq!(play(false, "12", act, vec![]).len(), 5);
    assert_eq!(refused.lock().unwrap().take().unwrap().kind(), ErrorKind::OutOfRange);
}

#[test]
fn seeking_while_it_stands_still_leaves_it_standing_there() {
    let seek: Act = Box::new(|controls| controls.seek(Seek::Time(13 * SECOND)).unwrap());
    let log = play(false, "10", Controls::pause, vec![seek, Box::new(Controls::resume)]);
    assert_eq!(names(&log), ["10", "13", "14"]);
    assert_eq!(moments(&log)[..2], [0, 120_000]);
}

#[test]
fn the_pace_can_be_changed_while_it_plays() {
    let log = play(false, "11", |controls| controls.set_pace(Pace::Times(4.0)).unwrap(), vec![]);
    assert_eq!(moments(&log), [0, 1000, 1250, 1500, 1750]);
    let log = play(false, "11", |controls| controls.set_pace(Pace::Unbounded).unwrap(), vec![]);
    assert_eq!(moments(&log), [0, 1000, 1000, 1000, 1000]);
}

#[test]
fn stopping_ends_the_play_before_the_next_event() {
    assert_eq!(names(&play(false, "12", Controls::stop, vec![])), ["10", "11", "12"]);
    let log = play(false, "10", Controls::pause, vec![Box::new(Controls::stop)]);
    assert_eq!(names(&log), ["10"]);
}

#[test]
fn the_controls_tell_how_far_it_has_come() {
    let player = Player::of(ticks(&TIMES), PlayOptions { pace: Pace::Unbounded, ..PlayOptions::default() });
    let (player, bus) = (player.unwrap(), Bus::new());
    let controls = player.controls();
    assert_eq!(controls.position(), Position::default());
    player.play(&bus);
    let end = Position {
        time_ns: Some(14 * SECOND),
        offset_ns: Some(4 * SECOND),
        events: 5,
        paused: false,
        ended: true,
    };
    assert_eq!(controls.position(), end);
    assert_eq!(controls.seek(Seek::Time(0)).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_play_that_waits_is_woken_by_other_threads() {
    let year = 365 * 24 * 3600;
    let options = PlayOptions::default();
    let player = Player::of(ticks(&[0, year, 2 * year]), options).unwrap();
    let (controls, bus) = (player.controls(), Bus::new());
    let mut events = bus.subscribe("*").unwrap();
    let playing = std::thread::spawn(move || player.play(&bus));
    assert!(events.next().is_some());
    controls.set_pace(Pace::Unbounded).unwrap();
    assert_eq!(playing.join().unwrap().events, 3);
}
