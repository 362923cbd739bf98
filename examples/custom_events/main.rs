//! Kinds of one's own: any dotted name, typed where that helps; registering one is optional.

use newswire::{Bus, Delivery, Event, Kind, Payload, Result, Severity, json_len};
use serde::{Deserialize, Serialize};

/// A payload of one's own is a struct that knows its kind and how large it can become.
#[derive(Clone, Serialize, Deserialize)]
struct CacheHit {
    cache_key: String,
    response_bytes: u64,
}

impl Payload for CacheHit {
    fn kind(&self) -> Kind {
        Kind::parse("middleware.cache.hit").expect("a well-formed name")
    }

    fn size_bound(&self) -> usize {
        64 + json_len(&self.cache_key)
    }
}

fn main() -> Result<()> {
    let bus = Bus::new();
    // Optional: whoever registers another type for this name is told so.
    Kind::register::<CacheHit>("middleware.cache.hit")?;
    let mut hits = bus.subscribe("middleware.cache.* and payload.response_bytes > 1000")?;
    let mut deploys = bus.subscribe("deploy.* and severity >= warn and tag:canary")?;
    let emitter = bus.emitter();

    // Typed: emitted with the context of the emitter, and only if somebody wants it.
    emitter.emit(CacheHit { cache_key: "greeting".into(), response_bytes: 12 })?;
    emitter.emit(CacheHit { cache_key: "report".into(), response_bytes: 48_000 })?;

    // Untyped: any JSON, with a sentence for people; tags and attributes are the emitter's.
    let emitter = emitter.with_tag("canary")?.with_attr("region", "eu-1")?;
    let event = emitter
        .event(Kind::parse("deploy.finished")?)
        .severity(Severity::Warn)
        .message("Deployed, one check is flaky")
        .serialize(&serde_json::json!({"version": "1.2"}))
        .build()?;
    emitter.publish(event)?;

    while let Some(Delivery::Event(event)) = hits.try_next()? {
        // It is the very value that was emitted; JSON is made only where somebody asks for it.
        if let Some(hit) = event.as_payload::<CacheHit>()? {
            println!("{}: {} has {} bytes", event.kind(), hit.cache_key, hit.response_bytes);
        }
    }
    while let Some(Delivery::Event(event)) = deploys.try_next()? {
        let region = event.attr("region").map_or("?", |region| region.get());
        println!("{}: {} in {region}", event.kind(), event.message().unwrap_or_default());
    }
    // Names have a grammar; a wrong one says so.
    if let Err(error) = Kind::parse("Deploy Finished") {
        println!("column {}: {}", error.column().unwrap_or(0), error.message());
    }
    // A payload that doesn't fit its reader is an error of the reader, with its place.
    let odd = Event::builder(Kind::parse("middleware.cache.hit")?).json(r#"{"cache_key":7}"#).build()?;
    if let Err(error) = odd.payload::<CacheHit>() {
        println!("{}: {}", error.path().unwrap_or("?"), error.kind().as_str());
    }
    Ok(())
}
