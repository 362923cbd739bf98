//! Chapter 14: asking.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use newswire::{
    Bus, BusOptions, Correlation, CorrelationField, ErrorKind, Event, GapReason, HandlerOptions, LoopThread,
    Mode, SubscribeOptions,
};

use super::common::{Item, LONG, blocking, drain, event, eventually, inline, kind, publish, seqs};

const SHORT: Duration = Duration::from_millis(20);

fn reply_to(question: &Event, name: &str) -> Event {
    let id = question.id().to_string();
    let correlation = Correlation::new().with(CorrelationField::ReplyTo, id).unwrap();
    Event::builder(kind(name)).correlation(correlation).build().unwrap()
}

/// A bus on which somebody answers every `task.started` twice.
fn answering(mode: Mode) -> (Bus, newswire::Listener) {
    let bus = Bus::new();
    let inner = bus.clone();
    let options = HandlerOptions { mode, ..HandlerOptions::default() };
    let listener = bus.on_with("task.started", options, move |question: &Event| {
        inner.publish(reply_to(question, "task.completed")).unwrap();
        inner.publish(reply_to(question, "task.failed")).unwrap();
    });
    (bus, listener.unwrap())
}

#[test]
fn a_request_gets_the_first_reply_and_later_ones_are_ordinary() {
    for mode in [Mode::Locked, Mode::Inline] {
        let (bus, listener) = answering(mode);
        let mut replies = bus.subscribe("task.completed or task.failed").unwrap();
        let answer = bus.request(event("task.started"), LONG).unwrap();
        assert_eq!((answer.kind().as_str(), answer.seq()), ("task.completed", 2));
        eventually("both are there", || replies.stats().books.queued == 2);
        assert_eq!(seqs(&mut replies), [2, 3]);
        assert_eq!(bus.stats().pending_requests, 0);
        drop(listener);
        bus.close(LONG);
    }
}

#[test]
fn a_question_is_not_a_subscription() {
    let (bus, _listener) = answering(Mode::Inline);
    let question = bus.request_async(event("run.started"), LONG);
    assert_eq!((bus.stats().subscriptions.len(), bus.stats().pending_requests), (1, 1));
    assert_eq!(bus.publish(event("run.failed")).unwrap().matched, 0);
    drop(question);
    assert_eq!(bus.stats().pending_requests, 0);
    bus.close(LONG);
}

#[test]
fn a_question_without_answer_times_out_and_is_given_back() {
    let bus = Bus::new();
    let question = event("task.started");
    let rejected = bus.request(question.clone(), SHORT).unwrap_err();
    assert_eq!((rejected.error.kind(), rejected.value.id()), (ErrorKind::TimedOut, question.id()));
    assert_eq!((bus.stats().pending_requests, bus.position().seq()), (0, 1));
    let none = bus.request(question, Duration::ZERO).unwrap_err();
    assert_eq!(none.error.kind(), ErrorKind::TimedOut);
}

#[test]
fn pending_questions_are_bounded() {
    let bus = Bus::with(BusOptions { pending_requests: 2, ..BusOptions::default() }).unwrap();
    let held: Vec<_> = (0..2).map(|_| bus.request_async(event("task.started"), LONG)).collect();
    let rejected = bus.request(event("task.started"), LONG).unwrap_err();
    assert_eq!(rejected.error.kind(), ErrorKind::Full);
    assert_eq!(bus.position().seq(), 2);
    drop(held);
    assert_eq!(bus.request(event("task.started"), SHORT).unwrap_err().error.kind(), ErrorKind::TimedOut);
}

#[test]
fn one_event_is_one_question_at_a_time() {
    let bus = Bus::new();
    let question = event("task.started");
    let first = bus.request_async(question.clone(), LONG);
    assert_eq!(bus.request(question.clone(), LONG).unwrap_err().error.kind(), ErrorKind::Invalid);
    let again = futures_executor::block_on(bus.request_async(question.clone(), LONG));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Invalid);
    bus.publish(reply_to(&question, "task.completed")).unwrap();
    assert_eq!(futures_executor::block_on(first).unwrap().kind().as_str(), "task.completed");
}

