//! Reading ahead gives what reading line by line gives, in its order, as soon as it is there.

use std::io::{Read, Write};

use newswire::{Delivery, Filter};
use newswire_recording::{Broken, Format, Import, ReadOptions, read_with};
use proptest::prelude::*;

use super::fuzz::{apply, damage, real};
use super::{EVENT, VERSION_LINE};

/// Gives so many bytes at a time.
struct Piecemeal(std::io::Cursor<Vec<u8>>, usize);

impl Read for Piecemeal {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = out.len().min(self.1);
        self.0.read(&mut out[..most])
    }
}

fn options(only: Option<&str>) -> ReadOptions {
    let format = Some(Format::named("newswire").unwrap());
    let only = only.map(|filter| Filter::parse(filter).unwrap());
    ReadOptions { format, only, broken: Broken::Skip, ..ReadOptions::default() }
}

fn import(bytes: &[u8], piece: usize, options: &ReadOptions) -> Option<Import<'static>> {
    read_with(Piecemeal(std::io::Cursor::new(bytes.to_vec()), piece), "run", options).ok()
}

/// All that an import tells, with the lines that it stands on.
fn told(mut import: Import<'_>) -> (Vec<(u64, String)>, newswire_recording::Report) {
    let mut told = Vec::new();
    while let Some(item) = import.next() {
        let text = match item {
            Ok(Delivery::Event(event)) => {
                // What is kept of unknown lines gets an id of its own.
                let json = event.to_json();
                if event.kind().as_str() == "recording.line.kept" { json[45..].to_owned() } else { json }
            }
            Ok(Delivery::Gap(gap)) => format!("{gap:?}"),
            Err(error) => format!("{error} {:?} {:?}", error.column(), error.expected()),
        };
        told.push((import.line(), text));
    }
    (told, import.report().clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_ahead_is_what_is_read_line_by_line(
        damages in prop::collection::vec(damage(), 0..6),
        compressed in prop::bool::weighted(0.1),
        skip in any::<bool>(),
        piece in prop::sample::select(vec![7, 500, 5000, 1 << 20]),
    ) {
        let Some(real) = real() else { return Ok(()) };
        let mut bytes = real[usize::from(compressed)].clone();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        let broken = if skip { Broken::Skip } else { Broken::Stop };
        let options = ReadOptions { broken, max_line_bytes: 1 << 16, ..options(None) };
        let Some(plain) = import(&bytes, 1 << 20, &options) else { return Ok(()) };
        let ahead = import(&bytes, piece, &options).unwrap().ahead().unwrap();
        prop_assert_eq!(told(plain), told(ahead));
    }
}

#[test]
fn where_reading_fails_is_told_as_line_by_line() {
    let Some(real) = real() else { return };
    let mut bytes = real[1].clone();
    // The checksum, which is compared when all lines have been given.
    *bytes.last_mut().unwrap() ^= 1;
    let plain = import(&bytes, 1 << 20, &options(None)).unwrap();
    let ahead = import(&bytes, 7, &options(None)).unwrap().ahead().unwrap();
    let told = told(plain);
    assert!(told.0.last().unwrap().1.contains("checksum"), "{told:?}");
    assert_eq!(told, self::told(ahead));
}

#[test]
fn what_a_filter_matches_is_never_left_out() {
    let Some(real) = real() else { return };
    let plain = || import(&real[0], 1 << 20, &options(None)).unwrap();
    let records = told(plain()).1.records;
    for filter in [
        "model.*",
        "tool.call.failed",
        "kind = memory.created",
        "payload.name = read",
        "payload.name = nobody",
        "session = s-1 or payload.usage.cost_usd > 0.01",
        "has attrs.\"pi.usage\"",
        "not tool.*",
        "payload.model ~ \"*opus*\"",
        "tool.call.* and payload.name = bash",
        "text ~ \"*the*\"",
    ] {
        let wanted = Filter::parse(filter).unwrap();
        let matching = |import: Import<'_>| {
            let events = import.map(|delivery| delivery.unwrap()).filter_map(Delivery::event);
            events.filter(|event| wanted.matches(event)).map(|event| event.to_json()).collect::<Vec<_>>()
        };
        for piece in [700, 1 << 20] {
            let ahead = || import(&real[0], piece, &options(Some(filter))).unwrap().ahead().unwrap();
            assert_eq!(matching(plain()), matching(ahead()), "{filter}");
            assert_eq!(records, told(ahead()).1.records, "{filter}");
        }
    }
}

#[test]
fn an_event_is_there_before_what_follows_it_is_written() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(format!("{VERSION_LINE}\n{EVENT}\n").as_bytes()).unwrap();
    let mut import = read_with(reader, "pipe", &ReadOptions::default()).unwrap().ahead().unwrap();
    let first = import.next().unwrap().unwrap().event().unwrap();
    assert_eq!(first.seq(), 7);

    writer.write_all(EVENT.replace(":7,", ":8,").as_bytes()).unwrap();
    drop(writer);
    assert_eq!(import.next().unwrap().unwrap().event().unwrap().seq(), 8);
    assert!(import.next().is_none());
}

#[test]
fn a_text_that_is_written_in_escapes_is_found() {
    let line = EVENT.replace(r#""cost_usd":0.1"#, r#""name":"no\u0062ody""#);
    let bytes = format!("{EVENT}\n{line}\n");
    let import = import(bytes.as_bytes(), 1 << 20, &options(Some("payload.name = nobody"))).unwrap();
    let found: Vec<_> = import.ahead().unwrap().map(|delivery| delivery.unwrap().event().unwrap()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].payload_json(), Some(r#"{"name":"no\u0062ody"}"#));
}

#[test]
fn lines_that_are_no_whole_objects_are_told_though_their_kind_is_not_wanted() {
    let bytes = format!("{EVENT}\n{}\n{EVENT}\n", &EVENT[..EVENT.len() - 2]);
    let import = import(bytes.as_bytes(), 1 << 20, &options(Some("memory.created"))).unwrap();
    let (told, report) = told(import.ahead().unwrap());
    assert_eq!((told.len(), told[0].0, report.records, report.broken_records), (1, 2, 2, 1));
}
