//! The stage of one scenario: everything that its steps have made, by name, and the doing of steps.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use newswire::{Attachment, Bus, Emitter, Enricher, Error, LoopThread, Publishing, Receipt, Subscription};
use serde_json::{Map, Value};

use super::compare::Names;
use super::format::{Action, Expected, Scenario, Step};
use super::handler::Served;
use super::operation::Open;
use super::report;

/// Longer than anything takes; a wait of this length has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Why a step has no result.
pub(crate) enum Fault {
    /// Newswire refused it.
    Refused(Error),
    /// The scenario itself, or the runner, is wrong.
    Broken(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::Broken(message)
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::Broken(message.to_owned())
    }
}

/// What a step comes to.
pub(crate) type Done = Result<Value, Fault>;

pub(crate) fn not(name: &str, what: &str) -> Fault {
    format!("{name:?} is no {what}").into()
}

/// What has a name of its own.
#[derive(Clone)]
pub(crate) enum Thing {
    Bus(Bus),
    Subscription(Arc<Mutex<Subscription>>),
    Handler(Arc<Served>),
    Emitter(Emitter),
    Operation(Open),
    Attachment(Arc<Attachment>),
    Receipt(Receipt),
    Pending(Arc<Mutex<Option<Publishing>>>),
    View(Arc<newswire_facade::Watching>),
    Task(Arc<Mutex<Option<JoinHandle<Done>>>>),
    Enricher(#[expect(dead_code, reason = "held so that it stays on its bus")] Arc<Enricher>),
}

/// A gate: how many have come to it, and whether it is open.
type Gates = HashMap<String, (usize, bool)>;

pub(crate) struct Stage {
    pub(crate) names: Mutex<Names>,
    things: Mutex<BTreeMap<String, Thing>>,
    gates: Mutex<Gates>,
    gate_changed: Condvar,
    failures: Mutex<Vec<String>>,
    folder: PathBuf,
}

/// A test that has panicked elsewhere is told by that.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// Plays a scenario.
    ///
    /// # Errors
    /// The first step that came to something else than expected, by its number, and what it came to.
    pub(crate) fn play(scenario: &Scenario) -> Result<(), String> {
        let stage = Arc::new(Self::new()?);
        let played = scenario.steps.iter().enumerate().try_for_each(|(at, step)| {
            let done = stage.step(step, None).map_err(|why| format!("{}: {why}", label(&[at + 1], step)));
            lock(&stage.failures).first().map_or(done, |failure| Err(failure.clone()))
        });
        stage.clear();
        played.and_then(|()| lock(&stage.failures).first().map_or(Ok(()), |failure| Err(failure.clone())))
    }

