//! Chat completions, as OpenAI made them and many others speak them; the old completions too.
//!
//! | in a choice | events |
//! |---|---|
//! | `delta.content`, text or parts; `text` | `message.delta` |
//! | `delta.reasoning_content`, `reasoning`, parts of `thinking` | `reasoning.delta` |
//! | `delta.tool_calls` | `tool.request.started`, `tool.request.delta` |
//! | `finish_reason`, and `usage` beside | `model.call.completed`, when the source ends or the next answer begins |

use newswire::Result;
use newswire::catalogue::Usage;

use super::{Family, detail, fail, failure};
use crate::import::answer::{Answers, Made};
use crate::source::{Fields, from_seconds};

pub(super) const FAMILY: Family = Family {
    provider: Some("openai"),
    chunk,
    known: &[
        "id",
        "object",
        "created",
        "model",
        "system_fingerprint",
        "service_tier",
        "obfuscation",
        "usage",
        "error",
        "citations",
        "x_groq",
        "prompt_filter_results",
        "choices.index",
        "choices.finish_reason",
        "choices.matched_stop",
        "choices.logprobs",
        "choices.content_filter_results",
        "choices.delta.role",
        "choices.delta.index",
        "choices.delta.refusal",
        "choices.delta.tool_calls.index",
        "choices.delta.tool_calls.type",
        "choices.delta.tool_calls.id",
        "choices.delta.tool_calls.function.name",
    ],
};

/// How many of xAI's ticks are a US dollar.
const TICKS_PER_USD: f64 = 1e10;

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let id: Option<String> = fields.peek_as("id").filter(|id: &String| !id.is_empty());
    let model: Option<String> = fields.peek_as("model").filter(|model: &String| !model.is_empty());
    if let Some(created) = fields.peek_as("created").and_then(from_seconds) {
        answers.clock = created;
    }
    if let Some(error) = failure(fields)? {
        return fail(answers, error, made);
    }
    let choices = fields.take_array("choices")?;
    if choices.is_empty() && answers.call().is_none() {
        // Filters of prompts come before there is an answer.
        return Ok(());
    }
    let call = answers.begin_response(id, model.clone(), made)?;
    if model.is_some() {
        // A router tells later which model it is.
        call.answers = model;
    }
    for raw in choices {
        choice(answers, fields.object(raw)?, made)?;
    }
    let groq = fields.peek("x_groq").map(|raw| fields.object(raw)).transpose()?;
    let of_groq = groq.as_ref().and_then(|groq| groq.peek("usage"));
    for raw in [fields.peek("usage"), of_groq].into_iter().flatten().filter(|raw| raw.get() != "null") {
        let used = usage(&fields.object(raw)?)?;
        if let Some(call) = answers.call() {
            call.usage = Some(used);
        }
    }
    Ok(())
}

fn choice<'a>(answers: &mut Answers, mut choice: Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let index = choice.peek("index").map_or("0", |raw| raw.get()).to_owned();
    if let Some(text) = choice.take_text("text")?.filter(|text| !text.is_empty()) {
        answers.text(&format!("{index}/text"), None, &text, made)?;
    }
    if let Some(mut delta) = choice.take_object("delta")? {
        for name in ["reasoning_content", "reasoning"] {
            if let Some(text) = delta.take_text(name)? {
                reasoning(answers, &index, &text, made)?;
            }
        }
        match delta.take("content") {
            Some(raw) if raw.get().starts_with('[') => {
                for part in delta.array(raw)? {
                    content(answers, &index, delta.object(part)?, made)?;
                }
            }
            Some(raw) if raw.get() != "null" => {
                let text: String =
                    serde_json::from_str(raw.get()).map_err(|_| delta.unfit(raw, "a string or parts"))?;
                said(answers, &index, &text, made)?;
            }
            _ => {}
        }
        for (place, raw) in delta.take_array("tool_calls")?.into_iter().enumerate() {
            tool_call(answers, &index, place, delta.object(raw)?, made)?;
        }
        made.keep_rest("choices.delta", &delta);
    }
    if let Some(reason) = choice.peek_as::<String>("finish_reason")
        && let Some(call) = answers.call()
    {
        call.finish = Some(reason);
    }
    made.keep_rest("choices", &choice);
    Ok(())
}

