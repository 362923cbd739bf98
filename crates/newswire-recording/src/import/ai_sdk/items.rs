//! Items of a response: each is added, perhaps told in pieces, and done.
//!
//! | item | added | done |
//! |---|---|---|
//! | `function_call`, `custom_tool_call`, other calls | `tool.request.started` | `tool.request.completed` |
//! | calls that the provider runs | the same | `tool.call.started` too; `tool.call.completed` or `failed`, where no item of output follows |
//! | `*_output` | kept | `tool.call.completed` |
//! | `reasoning` with encrypted content | kept | `reasoning.created`, redacted |
//! | `compaction` | kept | `context.compacted` |
//! | `message`, other reasoning | kept | kept: its parts were told |

use newswire::Result;
use newswire::catalogue::{Failure, Json, context::ContextCompacted, reasoning::ReasoningCreated};
use newswire::json::Raw;

use crate::import::answer::{Answers, Made, ToolEnd};
use crate::source::Fields;

/// Chunks that tell again what others told.
pub(super) const REPEATED: &[&str] = &[
    "content_part.added",
    "content_part.done",
    "reasoning_summary_part.added",
    "reasoning_summary_part.done",
    "output_text.annotation.added",
];

/// Fields of items that hold what the tool is called with, and what it gave.
const ARGUMENTS: &[&str] = &["arguments", "input", "action", "operation", "code", "queries"];
const RESULTS: &[&str] = &["result", "results", "outputs", "output", "tools"];

/// Whether it is of the pieces of a request.
pub(super) fn is_request(sort: &str) -> bool {
    let piece = sort.rsplit_once('.').map_or(sort, |(piece, _)| piece);
    ["_arguments", "_input", "_code", "_diff", "shell_call_command"].iter().any(|end| piece.ends_with(end))
}

/// The part that an item's request is.
pub(super) fn key(output: &str) -> String {
    format!("{output}/request")
}

fn sort(item: &Fields<'_>) -> String {
    item.peek_as("type").unwrap_or_default()
}

fn is_call(sort: &str) -> bool {
    sort.ends_with("_call") || sort == "program"
}

/// Whether the provider runs the tool, and not the application.
fn is_server(sort: &str, item: &Fields<'_>) -> bool {
    match sort {
        "function_call" | "custom_tool_call" | "local_shell_call" | "apply_patch_call" | "computer_call" => {
            false
        }
        "shell_call" => item.peek("environment").is_some_and(|raw| raw.get() != "null"),
        "tool_search_call" => item.peek_as::<String>("execution").as_deref() != Some("client"),
        _ => true,
    }
}

pub(super) fn added<'a>(
    answers: &mut Answers,
    output: &str,
    fields: &mut Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    let Some(raw) = fields.peek("item") else { return Ok(()) };
    let item = fields.object(raw)?;
    let sort = sort(&item);
    if is_call(&sort) {
        request(answers, &key(output), &sort, &item, made)?;
    }
    Ok(())
}

fn request(
    answers: &mut Answers,
    key: &str,
    sort: &str,
    item: &Fields<'_>,
    made: &mut Made<'_>,
) -> Result<()> {
    let id: Option<String> = item.peek_as("call_id").or_else(|| item.peek_as("id"));
    let name: Option<String> = item.peek_as("name");
    let name = name.unwrap_or_else(|| sort.trim_end_matches("_call").to_owned());
    answers.request(key, id.as_deref(), &name, made)?;
    if is_server(sort, item) {
        answers.set_server(key);
    }
    Ok(())
}

pub(super) fn done<'a>(
    answers: &mut Answers,
    output: &str,
    fields: &mut Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    let Some(raw) = fields.peek("item") else { return Ok(()) };
    let mut item = fields.object(raw)?;
    let sort = sort(&item);
    let encrypted = item.peek("encrypted_content").filter(|raw| raw.get() != "null");
    if is_call(&sort) {
        call_done(answers, &key(output), &sort, &mut item, made)?;
    } else if sort.ends_with("_output") {
        output_done(answers, &sort, &mut item, made)?;
    } else if sort == "compaction" {
        answers.add(ContextCompacted::new(None, None, None), answers.here(), made)?;
    } else if let ("reasoning", Some(opaque)) = (sort.as_str(), encrypted) {
        let mut payload = ReasoningCreated::new(None);
        payload.reasoning_id = item.peek_as::<String>("id").map(Into::into);
        payload.redacted = Some(true);
        payload.opaque = Some(Json::parse(opaque.get())?);
        item.take("encrypted_content");
        answers.add(payload, answers.here(), made)?;
    } else if !["message", "reasoning"].contains(&sort.as_str()) {
        made.unknown = Some(format!("output_item/{sort}"));
    }
    if !made.is_empty() {
        fields.take("item");
        made.keep_rest("item", &item);
    }
    Ok(())
}

fn call_done<'a>(
    answers: &mut Answers,
    key: &str,
    sort: &str,
    item: &mut Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    request(answers, key, sort, item, made)?;
    let named = ARGUMENTS.iter().find_map(|name| Some((*name, item.peek(name)?)));
    let arguments = named.map(|(_, raw)| raw);
    let text: Option<String> = arguments.and_then(|raw| serde_json::from_str(raw.get()).ok());
    // Arguments are JSON in text; input and code are text; the others are JSON as they stand.
    let free = !matches!(sort, "function_call" | "mcp_call" | "tool_search_call");
    if let Some((name, raw)) = named {
        let told = text.as_deref().unwrap_or(raw.get());
        if answers.set_arguments(key, told, free && text.is_some()) {
            item.take(name);
        }
    }
    let server = answers.server_request(key);
    answers.close(key, made)?;
    let Some((id, name, _)) = server else { return Ok(()) };
    let arguments = arguments.filter(|_| text.is_none() || free);
    answers.tool_started(&id, &name, arguments.map(|raw| raw.get()), made)?;
    // Their output comes as an item of its own.
    if matches!(sort, "shell_call" | "tool_search_call" | "program") {
        return Ok(());
    }
    let failed = item.peek_as::<String>("status").as_deref() == Some("failed");
    let error = item.peek("error").filter(|raw| raw.get() != "null");
    if failed || error.is_some() {
        let failure = super::failure(item)?.unwrap_or_else(|| Failure::new("the tool failed"));
        return answers.tool_ended(&id, &name, ToolEnd::Failed(failure), made);
    }
    answers.tool_ended(&id, &name, ToolEnd::Completed(result(item)), made)
}

fn output_done<'a>(
    answers: &mut Answers,
    sort: &str,
    item: &mut Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    let id: Option<String> = item.peek_as("call_id");
    let by_sort = sort.trim_end_matches("_output").trim_end_matches("_call").to_owned();
    let id = id.or_else(|| answers.tools.only_of(&by_sort)).unwrap_or_default();
    let name = answers.tools.name(&id).map_or(by_sort, str::to_owned);
    let result = result(item);
    answers.tool_ended(&id, &name, ToolEnd::Completed(result), made)
}

fn result<'a>(item: &mut Fields<'a>) -> Option<Raw<'a>> {
    let name = RESULTS.iter().find(|name| item.peek(name).is_some_and(|raw| raw.get() != "null"))?;
    item.take(name)
}
