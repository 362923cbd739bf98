//! Recording what happens on a bus: by URL, with rotation, and what can go wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::{Bus, Delivery, Error, ErrorKind, Event, Gap, GapReason, Kind, Result, Sink, WhenFull};
use newswire_recording::{Existing, RecordOptions, Recorder, WriteOptions, open, register};

/// A folder of its own for a test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recorder").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn event(n: u64) -> Event {
    Event::builder(Kind::parse("tick.heard").unwrap()).json(n.to_string()).build().unwrap()
}

fn payloads(path: &Path) -> Vec<String> {
    let deliveries = open(path).unwrap().collect::<Result<Vec<_>>>().unwrap();
    let events = deliveries.into_iter().filter_map(Delivery::event);
    events.map(|event| event.payload_json().unwrap().to_owned()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn attach(url: &str) -> Result<Bus> {
    register().unwrap();
    let bus = Bus::new();
    bus.attach(url).map(|_| bus)
}

fn refused(url: &str) -> Error {
    attach(url).err().unwrap_or_else(|| panic!("{url} is taken"))
}

/// Attaches, publishes some events, and closes.
fn record(url: &str, count: u64) {
    let bus = attach(url).unwrap();
    (0..count).for_each(|n| _ = bus.publish(event(n)).unwrap());
    bus.close(Duration::from_secs(30));
}

#[test]
fn a_bus_is_recorded_by_url_and_all_is_there_when_it_has_closed() {
    let folder = folder("by_url");
    for name in ["run.ndjson", "run.ndjson.zst"] {
        let path = folder.join(name);
        record(&format!("file:{}?sync=on", path.display()), 1_000);
        assert_eq!(payloads(&path), (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(fs::read(&path).unwrap()[0] == b'{', name.ends_with("ndjson"));
    }
    let path = folder.join("behind an empty host");
    record(&format!("file://{}", path.display().to_string().replace(' ', "%20")), 1);
    assert_eq!(payloads(&path).len(), 1);
}

#[test]
fn events_keep_the_seq_they_had_on_the_bus() {
    let path = folder("seq").join("run.ndjson");
    record(&format!("file:{}", path.display()), 3);
    let seqs: Vec<_> = open(&path)
        .unwrap()
        .filter_map(|delivery| delivery.unwrap().event())
        .map(|event| event.seq())
        .collect();
    assert_eq!(seqs, [1, 2, 3]);
}

#[test]
fn urls_that_ask_for_what_is_not_there_are_refused_with_the_column() {
    let path = folder("urls").join("run.ndjson").display().to_string();
    let error = refused(&format!("file:{path}?max_size=1"));
    assert!(error.message().contains(r#"no option "max_size""#), "{error}");
    assert!(error.expected().unwrap().contains("max_bytes"), "{error}");
    assert_eq!(error.column(), Some(path.len() + 7));
    for param in [
        "max_bytes=0",
        "max_bytes=1k",
        "max_age=5",
        "max_age=0s",
        "max_age=1.5h",
        "max_age=h",
        "max_age=99999999999999999d",
        "max_age=5é",
        "keep=-1",
        "keep=all",
        "existing=append",
        "zstd=maybe",
        "level=23",
        "level=0",
        "sync=1",
        "full=wait",
    ] {
        let error = refused(&format!("file:{path}?{param}"));
        assert_eq!((error.kind(), error.column()), (ErrorKind::Invalid, Some(path.len() + 7)), "{param}");
        assert!(error.expected().is_some(), "{param}");
    }
    assert!(!Path::new(&path).exists(), "nothing is begun before all is clear");
    assert_eq!(refused("file:").message(), "file: needs a path");
    assert_eq!(refused("file:?keep=1").message(), "file: needs a path");
    assert_eq!(refused("file://host/run.ndjson").message(), "file: takes no host");
    let error = refused("tape:run.ndjson");
    assert_eq!(error.expected(), Some("one of console:, file:"));
}

#[test]
fn places_that_can_not_be_written_are_refused_when_the_sink_is_attached() {
    let folder = folder("places");
    assert_eq!(refused(&format!("file:{}", folder.display())).message(), "this is a directory");
    let error = refused(&format!("file:{}/no/run.ndjson", folder.display()));
    assert_eq!((error.kind(), error.message()), (ErrorKind::Io, "there is no such folder"));
}

#[test]
fn a_file_that_is_there_already_is_refused_replaced_or_set_aside() {
    let folder = folder("existing");
    let path = folder.join("run.ndjson");
    let url = format!("file:{}", path.display());
    record(&url, 1);
    assert_eq!(refused(&url).message(), "the file is there already");
    record(&format!("{url}?existing=replace"), 2);
    assert_eq!(payloads(&path).len(), 2);
    record(&format!("{url}?existing=rotate"), 3);
    record(&format!("{url}?existing=rotate&keep=1"), 4);
    assert_eq!(payloads(&path).len(), 4);
    assert_eq!(names(&folder), ["run.000002.ndjson", "run.ndjson"]);
    assert_eq!(payloads(&folder.join("run.000002.ndjson")).len(), 3);
}

#[test]
fn a_file_that_is_full_is_set_aside_and_every_file_is_a_recording() {
    for (folder, name) in [(folder("full"), "run.ndjson"), (folder("full_zst"), "run.ndjson.zst")] {
        let path = folder.join(name);
        let options = RecordOptions { max_bytes: Some(4096), ..RecordOptions::default() };
        let mut recorder = Recorder::create(&path, options).unwrap();
        for n in 0..20_000 {
            recorder.event(&event(n)).unwrap();
        }
        recorder.close().unwrap();
        let files = names(&folder);
        assert!(files.len() > 3, "{files:?}");
        assert_eq!(files.last().unwrap(), name);
        let all: Vec<_> = files.iter().flat_map(|file| payloads(&folder.join(file))).collect();
        assert_eq!(all, (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>());
        if name == "run.ndjson" {
            let largest = files.iter().map(|file| fs::metadata(folder.join(file)).unwrap().len()).max();
            assert!(largest.unwrap() < 4096 + 200);
        }
    }
}

#[test]
fn a_file_that_is_old_is_set_aside_and_only_so_many_are_kept() {
    let folder = folder("old");
    let neighbour = folder.join("run.0000042.txt");
    fs::write(&neighbour, "not ours").unwrap();
    let options = RecordOptions { max_age: Some(Duration::ZERO), keep: Some(2), ..RecordOptions::default() };
    let mut recorder = Recorder::create(&folder.join("run"), options).unwrap();
    for n in 0..5 {
        recorder.event(&event(n)).unwrap();
    }
    recorder.close().unwrap();
    assert_eq!(names(&folder), ["run", "run.000004", "run.0000042.txt", "run.000005"]);
    assert_eq!(payloads(&folder.join("run.000004")), ["3"]);
    assert_eq!(payloads(&folder.join("run")), Vec::<String>::new());
}

#[test]
fn what_the_disk_was_too_slow_for_is_told_as_a_gap_in_its_place() {
    let path = folder("gap").join("run.ndjson");
    let mut recorder = Recorder::create(&path, RecordOptions::default()).unwrap();
    let gap = Gap { first: 2, last: 3, count: 2, reason: GapReason::Full };
    recorder.event(&event(1)).unwrap();
    recorder.gap(&gap).unwrap();
    recorder.event(&event(4)).unwrap();
    recorder.close().unwrap();
    let read: Vec<_> = open(&path).unwrap().map(Result::unwrap).collect();
    assert!(matches!(read[1], Delivery::Gap(found) if found == gap));
}

#[test]
fn publishers_wait_for_the_disk_where_that_is_asked_for() {
    let folder = folder("block");
    let of = |block, name| {
        let options = RecordOptions { block, ..RecordOptions::default() };
        Recorder::create(&folder.join(name), options).unwrap().options().queue
    };
    assert_eq!(of(true, "a").when_full, WhenFull::Block);
    assert_eq!(of(false, "b").when_full, WhenFull::DropOldest);
    assert!(of(false, "c").internal);
}

#[test]
fn what_has_been_recorded_can_be_read_while_it_goes_on() {
    let path = folder("live").join("run.ndjson.zst");
    let mut recorder = Recorder::create(&path, RecordOptions::default()).unwrap();
    recorder.event(&event(1)).unwrap();
    recorder.flush().unwrap();
    assert!(open(&path).unwrap().next().unwrap().is_ok());
    recorder.close().unwrap();
}

#[test]
fn a_full_disk_fails_every_event_and_the_closing() {
    if !Path::new("/dev/full").exists() {
        eprintln!("SKIPPED: there is no /dev/full");
        return;
    }
    // Where more than a tenth of a second passes meanwhile, an event is written at once: then once more.
    let taken = |_| {
        let mut recorder = Recorder::create(Path::new("/dev/full"), RecordOptions::default()).unwrap();
        let taken = recorder.event(&event(1)).and_then(|()| recorder.event(&event(1)));
        taken.is_ok().then_some(recorder)
    };
    let mut recorder = (0..100).find_map(taken).expect("two events in a tenth of a second");
    let error = recorder.flush().unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some("/dev/full")));
    assert!(
        error.message().ends_with("; 2 events are not in it, being taken since the last write"),
        "{error}"
    );
    assert_eq!(recorder.event(&event(2)).unwrap_err(), error);
    assert_eq!(recorder.close().unwrap_err(), error);
}

#[test]
fn what_comes_after_the_end_is_refused() {
    let path = folder("ended").join("run.ndjson");
    let mut recorder = Recorder::create(&path, RecordOptions::default()).unwrap();
    recorder.close().unwrap();
    assert_eq!(recorder.event(&event(1)).unwrap_err().kind(), ErrorKind::Closed);
    assert!(payloads(&path).is_empty());
}

#[cfg(unix)]
#[test]
fn a_file_that_can_not_be_set_aside_is_written_on() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("stuck");
    let path = folder.join("run.ndjson");
    let options = RecordOptions { max_bytes: Some(1), ..RecordOptions::default() };
    let mut recorder = Recorder::create(&path, options).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        eprintln!("SKIPPED: this user may write everywhere");
        return;
    }
    let error = recorder.event(&event(1)).unwrap_err();
    assert!(error.message().contains("can't be set aside"), "{error}");
    for n in 2..20 {
        let _ = recorder.event(&event(n));
    }
    recorder.close().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(payloads(&path).len(), 19);
}

#[test]
fn options_for_writing_are_kept_by_every_file() {
    let folder = folder("options");
    let write = WriteOptions { zstd: Some(true), level: 1, sync: true, overwrite: true };
    let options = RecordOptions {
        max_age: Some(Duration::ZERO),
        existing: Existing::Refuse,
        write,
        ..RecordOptions::default()
    };
    let path = folder.join("run.ndjson");
    let mut recorder = Recorder::create(&path, options.clone()).unwrap();
    recorder.event(&event(1)).unwrap();
    recorder.close().unwrap();
    for name in names(&folder) {
        assert_eq!(fs::read(folder.join(name)).unwrap()[0], 0x28);
    }
    assert!(Recorder::create(&path, options).is_err(), "it is `existing` that decides");
}

#[test]
fn a_file_of_the_last_number_is_not_replaced() {
    let folder = folder("last_number");
    let (path, last) = (folder.join("run.ndjson"), folder.join(format!("run.{}.ndjson", u64::MAX)));
    fs::write(&path, "one").unwrap();
    fs::write(&last, "other").unwrap();
    let error = refused(&format!("file:{}?existing=rotate", path.display()));
    assert!(error.message().contains("last number"), "{error}");
    assert_eq!((fs::read(&path).unwrap(), fs::read(&last).unwrap()), (b"one".to_vec(), b"other".to_vec()));
}
