//! One subscription as the bus sees it: what it wants, where its events wait, how it is called.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::bus::core::Core;
use crate::event::Event;
use crate::field::Field;
use crate::filter::{Filter, Look};
use crate::handler::service::Service;
use crate::options::{Predicate, WhenFull};
use crate::subscription::inbox::{Call, Inbox, Sleep};
use crate::sync::wake;
use crate::sync::{Condvar, Mutex};

/// One subscription as the bus sees it.
pub(crate) struct Subscriber {
    /// Unique in the process, rising with age.
    pub(crate) id: u64,
    pub(crate) name: Box<str>,
    pub(crate) filter: Filter,
    pub(crate) internal: bool,
    pub(crate) priority: i32,
    pub(crate) predicate: Option<Predicate>,
    /// What orders the calls of a keyed handler.
    pub(crate) key: Option<Field>,
    pub(crate) once: bool,
    /// After how many failures in a row it is set aside.
    pub(crate) set_aside_after: Option<u32>,
    pub(crate) when_full: WhenFull,
    pub(crate) max_wait: Duration,
    pub(crate) inbox: Mutex<Inbox>,
    /// Told when the last call in flight has ended.
    pub(crate) quiet: Condvar,
    pub(crate) core: Weak<Core>,
    /// How it is pushed to; `None` where it is pulled.
    pub(crate) service: Option<Service>,
}

impl Subscriber {
    /// The key of an event for a keyed handler; keyless events are one lane.
    pub(crate) fn key_of(&self, event: &Event) -> Option<Arc<str>> {
        let field = self.key.as_ref()?;
        Some(field.value_with(event, &mut Look::default()).unwrap_or_default().into())
    }

    /// Whether its key is in the payload.
    pub(crate) fn looks_inside(&self) -> bool {
        self.key.as_ref().is_some_and(Field::is_inside)
    }

    /// Whether the bus's order of priority puts it before `other`.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        (self.priority, other.id) > (other.priority, self.id)
    }

    /// Puts a sleeping consumer into the list of those to be called.
    #[inline]
    pub(crate) fn summon(self: &Arc<Self>, inbox: &mut Inbox, to_wake: &mut Vec<Arc<Self>>) {
        if inbox.paused {
            return;
        }
        if let Sleep::Asleep(call) = &inbox.sleep {
            inbox.sleep = Sleep::Called(call.clone());
            insert_by_priority(to_wake, self);
        }
    }

    /// Calls the consumer; `None` when it no longer sleeps.
    pub(crate) fn wake(self: &Arc<Self>) -> Option<Waking> {
        let call = {
            let mut inbox = self.inbox.lock();
            match std::mem::take(&mut inbox.sleep) {
                Sleep::Called(Call::Worker) => {
                    self.engage(&mut inbox);
                    Call::Worker
                }
                Sleep::Called(call) => call,
                other => {
                    inbox.sleep = other;
                    return None;
                }
            }
        };
        match call {
            Call::Thread(thread) => thread.unpark(),
            Call::Task(waker) => {
                wake(waker);
                return Some(Waking::Task);
            }
            Call::Worker => self.submit(),
        }
        Some(Waking::Thread)
    }

    /// Has whoever pulls and sleeps look again: the thread, or the task that polled last.
    pub(crate) fn wake_puller(&self) {
        let call = match &self.inbox.lock().sleep {
            Sleep::Asleep(call) => Some(call.clone()),
            _ => None,
        };
        match call {
            Some(Call::Thread(thread)) => thread.unpark(),
            Some(Call::Task(waker)) => wake(waker),
            Some(Call::Worker) | None => {}
        }
    }

    /// Counts one more worker; while others may help, more events call more of them.
    pub(crate) fn engage(&self, inbox: &mut Inbox) {
        inbox.calls.engaged += 1;
        let lanes = self.service.as_ref().map_or(1, Service::lanes);
        inbox.sleep = if inbox.calls.engaged < lanes { Sleep::Asleep(Call::Worker) } else { Sleep::Awake };
    }

    /// Hands the handler to a worker, which has been counted.
    pub(crate) fn submit(self: &Arc<Self>) {
        if let Some(core) = self.core.upgrade() {
            core.pool.submit(self.clone());
        }
    }
}

/// Who was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waking {
    /// A thread of ours runs, or soon will: it calls the next sleeper.
    Thread,
    /// A task of somebody's executor.
    Task,
}

/// Keeps the list so that the last is the first to be called.
fn insert_by_priority(to_wake: &mut Vec<Arc<Subscriber>>, subscriber: &Arc<Subscriber>) {
    let place = to_wake.partition_point(|other| subscriber.precedes(other));
    to_wake.insert(place, subscriber.clone());
}

/// Keeps a list in the order in which its subscriptions are served.
pub(crate) fn insert_in_order(list: &mut Vec<Arc<Subscriber>>, subscriber: Arc<Subscriber>) {
    let place = list.partition_point(|other| other.precedes(&subscriber));
    list.insert(place, subscriber);
}
