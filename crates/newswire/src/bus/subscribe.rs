//! Coming and going of subscriptions, and their sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::core::Core;
use super::interest::Interest;
use super::order::{Order, Sent};
use crate::delivery::{Gap, GapReason};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::handler::service::Service;
use crate::options::{HandlerOptions, Mode, SubscribeOptions, WhenFull, cut_name};
use crate::subscriber::{Subscriber, insert_in_order};
use crate::subscription::coalesce::Coalescer;
use crate::subscription::inbox::{Call, Inbox, Sleep, Source, Taken};
use crate::subscription::queue::Queue;
use crate::subscription::reader::Bounds;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Ids are unique in the process, so that a thread's stack of handlers means the same on every bus.
static LAST_ID: AtomicU64 = AtomicU64::new(0);

impl Order {
    /// Puts a subscription where its events come from.
    pub(crate) fn enter(
        &mut self,
        subscriber: &Arc<Subscriber>,
        bounds: Bounds,
        interest: &Interest,
    ) -> Source {
        let tape = self.new_tape();
        let (place, is_new) = self.routes.enter(&subscriber.filter, subscriber.internal);
        let Some(route) = self.routes.get_mut(place) else { return Source::Nowhere };
        if is_new {
            self.counts.add(&route.bits, interest);
        }
        match subscriber.own_queue() {
            Some(queue) => {
                insert_in_order(&mut route.own, subscriber.clone());
                self.routes.looking_inside += usize::from(subscriber.looks_inside());
                Source::Queue(queue)
            }
            None => {
                route.readers += 1;
                route.window = route.window.max(bounds.events);
                route.on_tape.push(subscriber.clone());
                if subscriber.is_inline() {
                    insert_in_order(&mut route.inline, subscriber.clone());
                }
                Source::Tape(route.tape.get_or_insert(tape).reader())
            }
        }
    }

    /// Takes a subscription off its route: no event will match it any more.
    pub(crate) fn detach(&mut self, subscriber: &Arc<Subscriber>, interest: &Interest) {
        let Some(place) = self.routes.find(&subscriber.filter, subscriber.internal) else { return };
        let Some(route) = self.routes.get_mut(place) else { return };
        let queues = route.own.len();
        for list in [&mut route.own, &mut route.inline, &mut route.sleepers] {
            list.retain(|other| other.id != subscriber.id);
        }
        if let Some(place) = route.on_tape.iter().position(|other| other.id == subscriber.id) {
            route.on_tape.swap_remove(place);
            route.readers -= 1;
            if route.readers == 0 {
                route.tape = None;
                route.window = 0;
            }
        }
        let (is_deserted, has_left) =
            (route.on_tape.is_empty() && route.own.is_empty(), route.own.len() < queues);
        self.routes.looking_inside -= usize::from(has_left && subscriber.looks_inside());
        if is_deserted {
            if let Some(route) = self.routes.leave(place) {
                self.counts.remove(&route.bits, interest);
            }
        } else {
            self.routes.version += 1;
        }
    }

    /// Takes off their routes whoever has had the one event it wanted, and forgets what has been answered.
    #[inline]
    pub(crate) fn remove_spent(&mut self, sent: &Sent, interest: &Interest) {
        let Some(todo) = &sent.todo else { return };
        for subscriber in &todo.spent {
            self.detach(subscriber, interest);
        }
        if todo.answered.is_some() {
            self.see_what_is_asked(interest);
        }
    }

    /// Widens the window of a subscription's tape.
    pub(crate) fn widen(&mut self, subscriber: &Subscriber, events: u64) {
        if let Some(place) = self.routes.find(&subscriber.filter, subscriber.internal)
            && let Some(route) = self.routes.get_mut(place)
        {
            route.window = route.window.max(events);
        }
    }

    /// Moves a subscription that is over to those that the stats remember.
    /// Gives back whom they forget for it, to be freed outside the lock: its predicate is user code's.
    pub(crate) fn retire(&mut self, subscriber: &Arc<Subscriber>, kept: usize) -> Option<Arc<Subscriber>> {
        self.subscribers.remove(&subscriber.id)?;
        self.retired.push_back(subscriber.clone());
        if self.retired.len() > kept { self.retired.pop_front() } else { None }
    }
}

/// What the bus keeps of how a consumer is called, whoever calls it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calling {
    pub(crate) once: bool,
    pub(crate) set_aside_after: Option<u32>,
}

impl Core {
    /// Adds a subscription for a handler, which `service` calls, else its owner.
    pub(crate) fn subscribe_served(
        self: &Arc<Self>,
        filter: Filter,
        options: HandlerOptions,
        service: Option<Service>,
    ) -> Result<Arc<Subscriber>> {
        options.check()?;
        let HandlerOptions { queue, once, set_aside_after, .. } = options;
        self.subscribe(filter, queue, Calling { once, set_aside_after }, service)
    }

