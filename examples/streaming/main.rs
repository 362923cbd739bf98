//! An answer as it is written: chunks are events, and a subscription may have several merged into one.
//!
//! Here the terminal prints each chunk; a slower consumer, such as a browser, gets the same text in fewer
//! events.

use std::io::{Write, stdout};
use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::catalogue::message::MessageDelta;
use newswire::catalogue::model::ModelCallCompleted;
use newswire::{Bus, Coalesce, Delivery, Event, Result, SubscribeOptions};

fn main() -> Result<()> {
    let bus = Bus::new();
    let _terminal = bus.on_payload(|_: &Event, chunk: &MessageDelta| {
        print!("{}", chunk.text);
        let _ = stdout().flush();
    })?;
    // 50 ms are customary; here it is long, so that a busy machine prints the same.
    let coalesce = Some(Coalesce { window: Duration::from_secs(5), max_bytes: 1 << 16 });
    let mut browser = bus.subscribe_with(
        "message.delta or model.call.completed",
        SubscribeOptions { coalesce, ..SubscribeOptions::default() },
    )?;

    let call = bus.emitter().model_call("scripted-1", "scripted");
    for chunk in ["Sales ", "in ", "Q4 ", "went ", "up ", "by 15 %."] {
        call.emitter().message_delta("m-1", chunk)?;
    }
    call.complete(Usage::tokens(120, 9))?;
    bus.close(Duration::from_secs(10));

    println!();
    while let Some(Delivery::Event(event)) = browser.next() {
        if let Some(delta) = event.as_payload::<MessageDelta>()? {
            let chunks = event.merged().map_or(1, |merged| merged.count);
            println!("browser: {:?}, from {chunks} chunks", delta.text);
        } else if let Some(call) = event.as_payload::<ModelCallCompleted>()? {
            let output = call.usage.as_ref().and_then(|usage| usage.output_tokens).unwrap_or(0);
            println!("browser: done, {output} tokens");
        }
    }
    Ok(())
}
