//! What each step does, in terms of the core.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_executor::block_on;
use newswire::{
    Bus, Delivery, ErrorKind, Event, Kind, ScopeField, Severity, Subscription, SubscriptionStats,
    Unsubscribed,
};
use newswire_facade::{ContextSpec, RedactSpec, read_event, scope_field};
use serde_json::{Map, Value, json};

use super::format::{Action, Additions, Step, Wanted};
use super::handler::{Heard, Served};
use super::operation::texts;
use super::stage::{Done, Fault, LONG, Stage, Thing, lock, not};
use super::{report, words};

fn time(given: Option<u64>) -> Duration {
    given.map_or(LONG, Duration::from_nanos)
}

/// The event that a scenario describes: by its kind alone, in parts, or, where it has an id or a time, as on the wire.
fn event(described: Value) -> Result<Event, Fault> {
    let described = match described {
        Value::String(kind) => json!({"kind": kind}),
        described => described,
    };
    let is_whole = ["id", "time", "seq", "origin"].iter().any(|name| described.get(name).is_some());
    match described {
        Value::Object(parts) if is_whole => {
            let usual = Event::builder(Kind::parse("usual.made")?).build()?;
            let mut whole = Map::from_iter([
                ("id".to_owned(), usual.id().to_string().into()),
                ("time".to_owned(), report::event(&usual)?["time"].take()),
            ]);
            whole.extend(parts);
            Ok(Event::from_json(Value::Object(whole).to_string())?)
        }
        described => Ok(read_event(&described.to_string())?),
    }
}

