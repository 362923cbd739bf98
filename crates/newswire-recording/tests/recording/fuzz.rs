//! Recordings of real sessions, damaged at random: events, gaps and errors with their lines, never a panic.

use std::path::Path;
use std::sync::OnceLock;

use newswire::{Delivery, Result};
use newswire_recording::{Broken, Format, ReadOptions, open, read_with};
use proptest::prelude::*;

use super::{Gap, GapReason, write_all};

/// A recording of a real session's beginning, with gaps in it, plain and compressed.
pub(super) fn real() -> Option<&'static [Vec<u8>; 2]> {
    static REAL: OnceLock<Option<[Vec<u8>; 2]>> = OnceLock::new();
    let made = REAL.get_or_init(|| {
        let name = "../../../shared/data/pi_coding_sessions/large-session.jsonl";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        if !path.exists() {
            eprintln!("SKIPPED: ../shared/data/pi_coding_sessions/large-session.jsonl is missing");
            return None;
        }
        let gap = Delivery::Gap(Gap { first: 3, last: 9, count: 4, reason: GapReason::Full });
        let events = open(&path).unwrap().take(60).collect::<Result<Vec<_>>>().unwrap();
        let all: Vec<_> = events.into_iter().flat_map(|event| [event, gap.clone()]).collect();
        Some([write_all(&all, false), write_all(&all, true)])
    });
    made.as_ref()
}

#[derive(Clone, Debug)]
pub(super) enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static str),
}

pub(super) fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let piece = prop::sample::select(vec![
        "\0",
        "\n",
        "\"",
        "\\",
        "{",
        "}",
        "[[[[",
        "null",
        "-1",
        "1e999",
        "\u{feff}",
        "\\ud800",
        ",",
        ":",
        "\r",
        "18446744073709551616",
        r#"{"gap":{"first":1,"last":0,"count":1}}"#,
        r#"{"mark":1}"#,
        "é",
        r#"{"newswire":"recording","version":2}"#,
    ]);
    prop_oneof![
        4 => (at(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => at().prop_map(Damage::Cut),
        2 => (at(), 1..400_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        2 => (at(), 1..400_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        4 => (at(), piece).prop_map(|(at, piece)| Damage::Insert(at, piece)),
    ]
}

pub(super) fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    let range = |at: usize, count: usize| at..(at + count).min(length);
    match damage {
        Damage::Flip(at, bits) => bytes[at.index(length)] ^= bits,
        Damage::Cut(at) => bytes.truncate(at.index(length)),
        Damage::Remove(at, count) => drop(bytes.drain(range(at.index(length), *count))),
        Damage::Repeat(at, count) => {
            let piece = bytes[range(at.index(length), *count)].to_vec();
            let place = at.index(length);
            bytes.splice(place..place, piece);
        }
        Damage::Insert(at, piece) => {
            let place = at.index(length);
            bytes.splice(place..place, piece.bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_the_reader_panic_or_lose_anything_silently(
        damages in prop::collection::vec(damage(), 0..6),
        compressed in prop::bool::weighted(0.2),
        skip in any::<bool>(),
    ) {
        let Some(real) = real() else { return Ok(()) };
        let mut bytes = real[usize::from(compressed)].clone();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        let broken = if skip { Broken::Skip } else { Broken::Stop };
        let format = Some(Format::named("newswire").unwrap());
        let options = ReadOptions { format, broken, max_line_bytes: 1 << 16, ..ReadOptions::default() };
        let mut import = match read_with(&*bytes, "run", &options) {
            Ok(import) => import,
            Err(error) => {
                prop_assert!(error.path() == Some("run"), "{error}");
                return Ok(());
            }
        };
        let results: Vec<_> = import.by_ref().collect();
        let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        prop_assert!(errors.iter().all(|error| error.path().unwrap().starts_with("run:")));
        prop_assert!(skip || errors.len() <= 1);
        let report = import.report();
        prop_assert_eq!(report.broken_records, errors.len() as u64);
        prop_assert_eq!(report.events + report.gaps, (results.len() - errors.len()) as u64);
        if !compressed && skip {
            // Every line that isn't blank was read or told.
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            prop_assert_eq!(report.records + report.broken_records, lines.count() as u64);
        }
        // What was read can be written and read again.
        let read: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
        let written = write_all(&read, false);
        let again: Vec<_> = super::deliveries(&written);
        prop_assert_eq!(again.len(), read.len());
    }
}
