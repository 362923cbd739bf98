//! The bus: takes events, gives each its sequence number, hands them to subscriptions.

pub(crate) mod alter;
pub(crate) mod ask;
pub(crate) mod backlog;
pub(crate) mod close;
pub(crate) mod core;
pub(crate) mod handles;
pub(crate) mod history;
pub(crate) mod interest;
mod keep;
mod listener;
mod notice;
pub(crate) mod order;
mod prepare;
pub(crate) mod publish;
pub(crate) mod publishing;
mod replay;
pub(crate) mod route;
pub(crate) mod stats;
mod subscribe;
mod unread;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use self::alter::{Enricher, Enrichment, Redaction};
use self::ask::{Expectation, Request};
use self::close::{CloseReport, Closing};
use self::core::Core;
pub(crate) use self::listener::WeakListener;
pub use self::listener::{Listener, Unsubscribed};
use self::publish::Manner;
use self::stats::BusStats;
use self::subscribe::Calling;
use crate::cursor::Cursor;
use crate::delivery::Published;
use crate::error::{Error, Rejected, Result};
use crate::event::{Event, Payload};
use crate::filter::{Filter, IntoFilter};
use crate::handler::service::Service;
use crate::handler::timer::deadline_after;
use crate::handler::{IntoHandler, IntoOutcome, OnPayload};
use crate::kind::Kind;
use crate::options::{BusOptions, HandlerOptions, Mode, SubscribeOptions};
use crate::subscription::pull::Subscription;