impl Stage {
    /// Does what a step says.
    pub(crate) fn act(self: &Arc<Self>, action: Action, step: &Step) -> Done {
        let bus = || self.bus(&step.bus);
        match action {
            Action::Bus(opening) => {
                self.keep(step, Thing::Bus(Bus::with(words::bus(opening)?)?))?;
                Ok(Value::Null)
            }
            Action::Publish { event: described, times } => {
                let mut last = Value::Null;
                for _ in 0..times {
                    let published = bus()?.publish(event(described.clone())?);
                    last = report::value(&published.map_err(newswire::Error::from)?)?;
                }
                Ok(last)
            }
            Action::TryPublish { event: described } => {
                report::value(&bus()?.try_publish(event(described)?).map_err(newswire::Error::from)?)
            }
            Action::PublishAsync { event: described } => {
                let publishing = bus()?.publish_async(event(described)?).map_err(newswire::Error::from)?;
                self.keep(step, Thing::Pending(Arc::new(Mutex::new(Some(publishing)))))?;
                Ok(Value::Null)
            }
            Action::PublishDurable { event: described } => {
                let receipt = bus()?.publish_durable(event(described)?).map_err(newswire::Error::from)?;
                let published = report::value(&receipt.published())?;
                self.keep(step, Thing::Receipt(receipt))?;
                Ok(published)
            }
            Action::PublishBatch { events } => {
                let events = events.into_iter().map(event).collect::<Result<Vec<_>, _>>()?;
                let published = bus()?.publish_batch(events).map_err(newswire::Error::from)?;
                published.into_iter().map(|published| report::value(&published)).collect()
            }
            Action::Subscribe(wants) => {
                let subscription =
                    bus()?.subscribe_with(wants.filter.as_str(), words::queue(wants.options)?)?;
                self.keep(step, Thing::Subscription(Arc::new(Mutex::new(subscription))))?;
                Ok(Value::Null)
            }
            Action::Handle(wants) => self.handle(&bus()?, wants, step),
            Action::Take { of, count, timeout_ns } => match self.thing(&of)? {
                Thing::Subscription(subscription) => take(&mut lock(&subscription), count, time(timeout_ns)),
                _ => Err(not(&of, "subscription")),
            },
            Action::Calls { of, count } => Ok(self.handler(&of)?.heard.calls(count)?.into()),
            Action::WaitAt { gate } => Ok(self.wait_at(&gate).map(|()| Value::Null)?),
            Action::Arrived { gate, count } => {
                Ok(self.wait_for_arrivals(&gate, count).map(|()| Value::Null)?)
            }
            Action::Open { gate } => {
                self.open(&gate);
                Ok(Value::Null)
            }
            Action::Pause { of } => self.pause(&of, true),
            Action::Resume { of } => self.pause(&of, false),
            Action::Resize { of, buffer, buffer_bytes } => match self.thing(&of)? {
                Thing::Subscription(subscription) => {
                    Ok(lock(&subscription).resize(buffer, buffer_bytes).map(nothing)?)
                }
                Thing::Handler(handler) => {
                    handler.with(|listener| Ok(listener.resize(buffer, buffer_bytes).map(nothing)?))
                }
                _ => Err(not(&of, "subscription")),
            },
            Action::Unsubscribe { of, timeout_ns } => self.unsubscribe(&of, Duration::from_nanos(timeout_ns)),
            Action::Stats { of } => match of.map(|of| self.thing(&of)).transpose()? {
                None => {
                    let stats = bus()?.stats();
                    report::balanced(stats.subscriptions.iter().chain(&stats.ended))?;
                    report::value(&stats)
                }
                Some(Thing::Subscription(subscription)) => numbers(&lock(&subscription).stats()),
                Some(Thing::Handler(handler)) => handler.with(|listener| numbers(&listener.stats())),
                Some(Thing::Attachment(attachment)) => report::value(&attachment.stats()),
                Some(_) => Err("it has no numbers".into()),
            },
            Action::Position { of } => match of.map(|of| self.thing(&of)).transpose()? {
                None => Ok(bus()?.position().to_string().into()),
                Some(Thing::Subscription(subscription)) => {
                    Ok(lock(&subscription).position().to_string().into())
                }
                Some(_) => Err("it has no position".into()),
            },
            Action::Wants { kind } => Ok(bus()?.wants(&Kind::parse(&kind)?).into()),
            Action::Select { filter, events } => select(&filter, events),
            Action::Request { event: described, timeout_ns } => {
                let answer = bus()?.request(event(described)?, time(timeout_ns));
                Ok(report::event(&answer.map_err(newswire::Error::from)?)?)
            }
            Action::WaitFor { filter, timeout_ns } => {
                Ok(report::event(&bus()?.wait_for(filter, time(timeout_ns))?)?)
            }
            Action::Close { timeout_ns } => {
                let report = bus()?.close(time(timeout_ns));
                report::balanced(&report.subscriptions)?;
                report::value(&report)
            }
            Action::Join { of } => self.join(&of),
            Action::Await { of, timeout_ns } => match self.thing(&of)? {
                Thing::Receipt(receipt) => Ok(receipt.wait(time(timeout_ns)).map(nothing)?),
                Thing::Pending(publishing) => {
                    let publishing = lock(&publishing).take().ok_or("it has been awaited before")?;
                    report::value(&block_on(publishing))
                }
                _ => Err(not(&of, "receipt")),
            },
            Action::Emitter(context) => {
                let context = ContextSpec::from_json(&Value::Object(context).to_string())?;
                self.keep(step, Thing::Emitter(context.emitter(&bus()?)?))?;
                Ok(Value::Null)
            }
            Action::Emit { of, kind, payload, message } => self.emit(&of, &kind, payload, message),
            Action::Begin { of, operation, label } => self.begin(&of, &operation, &label, step),
            Action::Progress { of, message } => self.progress(&of, &message),
            Action::End { of, how, outcome } => self.end(&of, &how, outcome),
            Action::Within { of } => self.within(&of, step),
            Action::Enrich(additions) => {
                let enricher = bus()?.add_enricher(enricher(additions)?)?;
                self.keep(step, Thing::Enricher(Arc::new(enricher)))?;
                Ok(Value::Null)
            }
            Action::Redact(rule) => {
                let rule = RedactSpec::from_json(&Value::Object(rule).to_string())?;
                Ok(bus()?.redact(rule.rule()?).map(nothing)?)
            }
            Action::Attach { url } => {
                let attachment = newswire_facade::attach(&bus()?, &url)?;
                self.keep(step, Thing::Attachment(Arc::new(attachment)))?;
                Ok(Value::Null)
            }
            Action::Flush { of, timeout_ns } => match self.thing(&of)? {
                Thing::Attachment(attachment) => {
                    Ok(attachment.flush(Duration::from_nanos(timeout_ns)).map(nothing)?)
                }
                _ => Err(not(&of, "attachment")),
            },
            Action::Detach { of } => match self.thing(&of)? {
                Thing::Attachment(attachment) => Ok(attachment.detach().map(nothing)?),
                _ => Err(not(&of, "attachment")),
            },
            Action::Watch { view } => self.watch(&bus()?, &view, step),
            Action::Snapshot { of } => match self.thing(&of)? {
                Thing::View(view) => Ok(report::read(&view.snapshot()?)?),
                _ => Err(not(&of, "view")),
            },
        }
    }

    fn handler(&self, name: &str) -> Result<Arc<Served>, Fault> {
        match self.thing(name)? {
            Thing::Handler(handler) => Ok(handler),
            _ => Err(not(name, "handler")),
        }
    }