    fn new() -> Result<Self, String> {
        static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = format!("scenario-{}-{number}", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
        std::fs::create_dir_all(&folder).map_err(|error| format!("no folder: {error}"))?;
        let mut names = Names::default();
        names.set("folder", folder.to_string_lossy().into());
        Ok(Self {
            names: Mutex::new(names),
            things: Mutex::default(),
            gates: Mutex::default(),
            gate_changed: Condvar::new(),
            failures: Mutex::default(),
            folder,
        })
    }

    /// Ends what is still under way: what handlers have to say against it is heard before.
    fn clear(&self) {
        lock(&self.gates).values_mut().for_each(|gate| gate.1 = true);
        self.gate_changed.notify_all();
        let things = std::mem::take(&mut *lock(&self.things));
        for thing in things.values() {
            if let Thing::Bus(bus) = thing {
                bus.close(LONG);
            }
        }
        drop(things);
        // What is left of it goes with the build.
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    /// Does a step and compares; `event` is the one that is being handled.
    ///
    /// # Errors
    /// How what came differs from what was expected.
    pub(crate) fn step(
        self: &Arc<Self>,
        fields: &Map<String, Value>,
        event: Option<&Value>,
    ) -> Result<(), String> {
        let step = Arc::new(Step::of(fields.clone())?);
        let patience = step.manner.within_ns.map_or(LONG, Duration::from_nanos);
        let deadline = Instant::now() + patience;
        loop {
            let result = match &step.manner.background {
                Some(name) => self.begin_task(name, step.clone()),
                None => self.perform(&step, event),
            };
            let may_repeat = matches!(step.expected, Expected::Eventually(_)) && Instant::now() < deadline;
            match self.judge(&step, result) {
                Err(_) if may_repeat => thread::sleep(Duration::from_millis(2)),
                judged => return judged,
            }
        }
    }

    /// Compares what a step came to with what was expected, and gives both their names.
    fn judge(&self, step: &Step, result: Done) -> Result<(), String> {
        let mut names = lock(&self.names);
        let mut named = names.clone();
        let result = judge(&step.expected, result, &mut named)?;
        if let (Some(name), None) = (&step.manner.name, &step.manner.background) {
            named.set(name, result);
        }
        *names = named;
        Ok(())
    }

    fn begin_task(self: &Arc<Self>, name: &str, step: Arc<Step>) -> Done {
        let stage = self.clone();
        let task = thread::spawn(move || stage.perform(&step, None));
        self.put(name, Thing::Task(Arc::new(Mutex::new(Some(task)))));
        Ok(Value::Null)
    }

    /// Does a step.
    pub(crate) fn perform(self: &Arc<Self>, step: &Step, event: Option<&Value>) -> Done {
        let mut names = lock(&self.names).clone();
        if let Some(event) = event {
            names.set("event", event.clone());
        }
        let action = names.replace_members(&step.action)?;
        let action: Action = serde_json::from_value(action.into()).map_err(|error| error.to_string())?;
        let _loop_thread = step.manner.on_loop.then(LoopThread::enter);
        self.act(action, step)
    }

    pub(crate) fn put(&self, name: &str, thing: Thing) {
        lock(&self.things).insert(name.to_owned(), thing);
    }

    /// Keeps what a step has made by the name that the step gives it.
    pub(crate) fn keep(&self, step: &Step, thing: Thing) -> Result<(), Fault> {
        let name = step.manner.name.as_ref().ok_or("the step needs a name for what it makes: as")?;
        self.put(name, thing);
        Ok(())
    }

    pub(crate) fn thing(&self, name: &str) -> Result<Thing, Fault> {
        Ok(lock(&self.things).get(name).cloned().ok_or_else(|| format!("nothing is called {name:?}"))?)
    }

    pub(crate) fn forget(&self, name: &str) {
        let thing = lock(&self.things).remove(name);
        drop(thing);
    }

    /// The bus of that name; the usual one is there from the beginning.
    pub(crate) fn bus(&self, name: &str) -> Result<Bus, Fault> {
        let mut things = lock(&self.things);
        match things.get(name) {
            Some(Thing::Bus(bus)) => return Ok(bus.clone()),
            Some(_) => return Err(not(name, "bus")),
            None if name != "bus" => return Err(format!("there is no bus {name:?}").into()),
            None => {}
        }
        let bus = Bus::new();
        things.insert(name.to_owned(), Thing::Bus(bus.clone()));
        Ok(bus)
    }

    /// Notes that a handler's step came to something else than expected.
    pub(crate) fn note(&self, failure: String) {
        lock(&self.failures).push(failure);
    }

    /// Comes to a gate and waits until it is open.
    pub(crate) fn wait_at(&self, gate: &str) -> Result<(), String> {
        let mut gates = lock(&self.gates);
        gates.entry(gate.to_owned()).or_default().0 += 1;
        self.gate_changed.notify_all();
        self.wait_for_gates(gates, gate, |gate| gate.1)
    }

    /// Waits until so many have come to a gate.
    pub(crate) fn wait_for_arrivals(&self, gate: &str, count: usize) -> Result<(), String> {
        self.wait_for_gates(lock(&self.gates), gate, |gate| gate.0 >= count)
    }

    fn wait_for_gates(
        &self,
        gates: MutexGuard<'_, Gates>,
        gate: &str,
        is_so: impl Fn((usize, bool)) -> bool,
    ) -> Result<(), String> {
        let waits = |gates: &mut Gates| !is_so(gates.get(gate).copied().unwrap_or_default());
        let waited = self.gate_changed.wait_timeout_while(gates, LONG, waits);
        let (gates, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(gates);
        if timeout.timed_out() { Err(format!("nothing happened at the gate {gate:?}")) } else { Ok(()) }
    }

    pub(crate) fn open(&self, gate: &str) {
        lock(&self.gates).entry(gate.to_owned()).or_default().1 = true;
        self.gate_changed.notify_all();
    }

    /// What a background thread's step came to.
    pub(crate) fn join(&self, name: &str) -> Done {
        let Thing::Task(task) = self.thing(name)? else {
            return Err(format!("{name:?} is no background").into());
        };
        let task = lock(&task).take().ok_or("it has been joined before")?;
        let deadline = Instant::now() + LONG;
        while !task.is_finished() {
            if Instant::now() >= deadline {
                return Err(format!("the step in {name:?} doesn't end").into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        task.join().unwrap_or_else(|_| Err("the step panicked".into()))
    }
}

/// Runs `call`, and says of a panic that there was one.
pub(crate) fn without_panic<R>(call: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// What people call a step: its number, and what it does.
pub(crate) fn label(place: &[usize], step: &Map<String, Value>) -> String {
    let place: Vec<_> = place.iter().map(usize::to_string).collect();
    let action = step.get("do").and_then(Value::as_str).unwrap_or("nothing");
    format!("step {} ({action})", place.join("."))
}

fn judge(expected: &Expected, result: Done, names: &mut Names) -> Result<Value, String> {
    match (expected, result) {
        (_, Err(Fault::Broken(why))) => Err(why),
        (Expected::Error(expected), Err(Fault::Refused(error))) => {
            let error = report::error(&error);
            names.compare(expected, &error).map(|()| error)
        }
        (Expected::Error(expected), Ok(result)) => {
            Err(format!("it should fail with {expected}, and gave {result}"))
        }
        (_, Err(Fault::Refused(error))) => Err(format!("it failed: {error}")),
        (Expected::Result(expected) | Expected::Eventually(expected), Ok(result)) => {
            names.compare(expected, &result).map(|()| result)
        }
        (Expected::Success, Ok(result)) => Ok(result),
    }
}