fn said(answers: &mut Answers, index: &str, text: &str, made: &mut Made<'_>) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let key = format!("{index}/text");
    answers.close_texts(&format!("{index}/"), &key, made)?;
    answers.text(&key, None, text, made)
}

fn reasoning(answers: &mut Answers, index: &str, text: &str, made: &mut Made<'_>) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let key = format!("{index}/reasoning");
    answers.close_texts(&format!("{index}/"), &key, made)?;
    answers.reasoning(&key, None, text, made)
}

/// Content in parts, as Mistral writes it.
fn content<'a>(answers: &mut Answers, index: &str, mut part: Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    match part.peek_as::<String>("type").as_deref() {
        Some("text") => {
            let text = part.take_text("text")?.unwrap_or_default();
            said(answers, index, &text, made)?;
        }
        Some("thinking") => {
            for raw in part.take_array("thinking")? {
                let mut piece = part.object(raw)?;
                let text = piece.take_text("text")?.unwrap_or_default();
                reasoning(answers, index, &text, made)?;
                piece.take("type");
                made.keep_rest("choices.delta.content.thinking", &piece);
            }
        }
        _ => {
            made.keep_rest("choices.delta.content", &part);
            return Ok(());
        }
    }
    part.take("type");
    made.keep_rest("choices.delta.content", &part);
    Ok(())
}

fn tool_call<'a>(
    answers: &mut Answers,
    index: &str,
    place: usize,
    mut call: Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    let number = call.peek("index").map_or_else(|| place.to_string(), |raw| raw.get().to_owned());
    let key = format!("{index}/tool/{number}");
    let id: Option<String> = call.peek_as("id").filter(|id: &String| !id.is_empty());
    let mut function = call.take_object("function")?;
    answers.close_texts(&format!("{index}/"), "", made)?;
    if let Some(id) = &id
        && !answers.is_request(&key, id)
    {
        // Some give all calls the same index, and tell them apart by id.
        answers.close(&key, made)?;
    }
    let name: Option<String> = function.as_ref().and_then(|function| function.peek_as("name"));
    if answers.request(&key, id.as_deref(), &name.unwrap_or_default(), made)? {
        call.take("id");
        function.as_mut().and_then(|function| function.take("name"));
    }
    let arguments = function.as_mut().map_or(Ok(None), |function| function.take_text("arguments"))?;
    answers.arguments(&key, &arguments.unwrap_or_default(), made)?;
    if let Some(function) = &function {
        made.keep_rest("choices.delta.tool_calls.function", function);
    }
    made.keep_rest("choices.delta.tool_calls", &call);
    Ok(())
}

fn usage(fields: &Fields<'_>) -> Result<Usage> {
    let input = fields.tokens("prompt_tokens")?;
    let written = fields.tokens("completion_tokens")?;
    let reasoning = detail(fields, "completion_tokens_details", "reasoning_tokens")?;
    let reasoning = reasoning.or(fields.tokens("reasoning_tokens")?);
    // Some count reasoning beside the answer; their total tells.
    let beside = match (input, written, reasoning, fields.tokens("total_tokens")?) {
        (Some(input), Some(written), Some(reasoning), Some(total)) if reasoning > 0 => {
            let sum = input.checked_add(written).and_then(|sum| sum.checked_add(reasoning));
            (sum == Some(total)).then_some(reasoning)
        }
        _ => None,
    };
    Ok(Usage {
        input_tokens: input,
        output_tokens: written.map(|written| written.saturating_add(beside.unwrap_or(0))),
        reasoning_tokens: reasoning,
        cache_read_tokens: detail(fields, "prompt_tokens_details", "cached_tokens")?,
        cache_write_tokens: detail(fields, "prompt_tokens_details", "cache_write_tokens")?,
        cost_usd: cost(fields),
    })
}

/// What it cost, where the provider tells: xAI does, in ticks.
pub(super) fn cost(usage: &Fields<'_>) -> Option<f64> {
    let ticks: f64 = usage.peek_as("cost_in_usd_ticks")?;
    Some(ticks / TICKS_PER_USD).filter(|usd| usd.is_finite() && *usd >= 0.0)
}
