//! A chat agent with a scripted model: turns, calls, a tool, an approval, messages; and everything that a
//! program around it wants to know comes from the bus alone.

use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::view::UsageMeter;
use newswire::{Bus, Emitter, Event, Result, ScopeField};
use serde_json::{Value, json};

/// What the user says, the tool that the model wants and whether the user lets it, the answer.
type Exchange = (&'static str, Option<(&'static str, bool)>, &'static str);

const SCRIPT: [Exchange; 3] = [
    ("Hello!", None, "Hello. What can I do for you?"),
    ("What time is it in Lisbon?", Some(("clock", true)), "It is noon."),
    ("Delete my mails.", Some(("delete_mail", false)), "You didn't want me to, so I left them."),
];

fn main() -> Result<()> {
    let bus = Bus::new();
    let _screen = bus.on("message.created or tool.approval.completed or tool.call.*", |event: &Event| {
        let payload: Value = serde_json::from_str(event.payload_json().unwrap_or("{}")).unwrap_or_default();
        match event.kind().as_str() {
            "message.created" => println!("{}: {}", text(&payload["role"]), text(&payload["content"])),
            "tool.approval.completed" => println!("  approved: {}", payload["approved"]),
            kind => println!("  {kind} {}", text(&payload["name"])),
        }
    })?;
    let meter = bus.watch(UsageMeter::new())?;

    let emitter = bus.emitter().with_scope(ScopeField::Session, "s-1")?;
    let session = emitter.session("chat");
    for (index, (said, tool, answer)) in SCRIPT.into_iter().enumerate() {
        let within = session.emitter().with_scope(ScopeField::Turn, format!("t-{}", index + 1))?;
        within.message_created("user", said)?;
        let turn = within.turn(None, said);
        let agent = turn.emitter();
        ask(&agent, 100 + 40 * index as u64)?;
        if let Some((name, lets)) = tool {
            use_tool(&agent, name, lets)?;
            ask(&agent, 150 + 40 * index as u64)?;
        }
        turn.complete(answer)?;
        within.message_created("assistant", answer)?;
    }
    let total = meter.snapshot().total;
    session.complete(Usage::tokens(total.input_tokens, total.output_tokens))?;

    bus.close(Duration::from_secs(10));
    println!("{} model calls, {} tokens", total.calls, total.tokens());
    Ok(())
}

fn ask(agent: &Emitter, tokens: u64) -> Result<()> {
    agent.model_call("scripted-1", "scripted").complete(Usage::tokens(tokens, 12))?;
    Ok(())
}

/// A refusal is no error: the approval has completed with its verdict, and the call is canceled.
fn use_tool(agent: &Emitter, name: &str, lets: bool) -> Result<()> {
    let asking = agent.tool_approval(name, "call-1", None);
    asking.complete_with(lets, |verdict| verdict.decided_by = Some("user".into()))?;
    let call = agent.tool_call(name, "call-1", None);
    match lets {
        true => call.complete(json!("12:00"))?,
        false => call.cancel("not approved")?,
    };
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}
