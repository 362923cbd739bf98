//! The workers that serve handlers off the publisher's thread.
//!
//! As many as there are cores, started when first needed, ended after 10 s without work. A worker whose
//! call takes longer than 10 ms, or whose event has to be read from a slow disk, doesn't count: another takes
//! its place while the cap allows, so that stuck handlers starve nobody. Whoever submits wakes at most one
//! worker; it calls the next sleeper first.

use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{inline, service, timer::Timer};
use crate::bus::core::Core;
use crate::options::Mode;
use crate::subscriber::Subscriber;
use crate::sync::{self, Condvar, Mutex};

const IDLE: Duration = Duration::from_secs(10);
const OVERRUN: Duration = Duration::from_millis(10);
/// After so many calls a worker looks whether others wait for it.
const QUANTUM: usize = 64;

/// Something for a worker to do.
enum Job {
    Serve(Arc<Subscriber>),
    WakeTheRest(Arc<Core>),
    ReleaseInline(Arc<Core>),
    Release(Arc<Core>, Arc<Subscriber>),
}

struct Ready {
    priority: i32,
    order: u64,
    job: Job,
}

#[derive(Default)]
struct State {
    ready: BinaryHeap<Ready>,
    last: u64,
    idle: usize,
    workers: Vec<Arc<Worker>>,
    check_armed: bool,
    /// Whether the bus is gone, and nobody need wait for more to do.
    ended: bool,
}

/// What the pool knows of one worker.
struct Worker {
    /// When its call began, in nanoseconds since the pool's; 0 between calls.
    busy_since: AtomicU64,
}

/// The workers of one bus.
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    timer: Arc<Timer>,
    began: Instant,
    /// How many workers there are when none is stuck.
    enough: usize,
    cap: usize,
}

