//! Responses, as OpenAI made them; Azure, xAI, LM Studio and others stream the same.
//!
//! | chunk | events |
//! |---|---|
//! | `response.created` | `model.call.started` |
//! | `response.output_item.added`, `.done` | by their item: see `items` |
//! | `response.output_text.delta`, `.refusal.delta`, and their `.done` | `message.delta`; `message.created` |
//! | `response.reasoning_text.delta`, `.reasoning_summary_text.delta`, and their `.done` | `reasoning.delta`; `reasoning.created` |
//! | `response.*_arguments.delta`, `_input.delta`, `_code.delta`, `_diff.delta`, `shell_call_command.delta` | `tool.request.delta` |
//! | `response.completed`, `.incomplete`, `.failed` | `model.call.completed` or `failed` |
//! | how far a tool of the provider's is: `response.*_call.*`, `*_call_output*` | kept |
//! | what others told, again: `.in_progress`, `content_part.*`, `*.done` | kept |
//!
//! Parts are told apart by their place in the output, because some providers give an item a new id with every chunk.

use newswire::Result;
use newswire::catalogue::{Failure, Usage};

use super::{Family, chat, detail, fail, failure, items};
use crate::import::answer::{Answers, End, Made};
use crate::source::{Fields, from_seconds};

pub(super) const FAMILY: Family = Family {
    provider: Some("openai"),
    chunk,
    known: &[
        "type",
        "response",
        "item",
        "item_id",
        "output_index",
        "content_index",
        "summary_index",
        "command_index",
        "sequence_number",
        "obfuscation",
        "logprobs",
        "part",
        "annotation",
        "annotation_index",
        "copilot_usage",
        "error",
        "text",
        "refusal",
        "delta",
        "output",
        "partial_image_b64",
        "partial_image_index",
        "background",
        "output_format",
        "quality",
        "size",
    ],
};

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let sort: String = fields.peek_as("type").unwrap_or_default();
    let sort = sort.strip_prefix("response.").unwrap_or(&sort);
    let number = |name| fields.peek(name).map_or("0", |raw| raw.get());
    let output = number("output_index").to_owned();
    let within = fields.peek("summary_index").map_or_else(|| number("content_index"), |raw| raw.get());
    let key = format!("{output}/{within}");
    let id: Option<String> = fields.peek_as("item_id");
    match sort {
        "created" => return created(answers, fields, made),
        "completed" | "incomplete" | "failed" => return ended(answers, sort, fields, made),
        "in_progress" | "queued" => return Ok(()),
        _ => answers.begin(None, made)?,
    };
    match sort {
        "output_item.added" => items::added(answers, &output, fields, made),
        "output_item.done" => items::done(answers, &output, fields, made),
        "output_text.delta" | "refusal.delta" => {
            let piece = fields.take_text("delta")?.unwrap_or_default();
            answers.text(&key, id.as_deref(), &piece, made)
        }
        "reasoning_text.delta" | "reasoning_summary_text.delta" => {
            let piece = fields.take_text("delta")?.unwrap_or_default();
            let key = format!("{output}/reasoning/{within}");
            answers.reasoning(&key, id.as_deref(), &piece, made)
        }
        "output_text.done" | "refusal.done" => {
            whole(answers, &key, fields, if sort == "refusal.done" { "refusal" } else { "text" }, made)
        }
        "reasoning_text.done" | "reasoning_summary_text.done" => {
            whole(answers, &format!("{output}/reasoning/{within}"), fields, "text", made)
        }
        request if request.ends_with(".delta") && items::is_request(request) => {
            let piece = fields.take_text("delta")?.unwrap_or_default();
            answers.arguments(&items::key(&output), &piece, made)
        }
        // The item that follows tells what a tool of the provider's came to.
        known if known.contains("_call.") || known.contains("_call_output") => Ok(()),
        known if items::REPEATED.contains(&known) || items::is_request(known) => Ok(()),
        _ => {
            made.unknown = Some(sort.to_owned());
            Ok(())
        }
    }
}

fn created<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let Some(raw) = fields.peek("response") else { return Ok(()) };
    let response = fields.object(raw)?;
    answers.end_for_next(made)?;
    if let Some(at) = response.peek_as("created_at").and_then(from_seconds) {
        answers.clock = at;
    }
    answers.begin(response.peek_as("model"), made)?.response = response.peek_as("id");
    Ok(())
}

/// The end of a text or reasoning, which tells it whole.
fn whole<'a>(
    answers: &mut Answers,
    key: &str,
    fields: &mut Fields<'a>,
    name: &str,
    made: &mut Made<'a>,
) -> Result<()> {
    let told: Option<String> = fields.peek_as(name);
    if told.is_some() && told.as_deref() == answers.so_far(key) {
        fields.take(name);
    }
    answers.close(key, made)
}

fn ended<'a>(answers: &mut Answers, sort: &str, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let Some(raw) = fields.peek("response") else { return Ok(()) };
    let mut response = fields.object(raw)?;
    // An error may have ended it already.
    if answers.call().is_none() && sort == "failed" {
        return Ok(());
    }
    let ended = response.peek_as("completed_at").and_then(from_seconds);
    let used = response.peek("usage").filter(|raw| raw.get() != "null");
    let used = used.map(|raw| usage(&response.object(raw)?)).transpose()?;
    let why = response.take_object("incomplete_details")?.and_then(|details| details.peek_as("reason"));
    let call = answers.begin(response.peek_as("model"), made)?;
    call.response = call.response.take().or_else(|| response.peek_as("id"));
    call.ended = ended;
    call.usage = used;
    call.finish = why.or_else(|| response.peek_as("status"));
    if sort == "failed" {
        let error = failure(&response)?.unwrap_or_else(|| Failure::new("the response failed"));
        return fail(answers, error, made);
    }
    answers.end(End::Completed, made)
}

fn usage(said: &Fields<'_>) -> Result<Usage> {
    Ok(Usage {
        input_tokens: said.tokens("input_tokens")?,
        output_tokens: said.tokens("output_tokens")?,
        reasoning_tokens: detail(said, "output_tokens_details", "reasoning_tokens")?,
        cache_read_tokens: detail(said, "input_tokens_details", "cached_tokens")?,
        cache_write_tokens: detail(said, "input_tokens_details", "cache_write_tokens")?,
        cost_usd: chat::cost(said),
    })
}
