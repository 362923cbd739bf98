//! Newswire's own recordings: what is written is read again, and what can go wrong is told.

mod ahead;
mod bad_input;
mod files;
mod format;
mod fuzz;
mod real;

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use newswire::{Delivery, Event, Gap, GapReason, Kind, Result};
use newswire_recording::{Import, WriteOptions, Writer, read};

const VERSION_LINE: &str = r#"{"newswire":"recording","version":1}"#;
const EVENT: &str = r#"{"seq":7,"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"deploy.finished","time":"2026-11-21T01:02:03.000000000Z","severity":"info","payload":{"cost_usd":0.1}}"#;

/// Where a writer's bytes can be seen afterwards.
#[derive(Clone, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Bytes {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn write_all<'d>(deliveries: impl IntoIterator<Item = &'d Delivery>, zstd: bool) -> Vec<u8> {
    let bytes = Bytes::default();
    let options = WriteOptions { zstd: Some(zstd), ..WriteOptions::default() };
    let mut writer = Writer::to(bytes.clone(), "memory", &options).unwrap();
    deliveries.into_iter().for_each(|delivery| writer.write(delivery).unwrap());
    writer.finish().unwrap();
    bytes.take()
}

fn import<'r>(reader: impl Read + Send + 'r) -> Import<'r> {
    read(reader, "run.ndjson").unwrap()
}

fn deliveries(bytes: &[u8]) -> Vec<Delivery> {
    import(bytes).collect::<Result<_>>().unwrap()
}

fn events(bytes: &[u8]) -> Vec<Event> {
    deliveries(bytes).into_iter().filter_map(Delivery::event).collect()
}

fn event(kind: &str, time_ns: i64, payload: &str) -> Event {
    Event::builder(Kind::parse(kind).unwrap()).time_ns(time_ns).json(payload).build().unwrap()
}

/// A folder of its own for a test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recording").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
