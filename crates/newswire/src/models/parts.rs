//! The parts that are read without a lock: blocks and tapes.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use loom::thread;

use super::{assert_accounts_for, check, event};
use crate::delivery::Delivery;
use crate::subscription::block::Writer;
use crate::subscription::reader::{Bounds, Reader};
use crate::subscription::tape::Tape;

const AMPLE: Bounds = Bounds { events: 100, bytes: 1 << 20 };

fn tape(events: u64) -> Tape {
    let mut tape = Tape::new(Arc::new(crate::sync::AtomicU64::new(0)));
    (1..=events).for_each(|seq| push(&mut tape, seq));
    tape
}

fn push(tape: &mut Tape, seq: u64) {
    tape.push(event().sequenced(seq));
}

fn take_all(reader: &mut Reader, bounds: Bounds) -> (Vec<Delivery>, u64) {
    let mut dropped = 0;
    let taken = std::iter::from_fn(|| {
        let (delivery, lost) = reader.take(bounds);
        dropped += lost;
        delivery
    })
    .collect();
    (taken, dropped)
}

#[test]
fn a_reader_sees_only_whole_values_of_a_block_that_is_being_written() {
    check(|| {
        let mut writer = Writer::<String>::new(2);
        let block = writer.block().clone();
        let reader = thread::spawn(move || {
            if let Some(second) = block.get(1) {
                assert_eq!((second.as_str(), block.iter_from(0).count()), ("second", 2));
                assert_eq!(block.get(0).map(String::as_str), Some("first"));
            }
            assert!(block.get(2).is_none());
        });
        assert_eq!(writer.push("first".to_owned()), Ok(()));
        assert_eq!(writer.push("second".to_owned()), Ok(()));
        assert_eq!(writer.push("third".to_owned()), Err("third".to_owned()));
        reader.join().expect("the reader ends");
    });
}

#[test]
fn a_block_frees_each_of_its_values_once_whoever_lets_go_last() {
    check(|| {
        let freed = Arc::new(AtomicU64::new(0));
        struct Counted(Arc<AtomicU64>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let mut writer = Writer::new(3);
        let block = writer.block().clone();
        let reader = thread::spawn(move || drop((block.get(0).is_some(), block)));
        for _ in 0..2 {
            assert!(writer.push(Counted(freed.clone())).is_ok());
        }
        drop(writer);
        reader.join().expect("the reader ends");
        assert_eq!(freed.load(std::sync::atomic::Ordering::SeqCst), 2);
    });
}

#[test]
fn a_reader_follows_into_a_segment_that_is_just_being_linked() {
    check(|| {
        let mut tape = tape(0);
        let mut reader = tape.reader();
        push(&mut tape, 1);
        let follower = thread::spawn(move || {
            let taken = take_all(&mut reader, AMPLE).0;
            (taken, reader)
        });
        (2..=3).for_each(|seq| push(&mut tape, seq));
        let (mut taken, mut reader) = follower.join().expect("the reader ends");
        taken.extend(take_all(&mut reader, AMPLE).0);
        assert_accounts_for(&taken, 1, 3);
        assert!(taken.iter().all(|delivery| matches!(delivery, Delivery::Event(_))));
    });
}

#[test]
fn a_reader_learns_exactly_what_was_cut_out_while_it_crossed() {
    check(|| {
        let mut tape = tape(0);
        let mut reader = tape.reader();
        (1..=3).for_each(|seq| push(&mut tape, seq));
        let follower = thread::spawn(move || {
            let (taken, dropped) = take_all(&mut reader, AMPLE);
            (taken, dropped, reader)
        });
        assert!(tape.evict_oldest());
        push(&mut tape, 4);
        let (mut taken, mut dropped, mut reader) = follower.join().expect("the reader ends");
        let (rest, lost) = take_all(&mut reader, AMPLE);
        taken.extend(rest);
        dropped += lost;
        assert_accounts_for(&taken, 1, 4);
        let events = taken.iter().filter(|delivery| matches!(delivery, Delivery::Event(_))).count();
        assert_eq!(events as u64 + dropped, 4);
    });
}

#[test]
fn a_census_counts_every_event_once_while_more_are_appended() {
    check(|| {
        let bounds = Bounds { events: 1, ..AMPLE };
        let mut tape = tape(0);
        let mut reader = tape.reader();
        push(&mut tape, 1);
        let counter = thread::spawn(move || {
            let (mut taken, mut dropped) = (0, 0);
            for _ in 0..1 {
                let census = reader.census(bounds);
                dropped += census.dropped;
                assert_eq!(census.matched, taken + dropped + census.queued);
                assert!(census.queued <= bounds.events);
                let (delivery, lost) = reader.take(bounds);
                dropped += lost;
                taken += u64::from(matches!(delivery, Some(Delivery::Event(_))));
            }
        });
        (2..=3).for_each(|seq| push(&mut tape, seq));
        counter.join().expect("the counting ends");
    });
}

#[test]
fn a_slow_reader_of_a_trimmed_tape_gets_gaps_and_events_that_add_up() {
    check(|| {
        let bounds = Bounds { events: 1, ..AMPLE };
        let mut tape = tape(0);
        let mut reader = tape.reader();
        (1..=6).for_each(|seq| push(&mut tape, seq));
        let follower = thread::spawn(move || {
            let taken = take_all(&mut reader, bounds).0;
            (taken, reader)
        });
        push(&mut tape, 7);
        tape.trim(1);
        let (mut taken, mut reader) = follower.join().expect("the reader ends");
        taken.extend(take_all(&mut reader, bounds).0);
        assert_accounts_for(&taken, 1, 7);
    });
}
