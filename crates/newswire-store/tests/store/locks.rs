//! SQLite's locks on a file last as long as its connections, whoever else of the process looks at it.
#![cfg(target_os = "linux")]

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

use newswire_store::{RepairOptions, SqliteStore, Store, is_store, repair};

use crate::common::{LONG, close, file, publish, stored};

/// How many locks this process has on the file.
fn locks(file: &Path) -> usize {
    let about = std::fs::metadata(file).unwrap();
    let (process, end) = (std::process::id().to_string(), format!(":{}", about.ino()));
    let all = std::fs::read_to_string("/proc/locks").unwrap();
    let ours = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.contains(&&*process) && words.iter().any(|word| word.ends_with(&end))
    };
    all.lines().filter(ours).count()
}

#[test]
fn who_looks_at_a_file_that_is_open_leaves_its_locks() {
    let file = file("locks");
    let (bus, store) = stored("main", &file, "");
    publish(&bus, 10);
    store.flush(LONG).unwrap();
    assert!(locks(&file) > 0, "the store has no lock on its file");
    for _ in 0..3 {
        let before = locks(&file);
        assert!(is_store(&file));
        repair(&file, RepairOptions::default()).unwrap();
        assert_eq!(SqliteStore::read(&file).unwrap().buses().unwrap().len(), 1);
        // The system gives its list in pieces, and may leave out some while others' locks come and go. Ours, once
        // given up, would stay away.
        let until = Instant::now() + LONG;
        while locks(&file) != before {
            assert!(Instant::now() < until, "{} of {before} locks are left", locks(&file));
        }
    }
    close(&bus);
}
