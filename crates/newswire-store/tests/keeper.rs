//! What a keeper makes of a store whose faults come one upon another.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use newswire::store::{Page, Past, Wanted};
use newswire::{Bus, Delivery, Error, ErrorKind, Event, Kind, Result};
use newswire_store::{
    BusInfo, Fault, Retention, RunInfo, RunQuery, Store, StoreKeeper, StoreOptions, Syncer, Verified, Writer,
};

/// Longer than anything here takes; a wait of this length has failed.
const LONG: Duration = Duration::from_secs(60);
/// Longer than a keeper waits before it tries again.
const TRIED_AGAIN: Duration = Duration::from_secs(1);

#[derive(Default)]
struct State {
    /// How many files have been given up.
    file: usize,
    /// Seqs with the number of the file that they are in.
    stored: Vec<(usize, u64)>,
    is_syncing: bool,
    renewed_while_syncing: bool,
}

/// Fails once in a way that passes, then finally, both at the first event; its first file is synced slowly.
#[derive(Clone, Default)]
struct Failing(Arc<(Mutex<State>, Condvar)>);

struct File {
    of: Failing,
    number: usize,
    last: u64,
    tries: usize,
}

struct Nothing;

fn event() -> Event {
    Event::builder(Kind::parse("run.started").unwrap()).build().unwrap()
}

impl Store for Failing {
    fn writer(&self, _: &str) -> Result<Box<dyn Writer>> {
        let state = self.0.0.lock().unwrap();
        let last = state.stored.last().map_or(0, |(_, seq)| *seq);
        Ok(Box::new(File { of: self.clone(), number: state.file, last, tries: 0 }))
    }

    fn past(&self, _: &str) -> Result<Arc<dyn Past>> {
        Ok(Arc::new(Nothing))
    }

    fn renew(&self, _: &str, _: u64) -> Result<()> {
        let mut state = self.0.0.lock().unwrap();
        state.renewed_while_syncing |= state.is_syncing;
        state.file += 1;
        self.0.1.notify_all();
        Ok(())
    }

    fn buses(&self) -> Result<Vec<BusInfo>> {
        Ok(Vec::new())
    }

    fn runs(&self, _: &RunQuery, _: &mut dyn FnMut(RunInfo) -> bool) -> Result<u64> {
        Ok(0)
    }

    fn verify(&self) -> Result<Verified> {
        Ok(Verified::default())
    }
}

impl Writer for File {
    fn epoch(&self) -> u64 {
        self.number as u64 + 1
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn append(&mut self, deliveries: &[Delivery]) -> Result<(), Fault> {
        self.tries += 1;
        let fault = |is_final| Fault { error: Error::new(ErrorKind::Io, "the disk fails"), is_final };
        if (self.number, self.tries) == (0, 1) {
            return Err(fault(false));
        }
        for event in deliveries.iter().filter_map(|delivery| delivery.clone().event()) {
            self.last = event.seq();
            self.of.0.0.lock().unwrap().stored.push((self.number, self.last));
        }
        // As where the log can't be written back, what was to be stored is.
        if self.number == 0 { Err(fault(true)) } else { Ok(()) }
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        Arc::new(Self { of: self.of.clone(), ..*self })
    }

    fn recover(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn prune(&mut self, _: &Retention) -> Result<bool, Fault> {
        Ok(false)
    }
}

impl Syncer for File {
    fn sync(&self) -> Result<(), Fault> {
        let (state, changed) = &*self.of.0;
        let mut state = state.lock().unwrap();
        if self.number == 0 {
            state.is_syncing = true;
            state = changed.wait_timeout_while(state, TRIED_AGAIN, |state| state.file == 0).unwrap().0;
            state.is_syncing = false;
        }
        Ok(())
    }
}

impl Past for Nothing {
    fn first(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    fn epoch_end(&self, _: u64) -> Result<Option<u64>> {
        Ok(None)
    }

    fn read(&self, _: u64, _: &Wanted<'_>, _: usize) -> Result<Page> {
        Ok(Page::default())
    }

    fn nth_last(&self, _: usize, _: u64, _: &Wanted<'_>) -> Result<Option<u64>> {
        Ok(None)
    }

    fn since(&self, _: i64) -> Result<Option<u64>> {
        Ok(None)
    }
}

#[test]
fn no_new_file_is_begun_while_the_old_one_is_being_synced() {
    let (bus, store) = (Bus::new(), Failing::default());
    let keeper = StoreKeeper::new(store.clone(), StoreOptions::default());
    bus.attach_store("failing", Box::new(keeper)).unwrap();
    bus.publish(event()).unwrap();
    let (state, changed) = &*store.0;
    let state = changed.wait_timeout_while(state.lock().unwrap(), LONG, |state| state.file == 0).unwrap().0;
    assert_eq!((state.file, state.renewed_while_syncing), (1, false));
    drop(state);
    assert!(bus.close(LONG).complete);
    // What the old file has been synced with isn't written once more; notices of the bus may follow.
    let stored = store.0.0.lock().unwrap().stored.clone();
    assert_eq!(stored.first(), Some(&(0, 1)));
    assert!(stored.iter().skip(1).all(|(file, seq)| *file == 1 && *seq > 1), "{stored:?}");
}
