//! The pull side awaited: the same stream under two executors, over plain wakers.

use std::future::poll_fn;
use std::thread;
use std::time::Duration;

use newswire::{Bus, SubscribeOptions, SubscriptionStream, WhenFull};

use super::common::{Item, LONG, blocking, publish, queue};

async fn collect(mut stream: SubscriptionStream) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some(delivery) = poll_fn(|context| stream.poll_next(context)).await {
        items.push(Item::from(delivery));
    }
    items
}

type Executor = (&'static str, fn(SubscriptionStream) -> Vec<Item>);

fn executors() -> [Executor; 2] {
    let with_tokio =
        |stream| tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(collect(stream));
    [("tokio", with_tokio), ("futures", |stream| futures_executor::block_on(collect(stream)))]
}

#[test]
fn a_stream_gives_all_in_order_and_ends_with_the_bus() {
    for (name, run) in executors() {
        let bus = Bus::new();
        let options = SubscribeOptions { buffer: 100_000, ..SubscribeOptions::default() };
        let shared = bus.subscribe_with("*", options).unwrap();
        let full = bus.subscribe_with("*", blocking(3)).unwrap();
        thread::scope(|scope| {
            let streams = [shared, full].map(|one| scope.spawn(move || run(one.stream())));
            publish(&bus, 2_000);
            bus.close(LONG);
            for stream in streams {
                let items = stream.join().unwrap();
                assert_eq!(items, (1..=2_000).map(Item::Seq).collect::<Vec<_>>(), "{name}");
            }
        });
    }
}

#[test]
fn many_streams_of_one_executor_are_all_woken() {
    let bus = Bus::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let streams: Vec<_> = (0..50).map(|_| bus.subscribe("*").unwrap().stream()).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                thread::sleep(Duration::from_micros(300));
                publish(&bus, 1);
            }
            bus.close(LONG);
        });
        let counts = runtime.block_on(async {
            let tasks: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(collect(stream))).collect();
            let mut counts = Vec::new();
            for task in tasks {
                counts.push(task.await.unwrap().len());
            }
            counts
        });
        assert_eq!(counts, [20; 50]);
    });
}

#[test]
fn a_task_that_is_never_polled_keeps_nobody_from_being_woken() {
    let bus = Bus::new();
    let mut asleep = bus.subscribe("*").unwrap().stream();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asleep.poll_next(&mut context).is_pending());
    let mut waiting = bus.subscribe("*").unwrap();
    thread::scope(|scope| {
        let consumer = scope.spawn(move || waiting.next_timeout(LONG).map(Item::from));
        thread::sleep(Duration::from_millis(5));
        publish(&bus, 1);
        assert_eq!(consumer.join().unwrap().unwrap(), Item::Seq(1));
    });
}

#[test]
fn a_handler_that_no_worker_comes_for_keeps_nobody_from_being_woken() {
    let bus = Bus::with(newswire::BusOptions { workers: 1, ..Default::default() }).unwrap();
    let (arrived, open, wait) = super::common::gate();
    let _stuck = bus.on("run.*", move |_: &newswire::Event| wait()).unwrap();
    let _behind = bus.on("*", |_: &newswire::Event| ()).unwrap();
    bus.publish(super::common::event("run.started")).unwrap();
    arrived.recv_timeout(LONG).unwrap();
    let mut waiting = bus.subscribe("log.*").unwrap();
    thread::scope(|scope| {
        let consumer = scope.spawn(move || waiting.next_timeout(LONG / 2).map(Item::from));
        thread::sleep(Duration::from_millis(5));
        publish(&bus, 1);
        assert_eq!(consumer.join().unwrap().unwrap(), Item::Seq(2));
    });
    open.send(()).unwrap();
}

#[test]
fn dropping_a_future_that_waits_loses_nothing() {
    let bus = Bus::new();
    let mut stream = bus.subscribe("*").unwrap().stream();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(stream.poll_next(&mut context).is_pending());
    publish(&bus, 2);
    let mut back = stream.into_inner();
    assert_eq!(super::common::seqs(&mut back), [1, 2]);
}

#[test]
fn a_stream_tells_gaps_too() {
    for (name, run) in executors() {
        let bus = Bus::new();
        let small = bus.subscribe_with("*", queue(1, WhenFull::DropOldest)).unwrap();
        publish(&bus, 3);
        bus.close(LONG);
        let items = run(small.stream());
        assert_eq!(items, [Item::Lost(1, 2, 2, newswire::GapReason::Full), Item::Seq(3)], "{name}");
    }
}
