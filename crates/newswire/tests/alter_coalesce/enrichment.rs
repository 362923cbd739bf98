//! Enrichers complete an event before it has its seq, at every door, and never break a publish.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use newswire::catalogue::message::MessageDelta;
use newswire::{ErrorKind, ScopeField, Severity, Source};

use super::*;

#[test]
fn an_enricher_completes_every_event_at_every_door() -> Result<()> {
    let bus = Bus::new();
    let _enricher = bus.add_enricher(|event| {
        event.attr("region", "eu-1");
        event.tag("enriched");
        event.scope(ScopeField::Run, "r-1");
        event.source(Source::named("tool_runner", "ls").unwrap());
        event.severity(Severity::Warn);
        event.message("seen");
        event.json(r#"{"n":1}"#);
    })?;
    let filter = "run=r-1 and tag=enriched and attrs.region=eu-1 and source.name=ls and payload.n=1";
    let mut events = bus.subscribe(filter)?;
    let sent: Vec<_> = (0..4).map(|_| plain("work.done")).collect();
    let [one, two, three, four] = [0, 1, 2, 3].map(|place: usize| sent[place].clone());
    bus.publish(one)?;
    bus.try_publish(two)?;
    bus.publish_batch(vec![three])?;
    drop(bus.publish_async(four)?);
    for before in &sent {
        let event = events.try_next()?.and_then(Delivery::event).unwrap();
        assert_eq!((event.id(), event.kind()), (before.id(), before.kind()));
        assert_eq!(event.correlation(), before.correlation());
        assert_eq!((event.message(), event.severity()), (Some("seen"), Severity::Warn));
        assert!(event.to_json().len() <= event.size());
        assert_eq!(before.message(), None, "the publisher's own event stays as it was");
    }
    Ok(())
}

#[test]
fn a_typed_payload_stays_typed_unless_an_enricher_sets_another() -> Result<()> {
    let bus = Bus::new();
    let _enricher = bus.add_enricher(|event| event.tag("seen"))?;
    let mut events = bus.subscribe("*")?;
    bus.publish(delta("m-1", "typed"))?;
    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    let payload = event.payload::<MessageDelta>()?.unwrap();
    assert!(matches!(payload, std::borrow::Cow::Borrowed(_)));
    Ok(())
}

#[test]
fn one_that_panics_or_sets_nonsense_is_counted_and_changes_nothing() -> Result<()> {
    let bus = Bus::new();
    let _first = bus.add_enricher(|event| {
        event.tag("half");
        panic!("broken");
    })?;
    let _second = bus.add_enricher(|event| {
        event.tag("half");
        event.json("{no json");
    })?;
    let _third = bus.add_enricher(|event| event.message(&"x".repeat(newswire::MAX_EVENT_BYTES)))?;
    let _fourth = bus.add_enricher(|event| event.tag("whole"))?;
    let mut events = bus.subscribe("*")?;
    bus.publish(plain("work.done"))?;
    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    assert_eq!(event.tags().collect::<Vec<_>>(), ["whole"]);
    assert_eq!(event.message(), None);
    assert_eq!(bus.stats().alteration_failures, 3);
    Ok(())
}

#[test]
fn an_enricher_ends_with_its_handle_unless_it_is_kept_forever() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe("*")?;
    bus.add_enricher(|event| event.tag("forever"))?.forever();
    let enricher = bus.add_enricher(|event| event.tag("for now"))?;
    bus.publish(plain("work.done"))?;
    drop(enricher);
    bus.publish(plain("work.done"))?;
    let mut tags = || -> Result<Vec<String>> {
        let event = events.try_next()?.and_then(Delivery::event).unwrap();
        Ok(event.tags().map(str::to_owned).collect())
    };
    assert_eq!(tags()?, ["for now", "forever"]);
    assert_eq!(tags()?, ["forever"]);
    Ok(())
}

#[test]
fn what_an_enricher_publishes_is_not_enriched_again() -> Result<()> {
    let bus = Bus::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let (inner, counted) = (bus.clone(), calls.clone());
    let _enricher = bus.add_enricher(move |event| {
        counted.fetch_add(1, Ordering::Relaxed);
        event.tag("seen");
        inner.publish(plain("work.noted")).unwrap();
    })?;
    let mut events = bus.subscribe("*")?;
    bus.publish(plain("work.done"))?;
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(events.try_next()?.map(|item| shown(&item)).unwrap(), "1 work.noted");
    assert_eq!(events.try_next()?.map(|item| shown(&item)).unwrap(), "2 work.done");
    Ok(())
}

#[test]
fn there_may_be_only_so_many_enrichers() -> Result<()> {
    let bus = Bus::new();
    let kept = (0..64).map(|_| bus.add_enricher(|_| {})).collect::<Result<Vec<_>>>()?;
    assert_eq!(bus.add_enricher(|_| {}).unwrap_err().kind(), ErrorKind::Full);
    drop(kept);
    drop(bus.add_enricher(|_| {})?);
    Ok(())
}

#[test]
fn a_thread_is_enriched_again_after_an_enricher_whose_panic_panics_when_freed() -> Result<()> {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("it goes off");
        }
    }
    let bus = Bus::new();
    let mut events = bus.subscribe("work.done and tag=enriched")?;
    let _enricher = bus.add_enricher(|event| {
        event.tag("enriched");
        if event.event().kind().as_str() == "bomb.dropped" {
            std::panic::panic_any(Bomb);
        }
    })?;
    let published = catch_unwind(AssertUnwindSafe(|| publish(&bus, plain("bomb.dropped"))));
    assert!(published.is_err());
    publish(&bus, plain("work.done"))?;
    assert!(events.try_next()?.is_some());
    Ok(())
}
