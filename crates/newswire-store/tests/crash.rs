//! What is left after a process was killed in the middle of its work: everything that a receipt was given for, once,
//! in order, in a file that can be read.
//!
//! The child is this test program itself, told by an argument which test to run and by a variable what to do.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use newswire::{Bus, BusOptions, Event, Kind, Start, SubscribeOptions};

const LONG: Duration = Duration::from_secs(60);
const CHILD: &str = "NEWSWIRE_STORE_CHILD";

fn attached(file: &Path, options: &str) -> Bus {
    named("main", file, options)
}

fn named(name: &str, file: &Path, options: &str) -> Bus {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).unwrap();
    // The lease of a process that was killed is free once the system has buried it.
    let until = Instant::now() + LONG;
    while let Err(error) = bus.attach(&format!("sqlite:{}{options}", file.display())) {
        assert!(Instant::now() < until, "{error}");
        std::thread::sleep(Duration::from_millis(5));
    }
    bus
}

/// The payload of seq n, which the child publishes and the parent expects.
fn payload(seq: u64) -> String {
    format!(r#"{{"n":{seq},"filler":"{}"}}"#, "x".repeat((seq * 7919 % 300) as usize))
}

/// Publishes batches, and writes the seq of every receipt to the standard output.
fn publish_for_ever(file: &Path, options: &str) {
    let bus = attached(file, options);
    let mut out = std::io::stdout();
    let mut seq = bus.position().seq();
    let mut batch = 1;
    loop {
        let receipts: Vec<_> = (0..batch)
            .map(|_| {
                seq += 1;
                let event =
                    Event::builder(Kind::parse("tick.heard").unwrap()).json(payload(seq)).build().unwrap();
                bus.publish_durable(event).unwrap()
            })
            .collect();
        for receipt in receipts {
            receipt.wait(LONG).unwrap();
            writeln!(out, "stored {}", receipt.published().seq.unwrap()).unwrap();
        }
        out.flush().unwrap();
        batch = batch * 17 % 499 + 1;
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("crash").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the child and kills it after `life`; gives the last seq that it had a receipt for.
fn kill_after(file: &Path, life: Duration, test: &str) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    // Its life counts from its first receipt: what is to be interrupted is writing.
    let mut last = 0;
    let mut line = String::new();
    while last == 0 && output.read_line(&mut line).unwrap() > 0 {
        last = receipt_in(&line).unwrap_or(0);
        line.clear();
    }
    let reader = std::thread::spawn(move || {
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        // The last line may have been cut.
        let whole = rest.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(receipt_in).max().unwrap_or(0)
    });
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    last.max(reader.join().unwrap())
}

fn receipt_in(line: &str) -> Option<u64> {
    line.trim().strip_prefix("stored ")?.parse().ok()
}

fn kill_and_look(name: &str, options: &str, rounds: u64, test: &str) {
    let file = folder(name).join("events.db");
    let mut before = 0;
    for round in 0..rounds {
        let promised = kill_after(&file, Duration::from_millis(3 + round * 7919 % 37), test);
        assert!(promised > before, "round {round}: the child stored nothing");
        let bus = attached(&file, options);
        let last = bus.position().seq();
        assert!(
            last >= promised,
            "round {round}: {promised} had a receipt, {last} is the last that is there"
        );
        // All of it now and then, what is new each time.
        let from = if round % 10 == 9 { 0 } else { before };
        let start = Start::Last(usize::try_from(last - from).unwrap());
        let options = SubscribeOptions { start, ..SubscribeOptions::default() };
        let mut events = bus.subscribe_with("*", options).unwrap();
        for seq in from + 1..=last {
            let event = events.next_timeout(LONG).unwrap().event().expect("a gap");
            assert_eq!((event.seq(), event.payload_json()), (seq, Some(&*payload(seq))));
        }
        assert!(events.try_next().unwrap().is_none());
        assert!(bus.close(LONG).complete);
        before = last;
    }
    let store = newswire_store::SqliteStore::read(&file).unwrap();
    let verified = newswire_store::Store::verify(&store).unwrap();
    assert_eq!((verified.good, verified.damaged, verified.structure), (before, vec![], vec![]));
}

/// The child's part, if this is the child.
fn if_child(options: &str) {
    if let Some(file) = std::env::var_os(CHILD) {
        publish_for_ever(Path::new(&file), options);
    }
}

#[test]
fn no_event_with_a_receipt_is_lost_when_the_writer_is_killed() {
    if_child("?durability=full");
    let test = "no_event_with_a_receipt_is_lost_when_the_writer_is_killed";
    kill_and_look("full", "?durability=full", 100, test);
}

#[test]
fn no_event_with_a_receipt_is_lost_when_a_writer_that_syncs_later_is_killed() {
    if_child("?durability=normal");
    let test = "no_event_with_a_receipt_is_lost_when_a_writer_that_syncs_later_is_killed";
    kill_and_look("normal", "?durability=normal", 60, test);
}

#[test]
fn no_event_with_a_receipt_is_lost_when_a_writer_that_never_syncs_is_killed() {
    if_child("?durability=off");
    let test = "no_event_with_a_receipt_is_lost_when_a_writer_that_never_syncs_is_killed";
    kill_and_look("off", "?durability=off", 40, test);
}

#[test]
fn two_processes_write_one_file_under_two_names_and_read_all_of_it() {
    const EACH: u64 = 5000;
    let test = "two_processes_write_one_file_under_two_names_and_read_all_of_it";
    let write = |name: &str, file: &Path| {
        let bus = named(name, file, "?durability=normal");
        for seq in 1..=EACH {
            let event =
                Event::builder(Kind::parse("tick.heard").unwrap()).json(payload(seq)).build().unwrap();
            bus.publish(event).unwrap();
        }
        assert!(bus.close(LONG).complete);
    };
    if let Some(file) = std::env::var_os(CHILD) {
        return write("child", Path::new(&file));
    }
    let file = folder("two").join("events.db");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(CHILD, &file).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    write("parent", &file);
    assert!(child.wait().unwrap().success());
    let store = newswire_store::SqliteStore::read(&file).unwrap();
    let filter = newswire::Filter::all();
    let wanted = newswire::store::Wanted { filter: &filter, internal: true };
    for bus in newswire_store::Store::buses(&store).unwrap() {
        assert_eq!((bus.epochs, bus.first, bus.last), (1, Some(1), EACH));
        let past = newswire_store::Store::past(&store, &bus.name).unwrap();
        let mut next = 1;
        while next <= EACH {
            let page = past.read(next, &wanted, 1000).unwrap();
            for delivery in page.deliveries {
                let event = delivery.event().expect("a gap");
                assert_eq!((event.seq(), event.payload_json()), (next, Some(&*payload(next))));
                next += 1;
            }
        }
    }
    assert_eq!(newswire_store::Store::verify(&store).unwrap().good, 2 * EACH);
}
