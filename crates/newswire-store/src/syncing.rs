//! The thread that has the disk keep what was stored, while the next batch is being stored.

use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use newswire::{Error, ErrorKind, Result};

use crate::lock::{lock, wait};
use crate::store::{Fault, Syncer};

/// Syncs on a thread of its own, which ends with this.
pub(crate) struct Syncing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Is told of each seq up to which the disk keeps everything.
type Tell = Box<dyn Fn(u64) + Send + Sync>;

struct Shared {
    state: Mutex<State>,
    tell: OnceLock<Tell>,
    changed: Condvar,
}

struct State {
    syncer: Arc<dyn Syncer>,
    /// Seq up to which the disk is to keep everything.
    wanted: u64,
    /// Seq up to which it does, and who was to be told has been.
    done: u64,
    /// How many seqs it was done with last.
    told: u64,
    took: Duration,
    /// Why it doesn't keep the rest.
    fault: Option<Fault>,
    is_over: bool,
}

impl Syncing {
    /// Begins with what is kept up to `done`.
    ///
    /// # Errors
    /// `Io` where the system has no more threads.
    pub(crate) fn begin(syncer: Arc<dyn Syncer>, done: u64) -> Result<Self> {
        let state =
            State { syncer, wanted: done, done, told: 0, took: Duration::ZERO, fault: None, is_over: false };
        let (state, tell) = (Mutex::new(state), OnceLock::new());
        let shared = Arc::new(Shared { state, tell, changed: Condvar::new() });
        let own = shared.clone();
        let thread = thread::Builder::new().name("newswire-sync".into()).spawn(move || own.run());
        let failed =
            |error| Error::new(ErrorKind::Io, format!("the store's thread can't be started: {error}"));
        Ok(Self { shared, thread: Some(thread.map_err(failed)?) })
    }

    /// From now on `tell` is told of each seq up to which the disk keeps everything.
    pub(crate) fn tells(&self, tell: impl Fn(u64) + Send + Sync + 'static) {
        let _ = self.shared.tell.set(Box::new(tell));
    }

    /// Has the disk keep everything up to `seq`; returns at once.
    pub(crate) fn ask(&self, seq: u64) {
        let mut state = lock(&self.shared.state);
        if seq > state.wanted {
            state.wanted = seq;
            self.shared.changed.notify_all();
        }
    }

    /// Seq up to which the disk keeps everything.
    ///
    /// # Errors
    /// Why it doesn't keep the rest.
    pub(crate) fn done(&self) -> Result<u64, Fault> {
        let state = lock(&self.shared.state);
        state.fault.clone().map_or(Ok(state.done), Err)
    }

    /// Whether something that was asked for isn't done.
    pub(crate) fn is_busy(&self) -> bool {
        let state = lock(&self.shared.state);
        state.fault.is_none() && state.done < state.wanted
    }

    /// How many seqs it has been done with last, and how long the disk took for it.
    pub(crate) fn last(&self) -> (usize, Duration) {
        let state = lock(&self.shared.state);
        (usize::try_from(state.told).unwrap_or(usize::MAX), state.took)
    }

    /// Waits until nothing is being synced; gives the seq up to which the disk keeps everything, and whether there
    /// is a fault.
    pub(crate) fn settle(&self) -> (u64, Option<Fault>) {
        let mut state = lock(&self.shared.state);
        while state.fault.is_none() && state.done < state.wanted {
            state = wait(&self.shared.changed, state);
        }
        (state.done, state.fault.clone())
    }

    /// Goes on elsewhere, where everything is kept up to `done`.
    pub(crate) fn renew(&self, syncer: Arc<dyn Syncer>, done: u64) {
        let mut state = lock(&self.shared.state);
        *state =
            State { syncer, wanted: done, done, told: 0, took: Duration::ZERO, fault: None, is_over: false };
    }
}

impl Shared {
    fn run(&self) {
        let mut state = lock(&self.state);
        while !state.is_over {
            if state.fault.is_some() || state.done >= state.wanted {
                state = wait(&self.changed, state);
                continue;
            }
            let (syncer, through) = (state.syncer.clone(), state.wanted);
            drop(state);
            let began = Instant::now();
            let synced = syncer.sync();
            let took = began.elapsed();
            if let (Ok(()), Some(tell)) = (&synced, self.tell.get()) {
                tell(through);
            }
            state = lock(&self.state);
            match synced {
                Ok(()) => {
                    (state.told, state.took) = (through.saturating_sub(state.done), took);
                    state.done = through;
                }
                Err(fault) => state.fault = Some(fault),
            }
            self.changed.notify_all();
        }
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        lock(&self.shared.state).is_over = true;
        self.shared.changed.notify_all();
        // It has panicked where it doesn't end well; there is nothing to be done about it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
