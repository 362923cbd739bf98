//! Sleeping consumers: no wake-up is lost, and whoever is woken wakes the next.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Notify;
use loom::thread;

use super::{LONG, check, event, publish, subscribe};
use crate::bus::Bus;
use crate::event::{Correlation, CorrelationField, Event};
use crate::options::{SubscribeOptions, WhenFull};
use crate::subscription::inbox::Call;
use crate::sync::current_thread;

/// Wakes the thread that polls.
#[derive(Default)]
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

fn own_queue() -> SubscribeOptions {
    SubscribeOptions { when_full: WhenFull::DropNewest, ..SubscribeOptions::default() }
}

fn wakes_who_goes_to_sleep_meanwhile(options: fn() -> SubscribeOptions) {
    check(move || {
        let bus = Bus::new();
        let mut subscription = subscribe(&bus, options());
        let consumer = thread::spawn(move || subscription.next().is_some());
        publish(&bus);
        assert!(consumer.join().expect("the consumer ends"));
    });
}

#[test]
fn a_publish_wakes_a_reader_that_goes_to_sleep_meanwhile() {
    wakes_who_goes_to_sleep_meanwhile(SubscribeOptions::default);
}

#[test]
fn a_publish_wakes_the_owner_of_a_queue_that_goes_to_sleep_meanwhile() {
    wakes_who_goes_to_sleep_meanwhile(own_queue);
}

#[test]
fn whoever_is_woken_wakes_the_next() {
    check(|| {
        let bus = Bus::new();
        let consumers: Vec<_> = [SubscribeOptions::default(), own_queue()]
            .into_iter()
            .map(|options| {
                let mut subscription = subscribe(&bus, options);
                thread::spawn(move || subscription.next().is_some())
            })
            .collect();
        publish(&bus);
        for consumer in consumers {
            assert!(consumer.join().expect("the consumer ends"));
        }
    });
}

#[test]
fn a_sleeper_that_leaves_early_keeps_nobody_from_being_woken() {
    check(|| {
        let bus = Bus::new();
        let mut leaving = subscribe(&bus, SubscribeOptions { priority: 1, ..SubscribeOptions::default() });
        let mut staying = subscribe(&bus, SubscribeOptions::default());
        let core = bus.core.clone();
        let leaver = thread::spawn(move || {
            if core.rest(leaving.subscriber(), Call::Thread(current_thread())) {
                leaving.get_up();
            }
        });
        let consumer = thread::spawn(move || staying.next().is_some());
        publish(&bus);
        leaver.join().expect("the leaver ends");
        assert!(consumer.join().expect("the consumer ends"));
    });
}

#[test]
fn a_task_that_is_never_polled_again_keeps_nobody_from_being_woken() {
    check(|| {
        let bus = Bus::new();
        let options = SubscribeOptions { priority: 1, ..SubscribeOptions::default() };
        let mut forgotten = subscribe(&bus, options).stream();
        let mut staying = subscribe(&bus, SubscribeOptions::default());
        assert!(forgotten.poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
        let consumer = thread::spawn(move || staying.next().is_some());
        publish(&bus);
        while bus.core.pool.work() {}
        assert!(consumer.join().expect("the consumer ends"));
    });
}

#[test]
fn a_task_is_woken_by_what_comes_while_it_polls() {
    check(|| {
        let bus = Bus::new();
        let mut stream = subscribe(&bus, SubscribeOptions::default()).stream();
        let other = bus.clone();
        let publisher = thread::spawn(move || publish(&other));
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(bell.clone());
        loop {
            match stream.poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(delivery) => break assert!(delivery.is_some()),
                Poll::Pending => bell.0.wait(),
            }
        }
        publisher.join().expect("the publisher ends");
    });
}

#[test]
fn an_answer_wakes_whoever_asked() {
    check(|| {
        let bus = Bus::new();
        let question = event();
        let reply =
            Correlation::default().with(CorrelationField::ReplyTo, question.id().to_string()).expect("an id");
        let answer = Event::builder(question.kind().clone()).correlation(reply).build().expect("an event");
        let other = bus.clone();
        let asked = bus.core.clone();
        let asker = thread::spawn(move || asked.request(question, LONG));
        while bus.core.order.lock().questions.len() == 0 {
            thread::yield_now();
        }
        other.publish(answer).expect("the bus is open");
        assert!(asker.join().expect("the asker ends").is_ok());
    });
}
