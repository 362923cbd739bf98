//! Chapter 11: interest.

use std::sync::atomic::Ordering;

use newswire::{Bus, BusOptions, ErrorKind, Kind, Start, SubscribeOptions};

use super::common::{LONG, event, kind, publish, seqs};

#[test]
fn a_kind_is_wanted_while_a_subscription_could_take_it() {
    let bus = Bus::new();
    let (started, failed) = (kind("tool.call.started"), kind("run.failed"));
    assert!(!bus.wants(&started));
    let tools = bus.subscribe("tool.*").unwrap();
    let again = bus.subscribe("tool.* and severity>=warn").unwrap();
    assert!(bus.wants(&started) && !bus.wants(&failed));
    drop(tools);
    assert!(bus.wants(&started));
    drop(again);
    assert!(!bus.wants(&started));
}

#[test]
fn a_sink_a_history_and_a_pending_question_want_every_kind() {
    let started = kind("run.started");
    let remembering = Bus::with(BusOptions { history: 1, ..BusOptions::default() }).unwrap();
    assert!(remembering.wants(&started));
    let bus = Bus::new();
    let attachment = bus.attach("console:?color=never").unwrap();
    assert!(bus.wants(&started));
    attachment.detach().unwrap();
    assert!(!bus.wants(&started));
    let question = bus.request_async(event("run.progress"), LONG);
    assert!(bus.wants(&started));
    drop(question);
    assert!(!bus.wants(&started));
}

#[test]
fn what_subscriptions_want_outlasts_a_question() {
    let bus = Bus::new();
    let question = bus.request_async(event("run.progress"), LONG);
    let tools = bus.subscribe("tool.*").unwrap();
    let runs = bus.subscribe("run.*").unwrap();
    drop(runs);
    assert!(bus.wants(&kind("run.started")));
    drop(question);
    assert!(bus.wants(&kind("tool.call.started")) && !bus.wants(&kind("run.started")));
    drop(tools);
}

#[test]
fn a_kind_that_is_new_after_the_subscribe_is_wanted_at_once() {
    let bus = Bus::new();
    let mut broad = bus.subscribe("brand_new.*").unwrap();
    let fresh = kind("brand_new.made_just_now");
    assert!(bus.wants(&fresh));
    bus.publish(event("brand_new.made_just_now")).unwrap();
    assert_eq!(seqs(&mut broad), [1]);
}

#[test]
fn a_stale_bit_is_corrected_by_the_first_event_of_the_kind() {
    let bus = Bus::new();
    let _narrow = bus.subscribe("brand_old.*").unwrap();
    let other = kind("quite_another.kind_of_event");
    bus.publish(event("quite_another.kind_of_event")).unwrap();
    assert!(!bus.wants(&other));
}

#[test]
fn the_mask_is_read_in_place_and_says_what_wants_says() {
    let bus = Bus::new();
    let mask = bus.interest_mask();
    // A kind that another test names after the subscribe is wanted until its first event.
    let known = Kind::known();
    let _tools = bus.subscribe("tool.*").unwrap();
    for (number, known) in known.iter().enumerate() {
        let bit = mask[number / 64].load(Ordering::Relaxed) >> (number % 64) & 1 != 0;
        assert_eq!(bit, bus.wants(known), "{known}");
        assert_eq!(bit, known.as_str().starts_with("tool."), "{known}");
    }
}

#[test]
fn an_emitter_call_that_nobody_wants_takes_no_seq_and_a_ready_event_always_does() {
    use newswire::catalogue::tool::ToolCallStarted;
    let bus = Bus::new();
    let published = bus.emitter().emit(ToolCallStarted::new("search", None, None)).unwrap();
    assert_eq!((published.seq, published.matched), (None, 0));
    assert_eq!(bus.position().seq(), 0);
    assert_eq!(bus.publish(event("tool.call.started")).unwrap().seq, Some(1));
}

#[test]
fn a_subscription_after_the_last_event_is_counted_at_once() {
    let bus = Bus::new();
    publish(&bus, 1);
    let start = Start::After(bus.position());
    let mut resumed =
        bus.subscribe_with("*", SubscribeOptions { start, ..SubscribeOptions::default() }).unwrap();
    assert!(bus.wants(&kind("run.started")));
    publish(&bus, 2);
    assert_eq!(seqs(&mut resumed), [2, 3]);
}

#[test]
fn a_start_in_the_past_without_history_is_an_error_that_says_so() {
    let bus = Bus::new();
    for start in [Start::Earliest, Start::Last(3), Start::Since(0)] {
        let options = SubscribeOptions { start, ..SubscribeOptions::default() };
        let error = bus.subscribe_with("*", options).err().unwrap();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("options.start")));
        assert!(error.expected().unwrap().contains("history"), "{error}");
    }
}
