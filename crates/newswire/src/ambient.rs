//! What the current thread is in the middle of: the event being handled, the handlers on its call stack,
//! whether it runs an event loop.
//!
//! From this follow causation, and that nobody ever waits for itself.

use std::cell::{Cell, RefCell};

use crate::event::Event;
use crate::sync::thread_local;

#[derive(Default)]
struct Ambient {
    event: RefCell<Option<Event>>,
    stack: RefCell<Vec<u64>>,
    loop_depth: Cell<u32>,
}

thread_local! {
    /// Whether this thread is inside a handler: one load tells that it isn't.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

thread_local! {
    static AMBIENT: Ambient = Ambient::default();
}

/// Runs `call` as the handling of `event` by subscription `id`.
pub(crate) fn handling<R>(id: u64, event: Option<&Event>, call: impl FnOnce() -> R) -> R {
    struct Restore<'a> {
        ambient: &'a Ambient,
        busy: &'a Cell<bool>,
        event: Option<Event>,
        was_busy: bool,
    }
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            self.ambient.stack.borrow_mut().pop();
            let ours = self.ambient.event.replace(self.event.take());
            self.busy.set(self.was_busy);
            drop(ours);
        }
    }
    AMBIENT.with(|ambient| {
        BUSY.with(|busy| {
            ambient.stack.borrow_mut().push(id);
            let event = ambient.event.replace(event.cloned());
            let _restore = Restore { ambient, busy, event, was_busy: busy.replace(true) };
            call()
        })
    })
}

/// Whether this thread is inside a handler.
#[inline]
pub(crate) fn is_busy() -> bool {
    BUSY.with(Cell::get)
}

/// The event that this thread is handling.
pub(crate) fn event() -> Option<Event> {
    if BUSY.with(Cell::get) { AMBIENT.with(|ambient| ambient.event.borrow().clone()) } else { None }
}

/// Whether subscription `id` is being served further up this thread's stack.
pub(crate) fn is_serving(id: u64) -> bool {
    BUSY.with(Cell::get) && AMBIENT.with(|ambient| ambient.stack.borrow().contains(&id))
}

/// Whether this thread is inside any handler.
pub(crate) fn in_handler() -> bool {
    BUSY.with(Cell::get) && AMBIENT.with(|ambient| !ambient.stack.borrow().is_empty())
}

/// Whether this thread runs an event loop.
pub(crate) fn on_loop_thread() -> bool {
    AMBIENT.with(|ambient| ambient.loop_depth.get() > 0)
}

/// Marks the current thread as one that runs an event loop, until the guard is dropped: nothing of
/// Newswire waits on it.
///
/// Bindings hold one while asyncio, trio or Node runs on the thread; Rust programs may around
/// `block_on`. A publish that meets a full `Block` queue there counts it as a drop, reason
/// `would_block`; calls that could only wait answer `WouldDeadlock` at once.
///
/// ```
/// let on_loop = newswire::LoopThread::enter();
/// let bus = newswire::Bus::new();
/// let error = bus.wait_for("run.completed", std::time::Duration::from_secs(5)).unwrap_err();
/// assert_eq!(error.kind(), newswire::ErrorKind::WouldDeadlock);
/// # drop(on_loop);
/// ```
#[derive(Debug)]
pub struct LoopThread(std::marker::PhantomData<*const ()>);

impl LoopThread {
    /// Marks the current thread.
    #[must_use = "the thread is unmarked when the guard is dropped"]
    pub fn enter() -> Self {
        AMBIENT.with(|ambient| ambient.loop_depth.set(ambient.loop_depth.get() + 1));
        Self(std::marker::PhantomData)
    }
}

impl LoopThread {
    /// Whether the current thread is marked.
    pub fn is_current() -> bool {
        on_loop_thread()
    }
}

/// What the current thread is handling, as far as others than handlers have to know.
///
/// What is published meanwhile has its id as `causation`, and its trace. Handlers need none of this; it is for
/// those who hand events on to code that runs elsewhere or later, such as a language's tasks.
///
/// ```
/// use newswire::{Bus, Event, Handled, Kind};
///
/// let bus = Bus::new();
/// let mut events = bus.subscribe("deploy.finished")?;
/// let cause = Event::builder(Kind::parse("deploy.asked")?).build()?;
/// let effect = Event::builder(Kind::parse("deploy.finished")?).build()?;
/// Handled::as_if(&cause, || bus.publish(effect))?;
/// let event = events.next().and_then(|delivery| delivery.event()).unwrap();
/// assert_eq!(event.correlation().causation, Some(cause.id()));
/// assert!(Handled::event().is_none());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct Handled;

impl Handled {
    /// The event that this thread is handling.
    pub fn event() -> Option<Event> {
        event()
    }

    /// Whether this thread is inside a handler, where nothing can wait for what that handler would do.
    pub fn is_here() -> bool {
        in_handler()
    }

    /// Runs `call` as a part of the handling of `event`; nothing is taken for being inside a handler by that.
    pub fn as_if<R>(event: &Event, call: impl FnOnce() -> R) -> R {
        struct Restore(Option<Event>, bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                AMBIENT.with(|ambient| *ambient.event.borrow_mut() = self.0.take());
                BUSY.with(|busy| busy.set(self.1));
            }
        }
        let before = AMBIENT.with(|ambient| ambient.event.replace(Some(event.clone())));
        let _restore = Restore(before, BUSY.with(|busy| busy.replace(true)));
        call()
    }
}

impl Drop for LoopThread {
    fn drop(&mut self) {
        AMBIENT.with(|ambient| ambient.loop_depth.set(ambient.loop_depth.get() - 1));
    }
}