    /// Checks the options and adds a subscription.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        filter: Filter,
        options: SubscribeOptions,
        calling: Calling,
        mut service: Option<Service>,
    ) -> Result<Arc<Subscriber>> {
        options.check()?;
        if let Some(service) = &mut service {
            if calling.once && service.mode != Mode::Inline {
                // One call needs one lane; a second could pass a predicate before the first has spent it.
                service.mode = Mode::Locked;
            }
            if service.mode != Mode::Inline && self.pool.is_exhausted() {
                let message =
                    format!("all {} workers are held by handlers that don't return", self.options.workers);
                return Err(Error::new(ErrorKind::Full, message));
            }
        }
        let start = self.resolve(&filter, &options)?;
        let bounds = Bounds { events: options.buffer as u64, bytes: options.buffer_bytes as u64 };
        let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
        let name = if options.name.is_empty() { cut_name(filter.to_string()) } else { options.name };
        let subscriber = Arc::new(Subscriber {
            id,
            name: name.into(),
            filter,
            internal: options.internal,
            priority: options.priority,
            predicate: options.predicate,
            key: service.as_ref().and_then(Service::key),
            once: calling.once,
            set_aside_after: calling.set_aside_after,
            when_full: options.when_full,
            max_wait: options.max_wait,
            inbox: Mutex::new(Inbox::new(Source::Nowhere, bounds)),
            quiet: Condvar::new(),
            core: Arc::downgrade(self),
            service,
        });
        if subscriber.when_full == WhenFull::Block {
            self.may_wait.store(true, crate::sync::Ordering::Relaxed);
        }
        let mut order = self.order.lock();
        if order.closed {
            return Err(Error::new(ErrorKind::Closed, "the bus is closed"));
        }
        if order.subscribers.len() >= self.options.subscriptions {
            let message =
                format!("the bus has {} subscriptions, which is its limit", self.options.subscriptions);
            return Err(Error::new(ErrorKind::Full, message));
        }
        let next = start.unwrap_or(order.seq + 1);
        let source = match next <= order.seq && order.history.is_some() {
            true => Source::Replay { next },
            false => order.enter(&subscriber, bounds, &self.interest),
        };
        let mut inbox = subscriber.inbox.lock();
        inbox.delivered = next - 1;
        if next <= order.seq && order.history.is_none() {
            // What was published since the position was checked, nobody has kept.
            inbox.replay_gap(Gap {
                first: next,
                last: order.seq,
                count: order.seq + 1 - next,
                reason: GapReason::Retention,
            });
        }
        inbox.source = source;
        inbox.coalescer = options.coalesce.map(|limits| Box::new(Coalescer::new(limits)));
        let is_served = subscriber.service.is_some() && !subscriber.is_inline();
        let is_awaited = is_served && !inbox.has_nothing_to_take();
        if is_awaited {
            subscriber.engage(&mut inbox);
        } else if is_served {
            inbox.sleep = Sleep::Asleep(Call::Worker);
            list_as_sleeper(&mut order, &subscriber, &mut inbox);
        }
        drop(inbox);
        order.subscribers.insert(id, subscriber.clone());
        drop(order);
        if is_awaited {
            subscriber.submit();
        }
        Ok(subscriber)
    }

    /// Lets the consumer sleep until something comes; false when there is something already.
    pub(crate) fn rest(&self, subscriber: &Arc<Subscriber>, call: Call) -> bool {
        let order = self.order.lock();
        let inbox = subscriber.inbox.lock();
        if !inbox.has_nothing_to_take() || inbox.is_over() {
            return false;
        }
        fall_asleep(order, subscriber, inbox, call);
        true
    }

    /// The next item for a worker; `None` when it may go, having been counted off.
    pub(crate) fn take_for_worker(self: &Arc<Self>, subscriber: &Arc<Subscriber>) -> Option<Taken> {
        loop {
            let mut admitted = Vec::new();
            let mut inbox = subscriber.inbox.lock();
            if inbox.is_behind() {
                drop(inbox);
                self.catch_up(subscriber);
                continue;
            }
            let taken = inbox.take_to_serve(&mut admitted);
            let unread = if taken.is_none() { inbox.unread() } else { None };
            let more = taken.is_some() && subscriber.may_engage(&inbox) && !inbox.has_nothing_to_take();
            if more {
                subscriber.engage(&mut inbox);
            }
            let untold = inbox.untold();
            drop(inbox);
            subscriber.announce(untold);
            crate::handler::service::admit(admitted);
            if more {
                subscriber.submit();
            }
            if let Some(event) = unread {
                event.serialise();
                continue;
            }
            if taken.is_some() {
                return taken;
            }
            let order = self.order.lock();
            let mut inbox = subscriber.inbox.lock();
            if !inbox.has_nothing_to_take() {
                continue;
            }
            inbox.calls.engaged -= 1;
            fall_asleep(order, subscriber, inbox, Call::Worker);
            subscriber.retire_if_over();
            return None;
        }
    }

    /// Ends a subscription: what is queued is discarded, those who wait for room are released.
    pub(crate) fn unsubscribe(self: &Arc<Self>, subscriber: &Arc<Subscriber>) {
        self.cut_off(subscriber, true);
        subscriber.release_handler();
        self.see_whether_closed();
    }

    /// Ends a subscription as far as a destructor may: a worker lets go of the handler, which is user code, and a close
    /// waits for that.
    pub(crate) fn abandon(self: &Arc<Self>, subscriber: &Arc<Subscriber>) {
        let has_handler = subscriber.service.as_ref().is_some_and(|service| !service.is_released());
        let is_quiet = self.cut_off(subscriber, !has_handler);
        if has_handler && is_quiet {
            self.pool.release(self.clone(), subscriber.clone());
        }
        self.see_whether_closed();
    }

    /// Has a subscription take part in nothing any more, and retires it where `retires` and no call of its handler is
    /// under way; says whether none is.
    fn cut_off(&self, subscriber: &Arc<Subscriber>, retires: bool) -> bool {
        let mut released = Vec::new();
        let mut forgotten = None;
        let is_quiet = {
            let mut order = self.order.lock();
            order.detach(subscriber, &self.interest);
            let mut inbox = subscriber.inbox.lock();
            inbox.end(&mut released);
            inbox.discard();
            order.totals.dropped += released.len() as u64;
            let is_quiet = inbox.is_quiet();
            if is_quiet && retires {
                forgotten = order.retire(subscriber, self.options.closed_kept);
            }
            // Else a close still waits for the calls that have begun; whoever ends the last one retires it.
            subscriber.tell_if_quiet(&inbox);
            is_quiet
        };
        drop(forgotten);
        for ticket in released {
            ticket.tell();
        }
        is_quiet
    }
}

