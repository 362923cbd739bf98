//! Messages of Anthropic.
//!
//! | chunk | events |
//! |---|---|
//! | `message_start` | `model.call.started`; a request for each tool use that it already holds |
//! | `content_block_start`, `_delta`, `_stop` of text, thinking, tool use | `message.delta`, `reasoning.delta`, `tool.request.*`, and the part whole |
//! | the same of a tool of theirs | `tool.call.started` with the request's end; `tool.call.completed` or `failed` with the result's block |
//! | the same of a compaction | `context.compacted` |
//! | the same of a fallback | kept; the other model is the call's `response_model` |
//! | `message_delta`, `message_stop` | usage and stop reason; `model.call.completed` |
//! | `ping`, anything else | kept |

use newswire::Result;
use newswire::catalogue::{Failure, Usage, context::ContextCompacted};

use super::{Family, detail};
use crate::import::answer::{Answers, End, Made, ToolEnd};
use crate::source::Fields;

pub(super) const FAMILY: Family = Family {
    provider: Some("anthropic"),
    chunk,
    known: &[
        "type",
        "index",
        "usage",
        "context_management",
        "message",
        "delta",
        "content_block.type",
        "content_block.id",
        "content_block.name",
        "content_block.input",
        "content_block.content",
        "content_block.signature",
        "content_block.caller",
        "content_block.server_name",
        "content_block.tool_use_id",
        "content_block.is_error",
    ],
};

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let sort: String = fields.peek_as("type").unwrap_or_default();
    match sort.as_str() {
        "message_start" => start(answers, fields, made),
        "content_block_start" => block(answers, fields, made),
        "content_block_delta" => delta(answers, fields, made),
        "content_block_stop" => answers.close_and_run(&key(fields), made),
        "message_delta" => {
            if let Some(raw) = fields.peek("usage") {
                used(answers, &fields.object(raw)?)?;
            }
            if let Some(raw) = fields.peek("delta") {
                stopped(answers, &fields.object(raw)?);
            }
            Ok(())
        }
        "message_stop" => answers.end(End::Completed, made),
        "ping" => Ok(()),
        _ => {
            made.unknown = Some(sort);
            Ok(())
        }
    }
}

/// Where a chunk belongs: the number of its block.
fn key(fields: &Fields<'_>) -> String {
    fields.peek("index").map_or("0", |raw| raw.get()).to_owned()
}

fn start<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let Some(raw) = fields.peek("message") else { return Ok(()) };
    let message = fields.object(raw)?;
    let id: Option<String> = message.peek_as("id");
    if answers.call().is_some_and(|call| call.response == id) {
        return Ok(());
    }
    answers.end_for_next(made)?;
    answers.begin(message.peek_as("model"), made)?.response = id;
    if let Some(raw) = message.peek("usage") {
        used(answers, &message.object(raw)?)?;
    }
    stopped(answers, &message);
    let content = message.peek("content").map(|raw| message.array(raw)).transpose()?;
    for (place, raw) in content.unwrap_or_default().into_iter().enumerate() {
        let mut part = message.object(raw)?;
        if part.peek_as::<String>("type").as_deref() == Some("tool_use") {
            tool_use(answers, &format!("start/{place}"), &mut part, made)?;
            answers.close(&format!("start/{place}"), made)?;
        }
    }
    Ok(())
}

fn stopped(answers: &mut Answers, said: &Fields<'_>) {
    if let (Some(reason), Some(call)) = (said.peek_as("stop_reason"), answers.call()) {
        call.finish = Some(reason);
    }
}

fn block<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    answers.begin(None, made)?;
    let key = key(fields);
    let Some(mut block) = fields.take_object("content_block")? else { return Ok(()) };
    let sort: String = block.peek_as("type").unwrap_or_default();
    match sort.as_str() {
        "text" => {
            let text = block.take_text("text")?.unwrap_or_default();
            answers.text(&key, None, &text, made)?;
        }
        "thinking" => {
            let text = block.take_text("thinking")?.unwrap_or_default();
            answers.reasoning(&key, None, &text, made)?;
        }
        "tool_use" => tool_use(answers, &key, &mut block, made)?,
        "server_tool_use" | "mcp_tool_use" => {
            tool_use(answers, &key, &mut block, made)?;
            answers.set_server(&key);
        }
        "compaction" => {}
        result if result.ends_with("_tool_result") => tool_result(answers, result, &mut block, made)?,
        "fallback" => {
            let to = block.peek("to").map(|raw| block.object(raw)).transpose()?;
            if let (Some(model), Some(call)) = (to.and_then(|to| to.peek_as("model")), answers.call()) {
                call.answers = Some(model);
            }
        }
        "redacted_thinking" => {}
        _ => made.unknown = Some(format!("content_block_start/{sort}")),
    }
    if made.is_empty() {
        return Ok(());
    }
    made.keep_rest("content_block", &block);
    Ok(())
}

