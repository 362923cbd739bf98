//! A second thread for who reads much: it reads the second half of a page, on a connection of its own, while the first
//! half is read.
//!
//! Each half is made where it is read, from the database to the event: handing texts from one processor to another
//! costs as much as decoding them. Nobody waits for a helper that isn't run: what it hasn't begun, who asked does.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use newswire::Result;
use newswire::store::Page;

use crate::lock::{lock, wait};

/// For how many readers a helper has something to do at a time.
const WAITING: usize = 8;
/// How long it waits for more.
const PATIENCE: Duration = Duration::from_secs(1);

/// A thread that helps readers, while there are any.
#[derive(Default)]
pub(super) struct Helper(Arc<Desk>);

/// Where the helper waits.
#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Arc<Task>>,
    has_thread: bool,
    is_over: bool,
}

type Work = Box<dyn FnOnce() -> Result<Page> + Send>;

/// Something to be read.
pub(super) struct Task {
    stage: Mutex<Stage>,
    changed: Condvar,
}

enum Stage {
    Waits(Work),
    Begun,
    Done(Result<Page>),
    /// Whoever asked has it, or wants it no more.
    Over,
}

impl Helper {
    /// Asks for it to be done meanwhile.
    pub(super) fn ask(&self, work: impl FnOnce() -> Result<Page> + Send + 'static) -> Arc<Task> {
        let task =
            Arc::new(Task { stage: Mutex::new(Stage::Waits(Box::new(work))), changed: Condvar::new() });
        let mut state = lock(&self.0.state);
        // Those who asked have long done it by themselves.
        while state.tasks.len() >= WAITING {
            state.tasks.pop_front();
        }
        state.tasks.push_back(task.clone());
        if !state.has_thread {
            let desk = self.0.clone();
            let begun = thread::Builder::new().name("newswire-read".into()).spawn(move || desk.serve());
            state.has_thread = begun.is_ok();
        }
        drop(state);
        self.0.changed.notify_one();
        task
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        lock(&self.0.state).is_over = true;
        self.0.changed.notify_one();
    }
}

impl Desk {
    fn serve(&self) {
        let mut state = lock(&self.state);
        while !state.is_over {
            if let Some(task) = state.tasks.pop_front() {
                drop(state);
                task.help();
                state = lock(&self.state);
                continue;
            }
            let waited = self.changed.wait_timeout(state, PATIENCE);
            let (back, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
            state = back;
            if outcome.timed_out() && state.tasks.is_empty() {
                break;
            }
        }
        state.has_thread = false;
    }
}

impl Task {
    /// Takes it on, if nobody has.
    fn begin(&self) -> Option<Work> {
        let mut stage = lock(&self.stage);
        match std::mem::replace(&mut *stage, Stage::Begun) {
            Stage::Waits(work) => Some(work),
            other => {
                *stage = other;
                None
            }
        }
    }

    fn help(&self) {
        if let Some(work) = self.begin() {
            let done = work();
            let mut stage = lock(&self.stage);
            if matches!(*stage, Stage::Begun) {
                *stage = Stage::Done(done);
            }
            drop(stage);
            self.changed.notify_one();
        }
    }

    /// What has been read: by the helper, or here and now.
    pub(super) fn finish(&self) -> Option<Result<Page>> {
        if let Some(work) = self.begin() {
            *lock(&self.stage) = Stage::Over;
            return Some(work());
        }
        let mut stage = lock(&self.stage);
        while matches!(*stage, Stage::Begun) {
            stage = wait(&self.changed, stage);
        }
        match std::mem::replace(&mut *stage, Stage::Over) {
            Stage::Done(read) => Some(read),
            _ => None,
        }
    }

    /// It isn't wanted any more.
    pub(super) fn cancel(&self) {
        *lock(&self.stage) = Stage::Over;
    }
}