    fn handle(self: &Arc<Self>, bus: &Bus, wants: Wanted, step: &Step) -> Done {
        let options = words::handler(wants.options)?;
        let heard = Arc::new(Heard::new(self, wants.does));
        let handler: Arc<dyn newswire::Handler> = heard.clone();
        let listener = bus.on_with(wants.filter.as_str(), options, handler)?;
        self.keep(step, Thing::Handler(Arc::new(Served { heard, listener: Mutex::new(Some(listener)) })))?;
        Ok(Value::Null)
    }

    fn pause(&self, name: &str, pauses: bool) -> Done {
        match self.thing(name)? {
            Thing::Subscription(subscription) if pauses => lock(&subscription).pause(),
            Thing::Subscription(subscription) => lock(&subscription).resume(),
            Thing::Handler(handler) => {
                return handler.with(|listener| {
                    if pauses {
                        listener.pause()
                    } else {
                        listener.resume()
                    }
                    Ok(Value::Null)
                });
            }
            _ => return Err(not(name, "subscription")),
        }
        Ok(Value::Null)
    }

    fn unsubscribe(&self, name: &str, timeout: Duration) -> Done {
        match self.thing(name)? {
            Thing::Subscription(subscription) => {
                drop(subscription);
                self.forget(name);
                Ok("quiet".into())
            }
            Thing::Handler(handler) => {
                let listener = lock(&handler.listener).take().ok_or("it has been unsubscribed before")?;
                Ok(match listener.unsubscribe(timeout) {
                    Unsubscribed::Quiet => "quiet".into(),
                    Unsubscribed::StillRunning => "still_running".into(),
                })
            }
            Thing::Enricher(_) => {
                self.forget(name);
                Ok("quiet".into())
            }
            _ => Err(not(name, "subscription")),
        }
    }

    fn watch(&self, bus: &Bus, view: &str, step: &Step) -> Done {
        let watching = newswire_facade::watch(bus, view, "")?;
        self.keep(step, Thing::View(Arc::new(watching)))?;
        Ok(Value::Null)
    }
}

impl Served {
    fn with(&self, does: impl FnOnce(&newswire::Listener) -> Done) -> Done {
        lock(&self.listener).as_ref().map_or_else(|| Err("it has been unsubscribed".into()), does)
    }
}

fn nothing((): ()) -> Value {
    Value::Null
}

fn numbers(stats: &SubscriptionStats) -> Done {
    report::balanced([stats])?;
    report::value(stats)
}

/// What a subscription has: all that is there now, or so many items, waiting for them. Its end is one.
fn take(subscription: &mut Subscription, count: Option<usize>, timeout: Duration) -> Done {
    let deadline = Instant::now() + timeout;
    let mut items = Vec::new();
    while count.is_none_or(|count| items.len() < count) {
        let next = match count {
            None => subscription.try_next().transpose(),
            Some(_) => Some(subscription.next_timeout(deadline.saturating_duration_since(Instant::now()))),
        };
        match next {
            None => break,
            Some(Ok(delivery)) => items.push(report::delivery(&delivery)?),
            Some(Err(error)) if error.kind() == ErrorKind::Closed => {
                items.push("end".into());
                break;
            }
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Ok(items.into())
}

/// Which of `events`, counted from 0, a subscription with that filter gets.
fn select(filter: &str, events: Vec<Value>) -> Done {
    let bus = Bus::new();
    let wants = newswire::SubscribeOptions { internal: true, ..Default::default() };
    let mut matching = bus.subscribe_with(filter, wants)?;
    for described in events {
        bus.publish(event(described)?).map_err(newswire::Error::from)?;
    }
    let got = std::iter::from_fn(|| matching.try_next().ok().flatten()).filter_map(Delivery::event);
    Ok(got.map(|event| Value::from(event.seq() - 1)).collect())
}

/// An enricher that adds what a scenario says.
fn enricher(
    additions: Additions,
) -> Result<impl Fn(&mut newswire::Enrichment) + Send + Sync + 'static, Fault> {
    let severity = additions.severity.as_deref().map(Severity::parse).transpose()?;
    let scope = texts(&additions.scope)
        .map(|(name, id)| Ok((scope_field(name)?, id.to_owned())))
        .collect::<Result<Vec<(ScopeField, String)>, Fault>>()?;
    Ok(move |enrichment: &mut newswire::Enrichment| {
        for (name, value) in &additions.attrs {
            enrichment.attr(name, value);
        }
        for tag in &additions.tags {
            enrichment.tag(tag);
        }
        for (field, id) in &scope {
            enrichment.scope(*field, id);
        }
        if let Some(severity) = severity {
            enrichment.severity(severity);
        }
        if let Some(message) = &additions.message {
            enrichment.message(message);
        }
        if additions.breaks {
            // As a panic does, without a word on the terminal.
            std::panic::resume_unwind(Box::new("the enricher was told to fail"));
        }
    })
}
