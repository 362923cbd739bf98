//! Asking: a request waits for the first event that replies to it; `wait_for` for the first that matches.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::core::Core;
use super::interest::Interest;
use super::order::Order;
use super::publishing::Publishing;
use super::subscribe::Calling;
use crate::ambient;
use crate::caller::Caller;
use crate::delivery::Delivery;
use crate::error::{Error, ErrorKind, Rejected, Result};
use crate::event::{CorrelationField, Event};
use crate::filter::Filter;
use crate::handler::timer::{Alarm, deadline_after};
use crate::options::{SubscribeOptions, WhenFull};
use crate::subscription::pull::Subscription;
use crate::subscription::stream::SubscriptionStream;
use crate::sync::{self, Mutex};

/// The questions that wait for their answers. Guarded by the bus's order.
pub(crate) struct Questions {
    pending: HashMap<Uuid, Arc<Question>>,
    max: usize,
}

struct Answer {
    event: Option<Event>,
    closed: bool,
    caller: Caller,
}

/// One question, decided once.
pub(crate) struct Question {
    answer: Mutex<Answer>,
}

impl Questions {
    pub(crate) fn new(max: usize) -> Self {
        Self { pending: HashMap::new(), max }
    }

    #[inline]
    pub(crate) fn any(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    fn ask(&mut self, id: Uuid) -> Result<Arc<Question>> {
        if self.pending.contains_key(&id) {
            return Err(Error::invalid("the same event is a pending question already").at_path("id"));
        }
        if self.pending.len() >= self.max {
            let message = format!("{} questions are pending, which is the limit", self.max);
            return Err(Error::new(ErrorKind::Full, message));
        }
        let answer = Answer { event: None, closed: false, caller: Caller::Nobody };
        let question = Arc::new(Question { answer: Mutex::new(answer) });
        self.pending.insert(id, question.clone());
        Ok(question)
    }

    /// Takes out the question that `event` answers; whoever gets it tells it, without the lock.
    pub(crate) fn answered_by(&mut self, event: &Event) -> Option<Arc<Question>> {
        let id = event.correlation().get(CorrelationField::ReplyTo)?;
        self.pending.remove(&Uuid::try_parse(id).ok()?)
    }

    fn forget(&mut self, id: &Uuid) {
        self.pending.remove(id);
    }

    /// Takes out all questions: a closed bus answers none.
    pub(crate) fn take_all(&mut self) -> Vec<Arc<Question>> {
        self.pending.drain().map(|(_, question)| question).collect()
    }
}

impl Question {
    /// Gives the answer, or word that none will come, to whoever waits.
    pub(crate) fn tell(&self, event: Option<Event>) {
        {
            let mut answer = self.answer.lock();
            answer.closed = event.is_none();
            answer.event = event;
        }
        self.call_back();
    }

    /// Has whoever waits look again.
    fn call_back(&self) {
        let caller = std::mem::take(&mut self.answer.lock().caller);
        caller.tell();
    }

    /// Has `caller` told of what becomes of it.
    fn call(&self, caller: Caller) {
        self.answer.lock().caller = caller;
    }

    fn take(&self, caller: Caller) -> Option<Result<Event>> {
        let mut answer = self.answer.lock();
        if let Some(event) = answer.event.take() {
            return Some(Ok(event));
        }
        if answer.closed {
            return Some(Err(Error::new(ErrorKind::Closed, "the bus closed before the answer came")));
        }
        answer.caller = caller;
        None
    }
}

impl Order {
    /// Keeps the mask to whether questions are pending.
    pub(crate) fn see_what_is_asked(&mut self, interest: &Interest) {
        self.counts.set_everything(self.questions.any(), interest);
    }
}

impl Core {
    /// Registers the question and publishes it; full queues are waited for by the caller.
    fn ask(self: &Arc<Self>, event: Event) -> Result<Asked, Rejected<Event>> {
        let id = event.id();
        let asked = {
            let mut order = self.order.lock();
            let asked = order.questions.ask(id);
            // Any kind could be the answer's.
            order.see_what_is_asked(&self.interest);
            asked
        };
        let question = match asked {
            Ok(question) => question,
            Err(error) => return Err(Rejected { error, value: event }),
        };
        match self.publish_async(event) {
            Ok(publishing) => Ok(Asked { question, publishing: Some(publishing) }),
            Err(rejected) => {
                self.forget(&id);
                Err(rejected)
            }
        }
    }

    fn forget(&self, id: &Uuid) {
        let mut order = self.order.lock();
        order.questions.forget(id);
        order.see_what_is_asked(&self.interest);
    }

    pub(crate) fn request(
        self: &Arc<Self>,
        event: Event,
        timeout: Duration,
    ) -> Result<Event, Rejected<Event>> {
        if let Err(error) = may_wait("request") {
            return Err(Rejected { error, value: event });
        }
        let (deadline, id, asked) = (deadline_after(timeout), event.id(), event.clone());
        let Asked { question, publishing } = self.ask(event)?;
        if let Some(publishing) = publishing {
            publishing.wait_until(deadline);
        }
        loop {
            if let Some(answer) = question.take(Caller::Thread(sync::current_thread())) {
                return answer.map_err(|error| Rejected { error, value: asked });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.forget(&id);
                // The answer may have come while the question was being taken back.
                return question
                    .take(Caller::Nobody)
                    .unwrap_or_else(|| Err(no_answer(timeout)))
                    .map_err(|error| Rejected { error, value: asked });
            }
            sync::park_timeout(left);
        }
    }