impl Pool {
    /// Workers up to `cap`.
    pub(crate) fn new(cap: usize, timer: Arc<Timer>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let shared = Shared {
            state: Mutex::new(State::default()),
            work: Condvar::new(),
            timer,
            began: Instant::now(),
            enough: cores.max(2).min(cap),
            cap,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Has a subscription served.
    pub(crate) fn submit(&self, subscriber: Arc<Subscriber>) {
        self.shared.submit(subscriber.priority, Job::Serve(subscriber));
    }

    /// Has everyone called who sleeps and has something.
    pub(crate) fn wake_the_rest(&self, core: Arc<Core>) {
        self.shared.submit(i32::MAX, Job::WakeTheRest(core));
    }

    /// Has the inline handlers of a closed bus let go of.
    pub(crate) fn release_inline(&self, core: Arc<Core>) {
        self.shared.submit(i32::MAX, Job::ReleaseInline(core));
    }

    /// Has the handler of a subscription let go of whose owner is gone.
    pub(crate) fn release(&self, core: Arc<Core>, subscriber: Arc<Subscriber>) {
        self.shared.submit(subscriber.priority, Job::Release(core, subscriber));
    }

    /// Does one thing that is ready, as a worker would; false when there is none.
    #[cfg(all(test, feature = "loom"))]
    pub(crate) fn work(&self) -> bool {
        let Some(Ready { job, .. }) = self.shared.state.lock().ready.pop() else { return false };
        match job {
            Job::Serve(subscriber) => {
                self.shared.serve(&subscriber, &Worker { busy_since: AtomicU64::new(0) });
            }
            Job::WakeTheRest(core) => core.wake_everyone(),
            Job::ReleaseInline(core) => core.release_inline(),
            Job::Release(core, subscriber) => core.unsubscribe(&subscriber),
        }
        true
    }

    /// Whether all workers that there may be are held by calls that don't end.
    pub(crate) fn is_exhausted(&self) -> bool {
        let state = self.shared.state.lock();
        state.workers.len() >= self.shared.cap && self.shared.overrunning(&state) >= self.shared.cap
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.work.notify_all();
        self.shared.timer.end();
    }
}

impl Shared {
    fn submit(self: &Arc<Self>, priority: i32, job: Job) {
        let mut state = self.state.lock();
        state.last += 1;
        let order = state.last;
        state.ready.push(Ready { priority, order, job });
        self.see_to_it(&mut state);
    }

    /// Makes sure that somebody will do what is ready.
    fn see_to_it(self: &Arc<Self>, state: &mut State) {
        if state.idle > 0 {
            self.work.notify_one();
        } else if state.workers.len() < self.cap
            && state.workers.len() - self.overrunning(state) < self.enough
        {
            self.spawn(state);
        } else if !std::mem::replace(&mut state.check_armed, true) {
            let shared = self.clone();
            self.timer.at(Instant::now() + OVERRUN, move || shared.check());
        }
    }

    /// Looks again whether workers are stuck while something is ready.
    fn check(self: &Arc<Self>) {
        let core = {
            let mut state = self.state.lock();
            state.check_armed = false;
            if state.ready.is_empty() {
                return;
            }
            self.see_to_it(&mut state);
            state.ready.peek().and_then(|ready| match &ready.job {
                Job::Serve(subscriber) => subscriber.core.upgrade(),
                Job::WakeTheRest(core) | Job::ReleaseInline(core) | Job::Release(core, _) => {
                    Some(core.clone())
                }
            })
        };
        // No worker may come for long, and the sleepers after this one shouldn't wait for that.
        if let Some(core) = core {
            core.wake_everyone();
        }
    }

    fn overrunning(&self, state: &State) -> usize {
        let now = self.now();
        let limit = OVERRUN.as_nanos() as u64;
        let stuck = |worker: &&Arc<Worker>| {
            let since = worker.busy_since.load(Ordering::Relaxed);
            since != 0 && now.saturating_sub(since) >= limit
        };
        state.workers.iter().filter(stuck).count()
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64 + 1
    }

    fn spawn(self: &Arc<Self>, state: &mut State) {
        let worker = Arc::new(Worker { busy_since: AtomicU64::new(0) });
        state.workers.push(worker.clone());
        let shared = self.clone();
        let name = format!("newswire-{}", state.workers.len());
        let own = worker.clone();
        if sync::spawn(name, move || shared.run(&own)).is_err() {
            // No thread to be had now: the workers that there are will come to it, or the next check.
            state.workers.retain(|other| !Arc::ptr_eq(other, &worker));
            if !std::mem::replace(&mut state.check_armed, true) {
                let shared = self.clone();
                self.timer.at(Instant::now() + OVERRUN, move || shared.check());
            }
        }
    }

    fn run(self: &Arc<Self>, worker: &Arc<Worker>) {
        let mut state = self.state.lock();
        loop {
            let Some(Ready { job, .. }) = state.ready.pop() else {
                if state.ended {
                    return;
                }
                state.idle += 1;
                let timed_out;
                (state, timed_out) = sync::wait_for(&self.work, state, IDLE);
                state.idle -= 1;
                if timed_out && state.ready.is_empty() {
                    state.workers.retain(|other| !Arc::ptr_eq(other, worker));
                    return;
                }
                continue;
            };
            if !state.ready.is_empty() {
                self.see_to_it(&mut state);
            }
            drop(state);
            // Calls of handlers are caught already; nothing else that goes wrong may cost a worker.
            let _ = catch_unwind(AssertUnwindSafe(|| match job {
                Job::Serve(subscriber) => self.serve(&subscriber, worker),
                Job::WakeTheRest(core) => core.wake_everyone(),
                Job::ReleaseInline(core) => core.release_inline(),
                Job::Release(core, subscriber) => core.unsubscribe(&subscriber),
            }));
            worker.busy_since.store(0, Ordering::Relaxed);
            state = self.state.lock();
        }
    }

    /// Serves one subscription until it has nothing more, or others wait.
    fn serve(self: &Arc<Self>, subscriber: &Arc<Subscriber>, worker: &Worker) {
        let (Some(core), Some(handling)) = (subscriber.core.upgrade(), &subscriber.service) else { return };
        core.wake_next();
        let timed = |run: &mut dyn FnMut()| {
            worker.busy_since.store(self.now(), Ordering::Relaxed);
            run();
            worker.busy_since.store(0, Ordering::Relaxed);
        };
        if handling.mode == Mode::Inline {
            timed(&mut || handling.within_host(&mut || inline::serve_on_worker(subscriber)));
            return;
        }
        handling.within_host(&mut || {
            for calls in 1.. {
                let mut is_over = false;
                // Taking is timed as well: what is taken may have to be read from a disk first.
                timed(&mut || match core.take_for_worker(subscriber) {
                    Some(taken) => service::serve(subscriber, handling, taken),
                    None => is_over = true,
                });
                if is_over {
                    return;
                }
                if calls % QUANTUM == 0 && !self.state.lock().ready.is_empty() {
                    self.submit(subscriber.priority, Job::Serve(subscriber.clone()));
                    return;
                }
            }
        });
    }
}

impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Ready {}

impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ready {
    /// The greatest is served first: by priority, then by age.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.priority.cmp(&other.priority).then(other.order.cmp(&self.order))
    }
}
