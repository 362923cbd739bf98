//! A store on a bus: by URL, its file, its epochs, who may write.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use newswire::{Cursor, ErrorKind, GapReason, Start};

use crate::common::{Item, LONG, bus, close, detach, file, from, items, publish, seqs, stored, url};

#[test]
fn what_was_published_is_there_in_the_next_process() {
    let file = file("next");
    let (first, _) = stored("main", &file, "");
    publish(&first, 1000);
    close(&first);
    let (second, _) = stored("main", &file, "");
    publish(&second, 10);
    let mut all = second.subscribe_with("*", from(Start::Earliest)).unwrap();
    assert_eq!(seqs(&mut all), (1..=1010).collect::<Vec<_>>());
}

#[test]
fn seqs_go_on_and_each_opening_is_an_epoch() {
    let file = file("epochs");
    for epoch in 1..=3 {
        let (bus, _) = stored("main", &file, "");
        assert_eq!(bus.position(), Cursor::new("main", epoch, (epoch - 1) * 5).unwrap());
        publish(&bus, 5);
        assert_eq!(bus.position(), Cursor::new("main", epoch, epoch * 5).unwrap());
        close(&bus);
    }
}

#[test]
fn a_second_writer_of_a_bus_is_told_who_the_first_is() {
    let file = file("second");
    let (_first, store) = stored("main", &file, "");
    let error = bus("main").attach(&url(&file, "")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.message().contains(&format!("process {}", std::process::id())), "{error}");
    bus("other").attach(&url(&file, "")).unwrap();
    detach(&store);
    let until = Instant::now() + LONG;
    while let Err(error) = bus("main").attach(&url(&file, "")) {
        assert!(error.kind() == ErrorKind::Full && Instant::now() < until, "{error}");
    }
}

#[test]
fn two_buses_write_one_file_and_each_reads_its_own() {
    let file = file("two");
    let (one, _) = stored("one", &file, "?durability=off&max_wait_ms=60000");
    let (two, _) = stored("two", &file, "?durability=off&max_wait_ms=60000");
    std::thread::scope(|scope| {
        for bus in [&one, &two] {
            scope.spawn(move || publish(bus, 20_000));
        }
    });
    close(&one);
    close(&two);
    for name in ["one", "two"] {
        let (bus, _) = stored(name, &file, "");
        let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
        assert_eq!(seqs(&mut all), (1..=20_000).collect::<Vec<_>>());
    }
}

