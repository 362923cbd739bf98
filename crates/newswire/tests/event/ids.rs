//! Ids of events.

use std::collections::HashSet;
use std::sync::Mutex;

use newswire::{Event, reseed_ids};
use uuid::Uuid;

use super::event;

/// Reseeding is for all threads of the process, and ids rise between two of them only.
static SEED: Mutex<()> = Mutex::new(());

fn at(time_ns: i64) -> Uuid {
    event().time_ns(time_ns).build().unwrap().id()
}

#[test]
fn an_id_is_a_uuid_of_version_7_and_its_moment() {
    let id = at(1_795_222_923_123_456_789);
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    assert_eq!(id.get_timestamp().unwrap().to_unix(), (1_795_222_923, 123_000_000));
}

#[test]
fn ids_of_one_thread_rise_within_a_millisecond() {
    let _alone = SEED.lock().unwrap();
    let ids: Vec<_> = (0..10_000).map(|_| at(1_795_222_923_123_456_789)).collect();
    assert!(ids.is_sorted_by(|one, next| one < next));
}

#[test]
fn ids_of_many_threads_differ() {
    let ids: Vec<Uuid> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..5_000).map(|_| at(1)).collect())).collect();
        threads.into_iter().flat_map(|thread| -> Vec<Uuid> { thread.join().unwrap() }).collect()
    });
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn after_reseeding_ids_begin_anew() {
    let _alone = SEED.lock().unwrap();
    let before = at(1_000_000);
    reseed_ids();
    let after = at(1_000_000);
    let distance = after.as_u128().abs_diff(before.as_u128());
    assert!(distance > 1 << 32, "an id that follows the one before would be next to it");
}

#[test]
fn times_beyond_any_clock_give_ids_too() {
    assert_eq!(at(i64::MIN).get_timestamp().unwrap().to_unix(), (0, 0));
    assert_eq!(at(-1).get_timestamp().unwrap().to_unix(), (0, 0));
    assert_eq!(at(i64::MAX).get_timestamp().unwrap().to_unix().0, (i64::MAX / 1_000_000_000) as u64);
}

#[test]
fn an_id_that_is_given_is_kept() {
    let id = Uuid::from_u128(7);
    assert_eq!(event().id(id).build().unwrap().id(), id);
    assert_eq!(event().id(Uuid::nil()).build().unwrap_err().path(), Some("id"));
    let upper = super::line_with("").replace("0190163d-8694-739b", "0190163D-8694-739B");
    assert_eq!(Event::from_json(upper).unwrap().to_json(), super::line_with(""));
}