/// Takes events, gives each its sequence number, hands them to subscriptions. A clone is another handle of
/// the same bus.
///
/// Close it when done: [`Bus::close`] waits until handlers and sinks have had what was published, and says
/// what became of everything.
///
/// When the last handle is dropped the bus closes by itself, as nobody can publish any more. Pull
/// subscriptions stay readable and then end; workers go on until handlers and sinks have had what was
/// published, without a deadline. Nobody waits for that, so a process that exits before takes it along.
/// Emitters and their guards are handles; so is what a handler, an enricher or a predicate holds, and while
/// the bus has one of these, it has to be closed. Subscriptions, listeners and futures are not.
///
/// ```
/// use newswire::{Bus, Event, Kind};
///
/// let bus = Bus::new();
/// let deploys = bus.subscribe("deploy.*")?;
/// let publisher = std::thread::spawn(move || {
///     for name in ["deploy.started", "deploy.finished"] {
///         bus.publish(Event::builder(Kind::parse(name)?).build()?)?;
///     }
///     Ok::<(), newswire::Error>(())
/// });
/// assert_eq!(deploys.count(), 2);
/// # publisher.join().unwrap()?;
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Bus {
    pub(crate) core: Arc<Core>,
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    /// A bus with the default options.
    pub fn new() -> Self {
        Self::first(Core::with_defaults())
    }

    /// A bus with these options.
    ///
    /// # Errors
    /// `Invalid` or, over a bound, `TooLarge`, with the option's name.
    pub fn with(options: BusOptions) -> Result<Self> {
        Core::new(options).map(Self::first)
    }

    /// Whether anybody could want events of `kind`: one load, to be asked before an event is built.
    #[inline]
    pub fn wants(&self, kind: &Kind) -> bool {
        self.core.interest.wants(kind)
    }

    /// The mask behind [`Bus::wants`], a bit for each [`Kind`] by its number, to be read in place: it stays
    /// where it is for the bus's life.
    pub fn interest_mask(&self) -> &[AtomicU64; 64] {
        self.core.interest.words()
    }

    /// Publishes an event. Where the queue of a [`Block`](crate::WhenFull::Block) subscription is full, it
    /// waits for room up to that subscription's `max_wait`; everybody else has the event before that.
    ///
    /// # Errors
    /// Only before the event has a seq, and with the event given back: `Closed`; `TooLarge`, where causation
    /// or a mask made it so.
    #[inline]
    pub fn publish(&self, event: Event) -> Result<Published, Rejected<Event>> {
        self.core.publish(event, Manner::Wait)
    }

    /// Whether a publish could come to wait: some subscription blocks, or has, or a store is attached, or was.
    #[inline]
    pub fn may_wait(&self) -> bool {
        self.core.may_wait.load(crate::sync::Ordering::Relaxed)
    }

    /// Publishes an event to all who want it, or to nobody.
    ///
    /// # Errors
    /// `Full`, with the event given back, where the queue of a subscription that blocks, or a store's, is full
    /// (and isn't stalled); else as [`Bus::publish`].
    #[inline]
    pub fn try_publish(&self, event: Event) -> Result<Published, Rejected<Event>> {
        self.core.publish(event, Manner::AllOrNothing)
    }

    /// Publishes events at consecutive seqs.
    ///
    /// # Errors
    /// As [`Bus::publish`]; the whole batch is checked first, and none of it published.
    pub fn publish_batch(&self, events: Vec<Event>) -> Result<Vec<Published>, Rejected<Vec<Event>>> {
        self.core.publish_batch(events)
    }

    /// Publishes an event, waiting for room without holding the thread.
    ///
    /// The event has its seq, and everybody else has it, before this returns; the future resolves when the
    /// last full queue has taken it or given up.
    ///
    /// # Errors
    /// As [`Bus::publish`].
    pub fn publish_async(&self, event: Event) -> Result<publishing::Publishing, Rejected<Event>> {
        self.core.publish_async(event)
    }

    /// Subscribes with the default options, to pull.
    ///
    /// # Errors
    /// As [`Bus::subscribe_with`].
    pub fn subscribe(&self, filter: impl IntoFilter) -> Result<Subscription> {
        self.subscribe_with(filter, SubscribeOptions::default())
    }

    /// Subscribes, to pull.
    ///
    /// # Errors
    /// `Invalid` for a filter or option that can't work, `TooLarge` for one over its bound; `OutOfRange` for a start that isn't kept; `Full`
    /// where there are too many subscriptions; `Closed`.
    pub fn subscribe_with(&self, filter: impl IntoFilter, options: SubscribeOptions) -> Result<Subscription> {
        let subscriber = self.core.subscribe(filter.into_filter()?, options, Calling::default(), None)?;
        Ok(Subscription::new(self.core.clone(), subscriber))
    }

    /// Has `handler` called with each matching event, one at a time, on a worker. A closure returns `()` or a
    /// `Result<(), E>`; see [`Handler`](crate::Handler).
    ///
    /// Each handler sees its events in the bus's order, and none waits for another: what two of them print or
    /// write comes in no common order, unless both are [inline](HandlerOptions::inline).
    ///
    /// # Errors
    /// As [`Bus::subscribe_with`].
    pub fn on(&self, filter: impl IntoFilter, handler: impl IntoHandler) -> Result<Listener> {
        self.on_with(filter, HandlerOptions::default(), handler)
    }

    /// Has `handler` called with each matching event.
    ///
    /// # Errors
    /// As [`Bus::subscribe_with`]; `Full` when all workers are held by handlers that don't return.
    pub fn on_with(
        &self,
        filter: impl IntoFilter,
        options: HandlerOptions,
        handler: impl IntoHandler,
    ) -> Result<Listener> {
        let service = Service::new(handler.into_handler(), &options);
        let subscriber = self.core.subscribe_served(filter.into_filter()?, options, Some(service))?;
        Ok(Listener::new(self.core.clone(), subscriber))
    }

    /// A queue for a handler that its owner calls, as a language does on its event loop. When a call begins and
    /// how many run at a time is the owner's to keep; `once`, and `set_aside_after` by what
    /// [`Subscription::confirm`] is told, the bus keeps. Events are in flight until they are confirmed.
    ///
    /// ```
    /// use newswire::{Bus, Event, HandlerOptions, Kind, Outcome};
    ///
    /// let bus = Bus::new();
    /// let options = HandlerOptions { set_aside_after: Some(1), ..HandlerOptions::default() };
    /// let mut deploys = bus.subscribe_to_serve("deploy.*", options)?;
    /// bus.publish(Event::builder(Kind::parse("deploy.finished")?).build()?)?;
    /// assert!(deploys.try_next()?.is_some());
    /// deploys.confirm(1, Outcome::Failed);
    /// assert!(deploys.stats().set_aside);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bus::subscribe_with`]; `Invalid` for a mode that calls before a publish returns.
    pub fn subscribe_to_serve(
        &self,
        filter: impl IntoFilter,
        options: HandlerOptions,
    ) -> Result<Subscription> {
        if options.mode == Mode::Inline {
            let message = "an inline handler is called by publishers, nobody else can";
            return Err(Error::invalid(message)
                .at_path("options.mode")
                .expecting("locked, keyed or concurrent"));
        }
        let subscriber = self.core.subscribe_served(filter.into_filter()?, options, None)?;
        Ok(Subscription::new(self.core.clone(), subscriber).confirming())
    }

    /// Has `handler` called with each event of `P`'s kind and its payload, one at a time, on a worker. A payload
    /// that doesn't fit `P` is a failure of the handler, with the error as its reason; an event without a
    /// payload is none of its events.
    ///
    /// ```
    /// use newswire::catalogue::tool::ToolCallFailed;
    /// use newswire::{Bus, Event};
    ///
    /// let bus = Bus::new();
    /// let _failures = bus.on_payload(|event: &Event, call: &ToolCallFailed| {
    ///     println!("{}: {} failed: {}", event.seq(), call.name, call.error.message);
    /// })?;
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bus::on`]; `Invalid` for a type that has no [kind of its own](Payload::only_kind).
    pub fn on_payload<P: Payload, R: IntoOutcome>(
        &self,
        handler: impl Fn(&Event, &P) -> R + Send + Sync + 'static,
    ) -> Result<Listener> {
        self.on_payload_with(HandlerOptions::default(), handler)
    }

    /// As [`Bus::on_payload`], with options.
    ///
    /// # Errors
    /// As [`Bus::on_with`] and [`Bus::on_payload`].
    pub fn on_payload_with<P: Payload, R: IntoOutcome>(
        &self,
        options: HandlerOptions,
        handler: impl Fn(&Event, &P) -> R + Send + Sync + 'static,
    ) -> Result<Listener> {
        let kind = P::only_kind().ok_or_else(|| {
            let message = format!("nothing says which kind {} is the payload of", std::any::type_name::<P>());
            Error::invalid(message)
                .expecting("a type of the catalogue, or one that was registered for a kind")
        })?;
        self.on_with(Filter::kind(kind.as_str())?, options, OnPayload::new(handler))
    }

    /// Publishes a question and waits for the first event that names it in `reply_to`, up to `timeout`. A
    /// full queue that the question meets has that long, too, to make room for it.
    ///
    /// # Errors
    /// With the question given back: `TimedOut`; `WouldDeadlock` inside a handler and on a loop thread;
    /// `Full` where too many questions are pending; else as [`Bus::publish`].
    pub fn request(&self, event: Event, timeout: Duration) -> Result<Event, Rejected<Event>> {
        self.core.request(event, timeout)
    }

    /// As [`Bus::request`], without holding the thread; the question is published at once, and waits for room
    /// by polling.
    pub fn request_async(&self, event: Event, timeout: Duration) -> Request {
        self.core.request_async(event, timeout)
    }

    /// Waits for the first event that matches.
    ///
    /// # Errors
    /// `TimedOut`; `WouldDeadlock` inside a handler and on a loop thread; else as [`Bus::subscribe_with`].
    pub fn wait_for(&self, filter: impl IntoFilter, timeout: Duration) -> Result<Event> {
        self.core.wait_for(filter.into_filter()?, timeout)
    }

    /// As [`Bus::wait_for`], without holding the thread; it listens from now on.
    pub fn wait_for_async(&self, filter: impl IntoFilter, timeout: Duration) -> Expectation {
        let stream =
            filter.into_filter().and_then(|filter| self.core.expect(filter)).map(Subscription::stream);
        let deadline = deadline_after(timeout);
        Expectation { stream, core: self.core.clone(), timeout, deadline, alarm: None }
    }

    /// Has `enricher` look at each event before it has its seq, and complete it.
    ///
    /// It runs in the publisher's thread, in the order of adding, before redaction. One that panics, or sets
    /// what no event can have, is counted as an alteration failure, and the event goes on unchanged by it.
    /// What it publishes itself on this bus is not enriched.
    ///
    /// ```
    /// let bus = newswire::Bus::new();
    /// let _enricher = bus.add_enricher(|event| event.attr("region", "eu-1"))?;
    /// let mut events = bus.subscribe("*")?;
    /// bus.publish(newswire::Event::builder(newswire::Kind::parse("deploy.finished")?).build()?)?;
    /// let event = events.next().and_then(|delivery| delivery.event()).unwrap();
    /// assert_eq!(event.attr("region").unwrap().get(), r#""eu-1""#);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Full` over 64 enrichers.
    pub fn add_enricher(
        &self,
        enricher: impl Fn(&mut Enrichment) + Send + Sync + 'static,
    ) -> Result<Enricher> {
        let id = self.core.alterations.add_enricher(Arc::new(enricher))?;
        Ok(Enricher::new(&self.core, id))
    }

    /// Has a rule mask what nobody is to see, in every event from now on, for the bus's life.
    ///
    /// ```
    /// use newswire::{Bus, Event, Kind, Redaction};
    ///
    /// let bus = Bus::new();
    /// bus.redact(Redaction::field("payload.**.password")?)?;
    /// bus.redact(Redaction::field("**")?.matching("sk-[a-z0-9]{8,}")?)?;
    /// let mut events = bus.subscribe("*")?;
    /// let login = r#"{"user":{"name":"ann","password":"1234"},"note":"use sk-0123456789"}"#;
    /// bus.publish(Event::builder(Kind::parse("login.seen")?).json(login).build()?)?;
    /// let event = events.next().and_then(|delivery| delivery.event()).unwrap();
    /// let masked = r#"{"user":{"name":"ann","password":"[redacted]"},"note":"use [redacted]"}"#;
    /// assert_eq!(event.payload_json(), Some(masked));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Full` over 256 rules.
    pub fn redact(&self, rule: Redaction) -> Result<()> {
        self.core.alterations.add_rule(rule)
    }

    /// The position after the last event.
    pub fn position(&self) -> Cursor {
        // Under one lock, since a store that is attached changes both.
        let order = self.core.order.lock();
        self.core.beginning.lock().at(order.seq)
    }

    /// This moment's numbers.
    pub fn stats(&self) -> BusStats {
        self.core.stats()
    }

    /// Closes the bus, and waits up to `timeout` until handlers and sinks have done what came before.
    ///
    /// Later publishes are errors; pull subscriptions stay readable and then end. Further calls wait for the
    /// same report. Inside a handler and on a loop thread it starts the drain and returns what can be said.
    pub fn close(&self, timeout: Duration) -> CloseReport {
        self.core.close(timeout)
    }

    /// As [`Bus::close`], without holding the thread; the close has begun when this returns.
    pub fn close_async(&self, timeout: Duration) -> Closing {
        self.core.close_async(timeout)
    }
}