    pub(crate) fn request_async(self: &Arc<Self>, event: Event, timeout: Duration) -> Request {
        let (id, deadline) = (event.id(), deadline_after(timeout));
        let asked = self.ask(event).map_err(Error::from);
        Request { core: self.clone(), id, timeout, deadline, asked, alarm: None }
    }

    /// A subscription that takes the first match only.
    pub(crate) fn expect(self: &Arc<Self>, filter: Filter) -> Result<Subscription> {
        let options =
            SubscribeOptions { buffer: 1, when_full: WhenFull::DropNewest, ..SubscribeOptions::default() };
        Ok(Subscription::new(
            self.clone(),
            self.subscribe(filter, options, Calling { once: true, ..Calling::default() }, None)?,
        ))
    }

    pub(crate) fn wait_for(self: &Arc<Self>, filter: Filter, timeout: Duration) -> Result<Event> {
        may_wait("wait_for")?;
        let mut expected = self.expect(filter)?;
        match expected.next_timeout(timeout)? {
            Delivery::Event(event) => Ok(event),
            Delivery::Gap(_) => Err(no_answer(timeout)),
        }
    }
}

/// An answer that is on its way: see [`Bus::request_async`](crate::Bus::request_async).
#[must_use = "futures do nothing unless polled"]
pub struct Request {
    core: Arc<Core>,
    id: Uuid,
    timeout: Duration,
    deadline: Instant,
    asked: Result<Asked>,
    alarm: Option<Alarm>,
}

/// A question that has its seq.
struct Asked {
    question: Arc<Question>,
    /// While queues that it met are full.
    publishing: Option<Publishing>,
}

impl Future for Request {
    type Output = Result<Event>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { core, timeout, deadline, asked, alarm, .. } = &mut *self;
        let Asked { question, publishing } = match asked {
            Ok(asked) => asked,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let caller = Caller::Task(context.waker().clone());
        match publishing.as_mut().map(|publishing| Pin::new(publishing).poll(context)) {
            // Whoever has no room for the question yet is to have it even if the answer is there.
            Some(Poll::Pending) => question.call(caller),
            Some(Poll::Ready(_)) | None => {
                *publishing = None;
                if let Some(answer) = question.take(caller) {
                    return Poll::Ready(answer);
                }
            }
        }
        if Instant::now() >= *deadline {
            *publishing = None;
            return Poll::Ready(question.take(Caller::Nobody).unwrap_or_else(|| Err(no_answer(*timeout))));
        }
        if alarm.is_none() {
            let question = Arc::downgrade(question);
            *alarm = Some(core.timer.alarm(*deadline, move || {
                if let Some(question) = question.upgrade() {
                    question.call_back();
                }
            }));
        }
        Poll::Pending
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if self.asked.is_ok() {
            self.core.forget(&self.id);
        }
    }
}

/// An event that is on its way: see [`Bus::wait_for_async`](crate::Bus::wait_for_async).
#[must_use = "futures do nothing unless polled"]
pub struct Expectation {
    pub(super) stream: Result<SubscriptionStream>,
    pub(super) core: Arc<Core>,
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
    pub(super) alarm: Option<Alarm>,
}

impl Future for Expectation {
    type Output = Result<Event>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let next = match &mut self.stream {
            Ok(stream) => stream.poll_next(context),
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        match next {
            Poll::Ready(Some(Delivery::Event(event))) => return Poll::Ready(Ok(event)),
            Poll::Ready(Some(Delivery::Gap(_)) | None) => {
                return Poll::Ready(Err(Error::new(
                    ErrorKind::Closed,
                    "the bus closed before the event came",
                )));
            }
            Poll::Pending => {}
        }
        if Instant::now() >= self.deadline {
            return Poll::Ready(Err(no_answer(self.timeout)));
        }
        if self.alarm.is_none()
            && let Ok(stream) = &self.stream
        {
            let expecting = Arc::downgrade(stream.subscriber());
            self.alarm = Some(self.core.timer.alarm(self.deadline, move || {
                if let Some(subscriber) = expecting.upgrade() {
                    subscriber.wake_puller();
                }
            }));
        }
        Poll::Pending
    }
}

/// Waiting inside a handler or on a loop thread could never end.
fn may_wait(what: &str) -> Result<()> {
    if ambient::in_handler() || ambient::on_loop_thread() {
        let place = if ambient::in_handler() { "inside a handler" } else { "on a loop thread" };
        return Err(Error::new(ErrorKind::WouldDeadlock, format!("{what} can't wait {place}"))
            .expecting(format!("{what}_async")));
    }
    Ok(())
}

fn no_answer(timeout: Duration) -> Error {
    Error::new(ErrorKind::TimedOut, format!("nothing came within {timeout:?}"))
}
