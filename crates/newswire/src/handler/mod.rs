//! The push side: handlers, and the ways they are served.

pub(crate) mod inline;
pub(crate) mod pool;
pub(crate) mod service;
pub(crate) mod timer;

use std::marker::PhantomData;
use std::sync::{Arc, Weak};

use crate::delivery::Gap;
use crate::event::{Event, Payload};

/// Why a handler failed, in its own words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a handler fails with that finds the object gone which it calls: that event counts as discarded, and the
/// subscription ends, as those of weak handlers do.
///
/// For handlers that know it only when they are called, such as one of another language, whose weak references are its
/// own.
///
/// ```
/// use newswire::{Bus, Event, Failure, HandlerGone, HandlerOptions, Kind, Mode};
///
/// let bus = Bus::new();
/// let gone = |_: &Event| -> Result<(), Failure> { Err(HandlerGone.into()) };
/// let listener = bus.on_with("*", HandlerOptions { mode: Mode::Inline, ..Default::default() }, gone)?;
/// bus.publish(Event::builder(Kind::parse("deploy.finished")?).build()?)?;
/// assert_eq!(listener.stats().books.discarded, 1);
/// assert!(bus.stats().subscriptions.is_empty());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerGone;

impl std::fmt::Display for HandlerGone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("what the handler calls is gone")
    }
}

impl std::error::Error for HandlerGone {}

/// Acts on the events of a subscription.
///
/// Closures that take `&Event` are handlers where they return `()` or a `Result<(), E>`, whose error can be
/// any that becomes a [`Failure`]: what else an expression gives has to be dropped by a `;`. A closure that
/// never returns has to say that it would return nothing, since `!` is no [`IntoOutcome`]:
///
/// ```
/// let bus = newswire::Bus::new();
/// let _told = bus.on("run.*", |event: &newswire::Event| println!("{event:?}"))?;
/// let _tried = bus.on("run.*", |event: &newswire::Event| std::fs::write("last", event.kind().as_str()))?;
/// let _never = bus.on("run.*", |_: &newswire::Event| -> () { unreachable!("nothing runs here") })?;
/// # Ok::<(), newswire::Error>(())
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Called with each event.
    ///
    /// # Errors
    /// Whatever went wrong; it is counted as `failed` and kept as the subscription's last failure. [`HandlerGone`] ends
    /// the subscription instead.
    fn on_event(&self, event: &Event) -> Result<(), Failure>;

    /// Called in position where events are missing.
    fn on_gap(&self, _gap: &Gap) {}

    /// Called once, after the last event, when the subscription has ended or the bus has closed.
    fn on_close(&self) {}
}

/// What a handler closure may return: `()`, or a `Result<(), E>`.
pub trait IntoOutcome {
    /// As the result of a handler.
    ///
    /// # Errors
    /// The closure's own.
    fn into_outcome(self) -> Result<(), Failure>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<E: Into<Failure>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Result<(), Failure> {
        self.map_err(Into::into)
    }
}

impl<F, R> Handler for F
where
    F: Fn(&Event) -> R + Send + Sync + 'static,
    R: IntoOutcome,
{
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self(event).into_outcome()
    }
}

/// A closure that is given the payload, too.
pub(crate) struct OnPayload<P, F> {
    call: F,
    payload: PhantomData<fn(&P)>,
}

impl<P, F> OnPayload<P, F> {
    pub(crate) fn new(call: F) -> Self {
        Self { call, payload: PhantomData }
    }
}

impl<P, F, R> Handler for OnPayload<P, F>
where
    P: Payload,
    F: Fn(&Event, &P) -> R + Send + Sync + 'static,
    R: IntoOutcome,
{
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        match event.as_payload::<P>()? {
            Some(payload) => (self.call)(event, &payload).into_outcome(),
            None => Ok(()),
        }
    }
}

/// What can be given where a handler is wanted: a handler or closure, a shared one, or a weak one, whose
/// subscription ends when the object is gone.
pub trait IntoHandler {
    /// The handler.
    fn into_handler(self) -> HandlerRef;
}

/// A handler as the bus holds it.
#[derive(Clone)]
pub enum HandlerRef {
    /// Kept alive by its subscription.
    Strong(Arc<dyn Handler>),
    /// Kept alive by others only.
    Weak(Weak<dyn Handler>),
}

impl HandlerRef {
    /// The handler, unless it was weak and is gone.
    pub(crate) fn get(&self) -> Option<Arc<dyn Handler>> {
        match self {
            Self::Strong(handler) => Some(handler.clone()),
            Self::Weak(handler) => handler.upgrade(),
        }
    }
}

impl<H: Handler> IntoHandler for H {
    fn into_handler(self) -> HandlerRef {
        HandlerRef::Strong(Arc::new(self))
    }
}

impl IntoHandler for Arc<dyn Handler> {
    fn into_handler(self) -> HandlerRef {
        HandlerRef::Strong(self)
    }
}

impl IntoHandler for Weak<dyn Handler> {
    fn into_handler(self) -> HandlerRef {
        HandlerRef::Weak(self)
    }
}
