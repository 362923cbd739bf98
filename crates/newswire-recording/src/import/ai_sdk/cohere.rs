//! Chat of Cohere, version 2.
//!
//! | chunk | events |
//! |---|---|
//! | `message-start` | `model.call.started` |
//! | `content-start`, `-delta`, `-end` | `message.delta`, `reasoning.delta`, and the part whole |
//! | `tool-plan-delta` | `reasoning.delta`: what the model means to do before it calls tools |
//! | `tool-call-start`, `-delta`, `-end` | `tool.request.*` |
//! | `message-end` | `model.call.completed` |

use newswire::Result;
use newswire::catalogue::Usage;

use super::{Family, detail};
use crate::import::answer::{Answers, End, Made};
use crate::source::Fields;

pub(super) const FAMILY: Family = Family {
    provider: Some("cohere"),
    chunk,
    known: &[
        "id",
        "type",
        "index",
        "delta",
        "delta.message.role",
        "delta.message.content.type",
        "delta.message.tool_calls.type",
    ],
};

/// The part of the plan, which has no index.
const PLAN: &str = "plan";

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let sort: String = fields.peek_as("type").unwrap_or_default();
    let key = fields.peek("index").map_or("0", |raw| raw.get()).to_owned();
    match sort.as_str() {
        "message-start" => {
            answers.end_for_next(made)?;
            answers.begin(None, made)?.response = fields.peek_as("id");
            return Ok(());
        }
        "content-start" | "content-delta" => {
            answers.begin(None, made)?;
            answers.close(PLAN, made)?;
        }
        "content-end" => return answers.close(&format!("content/{key}"), made),
        "tool-call-start" | "tool-call-delta" | "tool-plan-delta" => {
            answers.begin(None, made)?;
        }
        "tool-call-end" => return answers.close(&format!("tool/{key}"), made),
        "message-end" => return end(answers, fields, made),
        _ => {
            made.unknown = Some(sort);
            return Ok(());
        }
    }
    let Some(mut delta) = fields.take_object("delta")? else { return Ok(()) };
    if let Some(mut message) = delta.take_object("message")? {
        if let Some(piece) = message.take_text("tool_plan")? {
            answers.reasoning(PLAN, None, &piece, made)?;
        }
        if let Some(mut content) = message.take_object("content")? {
            let key = format!("content/{key}");
            if let Some(text) = content.take_text("text")? {
                answers.text(&key, None, &text, made)?;
            }
            if let Some(text) = content.take_text("thinking")? {
                answers.reasoning(&key, None, &text, made)?;
            }
            made.keep_rest("delta.message.content", &content);
        }
        if let Some(mut call) = message.take_object("tool_calls")? {
            let key = format!("tool/{key}");
            answers.close(PLAN, made)?;
            let id: Option<String> = call.peek_as("id");
            if let Some(mut function) = call.take_object("function")? {
                if sort == "tool-call-start" {
                    answers.close(&key, made)?;
                    let name: Option<String> = function.peek_as("name");
                    if answers.request(&key, id.as_deref(), &name.unwrap_or_default(), made)? {
                        call.take("id");
                        function.take("name");
                    }
                }
                answers.arguments(&key, &function.take_text("arguments")?.unwrap_or_default(), made)?;
                made.keep_rest("delta.message.tool_calls.function", &function);
            }
            made.keep_rest("delta.message.tool_calls", &call);
        }
        made.keep_rest("delta.message", &message);
    }
    made.keep_rest("delta", &delta);
    Ok(())
}

fn end(answers: &mut Answers, fields: &Fields<'_>, made: &mut Made<'_>) -> Result<()> {
    let Some(raw) = fields.peek("delta") else { return answers.end(End::Completed, made) };
    let delta = fields.object(raw)?;
    let used = delta.peek("usage").map(|raw| usage(&delta.object(raw)?)).transpose()?;
    let call = answers.begin(None, made)?;
    call.finish = delta.peek_as("finish_reason");
    call.usage = used;
    answers.end(End::Completed, made)
}

/// The tokens that were processed; those that are billed are fewer.
fn usage(said: &Fields<'_>) -> Result<Usage> {
    Ok(Usage {
        input_tokens: detail(said, "tokens", "input_tokens")?,
        output_tokens: detail(said, "tokens", "output_tokens")?,
        cache_read_tokens: said.tokens("cached_tokens")?,
        ..Usage::default()
    })
}
