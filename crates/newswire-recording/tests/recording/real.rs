//! What real agents did, imported from every file at hand, is the same after it has been a recording.

use std::path::{Path, PathBuf};

use newswire::{Delivery, Result};
use newswire_recording::open;

use super::{deliveries, write_all};

/// All files below `folder`.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn line(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Event(event) => event.to_json(),
        Delivery::Gap(gap) => format!("{gap:?}"),
    }
}

#[test]
fn whatever_is_imported_is_the_same_after_it_has_been_a_recording() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.exists() {
        eprintln!("SKIPPED: ../shared/data is missing");
        return;
    }
    let mut all = Vec::new();
    files(&data, &mut all);
    let mut imported = 0;
    for path in all {
        // What no importer knows is told elsewhere.
        let Ok(import) = open(&path) else { continue };
        assert_ne!(import.format().name, "newswire", "{}", path.display());
        let Ok(before) = import.collect::<Result<Vec<_>>>() else { continue };
        for zstd in [false, true] {
            let after = deliveries(&write_all(&before, zstd));
            assert_eq!(after.len(), before.len(), "{}", path.display());
            for (before, after) in before.iter().zip(&after) {
                assert_eq!(line(before), line(after), "{}", path.display());
            }
        }
        imported += before.len();
    }
    assert!(imported > 1_000, "only {imported} events were imported");
}