#[test]
fn the_async_forms_work_under_any_executor() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (bus, _listener) = answering(Mode::Locked);
    for _ in 0..20 {
        let answer = runtime.block_on(bus.request_async(event("task.started"), LONG)).unwrap();
        assert_eq!(answer.kind().as_str(), "task.completed");
        let answer = futures_executor::block_on(bus.request_async(event("task.started"), LONG)).unwrap();
        assert_eq!(answer.kind().as_str(), "task.completed");
    }
    let late = |bus: &Bus| bus.request_async(event("run.started"), SHORT);
    assert_eq!(runtime.block_on(late(&bus)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(futures_executor::block_on(late(&bus)).unwrap_err().kind(), ErrorKind::TimedOut);
    bus.close(LONG);
}

#[test]
fn wait_for_gives_the_first_event_that_matches() {
    let bus = Bus::new();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| bus.wait_for("tool.* and severity>=error", LONG));
        eventually("somebody waits", || bus.stats().subscriptions.len() == 1);
        publish(&bus, 2);
        bus.publish(event("tool.call.started")).unwrap();
        bus.publish(event("tool.call.failed")).unwrap();
        bus.publish(event("tool.call.failed")).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap().seq(), 4);
    });
    assert_eq!(bus.wait_for("*", SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(bus.stats().subscriptions.is_empty());
}

#[test]
fn wait_for_async_listens_from_the_call_on() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bus = Bus::new();
    let (one, other) = (bus.wait_for_async("run.*", LONG), bus.wait_for_async("run.*", LONG));
    publish(&bus, 1);
    bus.publish(event("run.started")).unwrap();
    assert_eq!(runtime.block_on(one).unwrap().seq(), 2);
    assert_eq!(futures_executor::block_on(other).unwrap().seq(), 2);
    let late = || bus.wait_for_async("run.*", SHORT);
    assert_eq!(runtime.block_on(late()).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(futures_executor::block_on(late()).unwrap_err().kind(), ErrorKind::TimedOut);
    let wrong = futures_executor::block_on(bus.wait_for_async("run.* and", LONG));
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn a_deadline_wakes_whoever_polled_last() {
    let bus = Bus::new();
    let mut expecting = Box::pin(bus.wait_for_async("run.*", SHORT));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(expecting.as_mut().poll(&mut context).is_pending());
    assert_eq!(futures_executor::block_on(expecting).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn the_blocking_forms_inside_a_handler_would_deadlock_at_once() {
    for options in [HandlerOptions::default(), inline(SubscribeOptions::default())] {
        let bus = Bus::new();
        let (inner, (tell, told)) = (bus.clone(), mpsc::channel());
        let _handler = bus.on_with("run.*", options, move |_: &Event| {
            let asked = inner.request(event("task.started"), LONG).unwrap_err();
            tell.send((asked.error.kind(), inner.wait_for("*", LONG).unwrap_err().kind())).unwrap();
        });
        bus.publish(event("run.started")).unwrap();
        let kinds = told.recv_timeout(LONG / 2).unwrap();
        assert_eq!(kinds, (ErrorKind::WouldDeadlock, ErrorKind::WouldDeadlock));
        assert_eq!(bus.position().seq(), 1);
        bus.close(LONG);
    }
}

#[test]
fn the_blocking_forms_on_a_loop_thread_would_deadlock_and_the_async_forms_work() {
    let (bus, _listener) = answering(Mode::Locked);
    let _on_loop = LoopThread::enter();
    let error = bus.request(event("task.started"), LONG).unwrap_err().error;
    assert_eq!((error.kind(), error.expected()), (ErrorKind::WouldDeadlock, Some("request_async")));
    assert_eq!(bus.wait_for("*", LONG).unwrap_err().kind(), ErrorKind::WouldDeadlock);
    let answer = futures_executor::block_on(bus.request_async(event("task.started"), LONG)).unwrap();
    assert_eq!(answer.kind().as_str(), "task.completed");
    let mut all = bus.subscribe("*").unwrap();
    assert_eq!(all.next_timeout(LONG).unwrap_err().kind(), ErrorKind::WouldDeadlock);
}

#[test]
fn a_request_waits_for_room_no_longer_than_for_its_answer() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    let began = Instant::now();
    let error = bus.request(event("tool.asked"), Duration::from_millis(50)).unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() < LONG / 2, "it waited for room, {:?}", began.elapsed());
    assert_eq!(drain(&mut full), [Item::Seq(1), Item::Lost(2, 2, 1, GapReason::WaitedTooLong)]);
    assert_eq!((bus.stats().pending_requests, full.stats().books.waiting), (0, 0));
}

#[test]
fn a_request_without_a_thread_waits_for_room_by_polling() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    let began = Instant::now();
    let question = event("tool.asked");
    let mut request = pin!(bus.request_async(question.clone(), LONG));
    assert!(began.elapsed() < LONG / 2, "it held the thread, {:?}", began.elapsed());
    let mut context = Context::from_waker(Waker::noop());
    assert!(request.as_mut().poll(&mut context).is_pending());
    assert_eq!(full.stats().books.waiting, 1);
    assert_eq!(full.try_next().unwrap().map(Item::from), Some(Item::Seq(1)));
    assert!(request.as_mut().poll(&mut context).is_pending());
    assert_eq!(full.try_next().unwrap().map(Item::from), Some(Item::Seq(2)));
    bus.publish(reply_to(&question, "tool.answered")).unwrap();
    let Poll::Ready(Ok(answer)) = request.poll(&mut context) else { panic!("the answer is there") };
    assert_eq!(answer.seq(), 3);
}

#[test]
fn the_time_of_a_request_covers_the_wait_for_room() {
    let bus = Bus::new();
    let full = bus.subscribe_with("tool.asked", blocking(1)).unwrap();
    bus.publish(event("tool.asked")).unwrap();
    let began = Instant::now();
    let error = block_on(bus.request_async(event("tool.asked"), Duration::from_millis(50))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() < LONG / 2, "it waited for room, {:?}", began.elapsed());
    assert_eq!((bus.stats().pending_requests, full.stats().books.waiting), (0, 0));
    let question = event("tool.asked");
    let request = bus.request_async(question.clone(), Duration::from_millis(50));
    bus.publish(reply_to(&question, "tool.answered")).unwrap();
    assert_eq!(block_on(request).unwrap().kind().as_str(), "tool.answered");
}