/// Lets a consumer sleep that has found nothing to take, and gives the locks back.
fn fall_asleep(
    mut order: MutexGuard<'_, Order>,
    subscriber: &Arc<Subscriber>,
    mut inbox: MutexGuard<'_, Inbox>,
    call: Call,
) {
    inbox.sleep = Sleep::Asleep(call);
    list_as_sleeper(&mut order, subscriber, &mut inbox);
    let window = inbox.arm_window();
    drop(inbox);
    drop(order);
    subscriber.watch_window(window);
}

/// Notes on the route that the consumer wants to be called; those with a queue of their own are called by
/// whoever fills it.
fn list_as_sleeper(order: &mut Order, subscriber: &Arc<Subscriber>, inbox: &mut Inbox) {
    if !matches!(inbox.source, Source::Tape(_)) || std::mem::replace(&mut inbox.listed, true) {
        return;
    }
    if let Some(place) = order.routes.find(&subscriber.filter, subscriber.internal)
        && let Some(route) = order.routes.get_mut(place)
    {
        route.sleepers.push(subscriber.clone());
    }
}

impl Subscriber {
    pub(crate) fn is_inline(&self) -> bool {
        self.service.as_ref().is_some_and(|service| service.mode == Mode::Inline)
    }

    /// A queue of its own, where a tape that others share won't do.
    fn own_queue(&self) -> Option<Queue> {
        let in_parallel = self.service.as_ref().is_some_and(|service| service.lanes() > 1);
        let shares = self.when_full == WhenFull::DropOldest && !self.internal && !self.once && !in_parallel;
        (!shares).then(|| Queue::new(self.when_full, self.max_wait))
    }

    /// Whether one more worker may help.
    fn may_engage(&self, inbox: &Inbox) -> bool {
        let catching_up = matches!(inbox.source, Source::Replay { .. }) || !inbox.replayed.is_empty();
        let lanes = self.service.as_ref().map_or(1, Service::lanes);
        !catching_up && inbox.calls.engaged < lanes
    }

    /// Ends the subscription from inside.
    pub(crate) fn leave(self: &Arc<Self>) {
        if let Some(core) = self.core.upgrade() {
            core.unsubscribe(self);
        }
    }

    /// Clears up after a subscription that has ended and has nothing left to do.
    pub(crate) fn retire_if_over(self: &Arc<Self>) {
        let over = {
            let inbox = self.inbox.lock();
            inbox.is_over() && inbox.is_quiet() && !inbox.calls.serving
        };
        if over && let Some(core) = self.core.upgrade() {
            let forgotten = {
                let mut order = core.order.lock();
                order.detach(self, &core.interest);
                order.retire(self, core.options.closed_kept)
            };
            drop(forgotten);
            self.release_handler();
            core.see_whether_closed();
        }
    }

    /// Lets go of the handler once no call is under way.
    fn release_handler(&self) {
        let quiet = self.inbox.lock().is_quiet();
        if let Some(service) = self.service.as_ref().filter(|_| quiet) {
            service.release();
        }
    }
}