#[test]
fn the_file_and_a_folder_made_for_it_are_their_owners_only() {
    let file = file("modes").parent().unwrap().join("deep/events.db");
    let (bus, _) = stored("main", &file, "");
    publish(&bus, 1);
    close(&bus);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    for entry in fs::read_dir(file.parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_file_that_has_another_name_is_not_written() {
    let file = file("hard_link");
    let other = file.with_file_name("other.db");
    close(&stored("main", &file, "").0);
    fs::hard_link(&file, &other).unwrap();
    for path in [&file, &other] {
        let error = bus("main").attach(&url(path, "")).unwrap_err();
        assert!(error.message().contains("hard link"), "{error}");
    }
    fs::remove_file(&other).unwrap();
    stored("main", &file, "");
}

#[test]
fn an_empty_file_that_becomes_a_store_is_its_owners_only() {
    let file = file("was_empty");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (bus, _) = stored("main", &file, "");
    publish(&bus, 1);
    close(&bus);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_bus_that_began_without_the_store_that_has_it_is_refused() {
    let file = file("late");
    let (first, _) = stored("main", &file, "");
    publish(&first, 10);
    close(&first);
    for published in [1, 10, 15] {
        let late = bus("main");
        publish(&late, published);
        let error = late.attach(&url(&file, "")).unwrap_err();
        assert!(error.to_string().contains("before the first publish"), "{published}: {error}");
    }
}

#[test]
fn a_store_comes_back_to_its_bus_unless_another_has_written_it_meanwhile() {
    let file = file("back");
    let (bus, store) = stored("main", &file, "");
    publish(&bus, 10);
    detach(&store);
    publish(&bus, 2);
    let store = bus.attach(&url(&file, "")).unwrap();
    publish(&bus, 3);
    detach(&store);
    let (other, _) = stored("main", &file, "");
    let mut all = other.subscribe_with("*", from(Start::Earliest)).unwrap();
    let mut found: Vec<_> = (1..=10).chain(13..=15).map(Item::Seq).collect();
    found.insert(10, Item::Lost(11, 12, GapReason::Unknown));
    assert_eq!(items(&mut all), found);
    publish(&other, 2);
    close(&other);
    publish(&bus, 5);
    let error = bus.attach(&url(&file, "")).unwrap_err();
    assert!(error.to_string().contains("has begun anew"), "{error}");
}

#[test]
fn what_came_before_the_store_is_told_as_a_gap() {
    let file = file("before");
    let late = bus("main");
    publish(&late, 3);
    late.attach(&url(&file, "")).unwrap();
    publish(&late, 2);
    close(&late);
    let (next, _) = stored("main", &file, "");
    let mut all = next.subscribe_with("*", from(Start::Earliest)).unwrap();
    let before = Item::Lost(1, 3, GapReason::Unknown);
    assert_eq!(items(&mut all), [before, Item::Seq(4), Item::Seq(5)]);
}

#[test]
fn a_bus_has_one_store() {
    let file = file("one_store");
    let (bus, store) = stored("main", &file, "");
    let other = file.with_extension("other");
    assert!(bus.attach(&url(&other, "")).unwrap_err().message().contains("already"));
    publish(&bus, 5);
    store.flush(LONG).unwrap();
    assert_eq!((store.stats().taken, store.lag()), (5, 0));
    detach(&store);
    assert!(store.stats().detached);
    bus.attach(&url(&other, "")).unwrap();
}

#[test]
fn urls_that_ask_for_what_is_not_there_are_refused_with_the_column() {
    let file = file("urls");
    for (options, column, word) in [
        ("?durability=fast", true, "full, normal, off"),
        ("?queue=0", true, "a number from 1"),
        ("?max_age=soon", true, "24h"),
        ("?keep=message.delta", true, "patterns"),
        ("?keep=session=1:1d", true, "patterns"),
        ("?colour=red", true, "durability"),
    ] {
        let error = bus("main").attach(&url(&file, options)).unwrap_err();
        assert!(error.to_string().contains(word), "{options}: {error}");
        assert_eq!(error.column().is_some(), column, "{options}: {error}");
    }
    assert!(bus("main").attach("sqlite::memory:").unwrap_err().to_string().contains("is a file"));
    assert!(bus("main").attach("sqlite:").unwrap_err().to_string().contains("needs a path"));
    assert!(bus("main").attach("sqlite://host/events.db").unwrap_err().to_string().contains("no host"));
}

#[test]
fn files_that_are_no_stores_are_refused_and_left_alone() {
    let file = file("hostile");
    let folder = file.parent().unwrap();
    fs::write(
        &file,
        "a text file, long enough to look like something that could be a database, or not\n".repeat(9),
    )
    .unwrap();
    let before = fs::read(&file).unwrap();
    let error = bus("main").attach(&url(&file, "")).unwrap_err();
    assert!(error.message().contains("no store"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);

    let foreign = folder.join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let before = fs::read(&foreign).unwrap();
    let error = bus("main").attach(&url(&foreign, "")).unwrap_err();
    assert!(error.message().contains("another program's"), "{error}");
    assert_eq!(fs::read(&foreign).unwrap(), before);

    let newer = folder.join("newer.db");
    stored("main", &newer, "");
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = bus("main").attach(&url(&newer, "")).unwrap_err();
    assert!(error.message().contains("version 99"), "{error}");

    assert_eq!(bus("main").attach(&url(folder, "")).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(bus("main").attach(&url(&folder.join("hostile/no"), "")).map(|_| ()), Ok(()));
    fs::write(folder.join("empty.db"), "").unwrap();
    bus("main").attach(&url(&folder.join("empty.db"), "")).unwrap();
}

#[test]
fn who_subscribed_before_the_store_came_gets_what_is_published_after_it() {
    let file = file("came_before");
    let (first, _) = stored("main", &file, "");
    publish(&first, 10);
    close(&first);
    let second = bus("main");
    let mut live = second.subscribe("*").unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let _inline = second
        .on_with("*", newswire::HandlerOptions::inline(), move |event: &newswire::Event| {
            sender.send(event.seq()).unwrap();
        })
        .unwrap();
    second.attach(&url(&file, "")).unwrap();
    assert_eq!(live.position(), Cursor::new("main", 2, 10).unwrap());
    publish(&second, 2);
    assert_eq!(seqs(&mut live), [11, 12]);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [11, 12]);
    assert_eq!(live.position(), Cursor::new("main", 2, 12).unwrap());
}

#[test]
fn memory_and_store_are_one_past_whatever_of_them_has_it() {
    let file = file("one_past");
    let options = newswire::BusOptions { name: "main".into(), history: 5, ..Default::default() };
    let bus = newswire::Bus::with(options).unwrap();
    publish(&bus, 3);
    let store = bus.attach(&url(&file, "")).unwrap();
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    assert_eq!(seqs(&mut all), [1, 2, 3]);
    publish(&bus, 4);
    assert_eq!(seqs(&mut all), [4, 5, 6, 7]);
    publish(&bus, 20);
    store.flush(LONG).unwrap();
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    // What came before the store, memory has forgotten.
    let before = Item::Lost(1, 3, GapReason::Unknown);
    let found: Vec<_> = std::iter::once(before.clone()).chain((4..=27).map(Item::Seq)).collect();
    assert_eq!(items(&mut all), found);
    detach(&store);
    publish(&bus, 3);
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    let last = items(&mut all);
    assert_eq!(last.last(), Some(&Item::Seq(30)), "the past stays when the store goes: {last:?}");
    assert_eq!((last.first(), last.len()), (Some(&before), 28));
}

#[test]
fn a_store_that_has_nothing_to_write_yet_is_flushed_and_detached_at_once() {
    let file = file("nothing_yet");
    let late = bus("main");
    publish(&late, 5);
    let store = late.attach(&url(&file, "")).unwrap();
    store.flush(LONG).unwrap();
    detach(&store);
    late.attach(&url(&file, "")).unwrap();
    publish(&late, 1);
    close(&late);
}

#[test]
fn since_a_time_begins_in_memory_where_that_goes_further_back_than_the_store() {
    let file = file("since_memory");
    let options = newswire::BusOptions { name: "main".into(), history: 100, ..Default::default() };
    let bus = newswire::Bus::with(options).unwrap();
    let at = |times: std::ops::RangeInclusive<i64>| {
        for time in times {
            let event = newswire::Event::builder("tick.heard".parse().unwrap()).time_ns(time);
            bus.publish(event.build().unwrap()).unwrap();
        }
    };
    at(1..=3);
    let store = bus.attach(&url(&file, "")).unwrap();
    at(4..=5);
    detach(&store);
    at(6..=7);
    let store = bus.attach(&url(&file, "")).unwrap();
    at(8..=9);
    store.flush(LONG).unwrap();
    for time in 1..=9 {
        let mut since = bus.subscribe_with("*", from(Start::Since(time))).unwrap();
        assert_eq!(seqs(&mut since), (time as u64..=9).collect::<Vec<_>>());
    }
}

#[test]
fn what_memory_has_from_before_the_store_is_none_of_what_the_store_writes() {
    for durability in ["full", "normal", "off"] {
        let file = file(&format!("none_of_it_{durability}"));
        let options = newswire::BusOptions { name: "main".into(), history: 100, ..Default::default() };
        let bus = newswire::Bus::with(options).unwrap();
        publish(&bus, 5);
        let url = url(&file, &format!("?durability={durability}&max_age=1d"));
        let store = bus.attach(&url).unwrap();
        // It looks for what is too old before anything has come.
        std::thread::sleep(std::time::Duration::from_millis(100));
        publish(&bus, 3);
        store.flush(LONG).unwrap();
        assert_eq!((store.stats().taken, store.stats().lag), (3, 0), "{durability}");
        detach(&store);
    }
}