fn tool_use(answers: &mut Answers, key: &str, block: &mut Fields<'_>, made: &mut Made<'_>) -> Result<()> {
    let (id, name): (Option<String>, Option<String>) = (block.peek_as("id"), block.peek_as("name"));
    answers.close(key, made)?;
    if answers.request(key, id.as_deref(), &name.unwrap_or_default(), made)? {
        block.take("id");
        block.take("name");
    }
    // Pieces of the input follow, unless it stands here; it is told even if the request's end never comes.
    match block.peek("input").filter(|input| input.get() != "{}") {
        Some(input) => _ = answers.set_arguments(key, input.get(), false),
        None => _ = block.take("input"),
    }
    Ok(())
}

fn tool_result<'a>(
    answers: &mut Answers,
    sort: &str,
    block: &mut Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    let id: String = block.peek_as("tool_use_id").unwrap_or_default();
    let named = answers.tools.name(&id).map(str::to_owned);
    let name = named.unwrap_or_else(|| sort.trim_end_matches("_tool_result").to_owned());
    let content = block.peek("content");
    let inner = content.filter(|raw| raw.get().starts_with('{')).map(|raw| block.object(raw)).transpose()?;
    let code: Option<String> = inner.as_ref().and_then(|inner| inner.peek_as("error_code"));
    let failed = code.is_some() || block.peek_as("is_error") == Some(true);
    if !failed {
        block.take("content");
        return answers.tool_ended(&id, &name, ToolEnd::Completed(content), made);
    }
    let mut failure = Failure::new(code.clone().unwrap_or_else(|| "the tool failed".to_owned()));
    failure.code = code.map(Into::into);
    answers.tool_ended(&id, &name, ToolEnd::Failed(failure), made)
}

fn delta<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    answers.begin(None, made)?;
    let key = key(fields);
    let Some(raw) = fields.peek("delta") else { return Ok(()) };
    let mut delta = fields.object(raw)?;
    let sort: String = delta.peek_as("type").unwrap_or_default();
    match sort.as_str() {
        "text_delta" => {
            let text = delta.take_text("text")?.unwrap_or_default();
            answers.text(&key, None, &text, made)?;
        }
        "thinking_delta" => {
            let text = delta.take_text("thinking")?.unwrap_or_default();
            answers.reasoning(&key, None, &text, made)?;
        }
        "input_json_delta" => {
            let piece = delta.take_text("partial_json")?.unwrap_or_default();
            answers.arguments(&key, &piece, made)?;
        }
        "compaction_delta" => {
            let mut payload = ContextCompacted::new(None, None, None);
            payload.summary = delta.take_text("content")?.map(Into::into);
            answers.add(payload, answers.here(), made)?;
        }
        "signature_delta" => return delta.peek("signature").map_or(Ok(()), |raw| answers.sign(&key, raw)),
        "citations_delta" => return Ok(()),
        _ => {
            made.unknown = Some(format!("content_block_delta/{sort}"));
            return Ok(());
        }
    }
    fields.take("delta");
    delta.take("type");
    made.keep_rest("delta", &delta);
    Ok(())
}

/// Here, what was read from and written to the cache isn't counted as input; later counts replace earlier.
fn used(answers: &mut Answers, said: &Fields<'_>) -> Result<()> {
    let (input, output) = (said.tokens("input_tokens")?, said.tokens("output_tokens")?);
    let (read, write) =
        (said.tokens("cache_read_input_tokens")?, said.tokens("cache_creation_input_tokens")?);
    let reasoning = detail(said, "output_tokens_details", "thinking_tokens")?;
    let Some(call) = answers.call() else { return Ok(()) };
    let usage = call.usage.get_or_insert_with(Usage::default);
    let cached = |usage: &Usage| {
        usage.cache_read_tokens.unwrap_or(0).saturating_add(usage.cache_write_tokens.unwrap_or(0))
    };
    let fresh = usage.input_tokens.map(|tokens| tokens.saturating_sub(cached(usage)));
    usage.cache_read_tokens = read.or(usage.cache_read_tokens);
    usage.cache_write_tokens = write.or(usage.cache_write_tokens);
    usage.input_tokens = input.or(fresh).map(|tokens| tokens.saturating_add(cached(usage)));
    usage.output_tokens = output.or(usage.output_tokens);
    usage.reasoning_tokens = reasoning.or(usage.reasoning_tokens);
    Ok(())
}
