//! Interactions of Gemini: steps, each begun, told in pieces, and stopped.
//!
//! | chunk | events |
//! |---|---|
//! | `interaction.created` | `model.call.started` |
//! | `step.start`, `step.delta`, `step.stop` of `model_output`, `thought` | `message.delta`, `reasoning.delta`, and the part whole |
//! | the same of `function_call` | `tool.request.*` |
//! | the same of `*_call`, `*_result` of Google's own tools | `tool.request.*` and `tool.call.started`; `tool.call.completed` or `failed` |
//! | `interaction.completed` | `model.call.completed` or `failed` |
//! | `interaction.status_update` | kept |

use newswire::Result;
use newswire::catalogue::{Failure, Usage};

use super::{Family, fail, failure};
use crate::import::answer::{Answers, End, Made, ToolEnd, sum};
use crate::source::{Fields, parse_utc};

pub(super) const FAMILY: Family = Family {
    provider: Some("google"),
    chunk,
    known: &[
        "event_type",
        "event_id",
        "index",
        "interaction",
        "interaction_id",
        "status",
        "delta",
        "step",
        "error",
    ],
};

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let sort: String = fields.peek_as("event_type").unwrap_or_default();
    let key = fields.peek("index").map_or("0", |raw| raw.get()).to_owned();
    match sort.as_str() {
        "interaction.created" => {
            answers.end_for_next(made)?;
            let Some(raw) = fields.peek("interaction") else { return Ok(()) };
            let said = fields.object(raw)?;
            answers.begin(said.peek_as("model"), made)?.response = said.peek_as("id");
            Ok(())
        }
        "interaction.completed" => completed(answers, fields, made),
        "interaction.status_update" => Ok(()),
        "step.start" => step(answers, &key, fields, made),
        "step.delta" => delta(answers, &key, fields, made),
        "step.stop" => answers.close_and_run(&key, made),
        "error" => match failure(fields)? {
            Some(error) => fail(answers, error, made),
            None => Ok(()),
        },
        _ => {
            made.unknown = Some(sort);
            Ok(())
        }
    }
}

fn step<'a>(answers: &mut Answers, key: &str, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    answers.begin(None, made)?;
    let Some(raw) = fields.peek("step") else { return Ok(()) };
    let said = fields.object(raw)?;
    let sort: String = said.peek_as("type").unwrap_or_default();
    let id: Option<String> = said.peek_as("id");
    if sort == "function_call" {
        let name: String = said.peek_as("name").unwrap_or_default();
        answers.request(key, id.as_deref(), &name, made)?;
        if let Some(arguments) = said.peek("arguments").filter(|raw| raw.get() != "{}") {
            answers.set_arguments(key, arguments.get(), false);
        }
    } else if let Some(name) = sort.strip_suffix("_call") {
        answers.request(key, id.as_deref(), name, made)?;
        answers.set_server(key);
    }
    Ok(())
}

fn delta<'a>(answers: &mut Answers, key: &str, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    answers.begin(None, made)?;
    let Some(raw) = fields.peek("delta") else { return Ok(()) };
    let mut said = fields.object(raw)?;
    let sort: String = said.peek_as("type").unwrap_or_default();
    match sort.as_str() {
        "text" => {
            let text = said.take_text("text")?.unwrap_or_default();
            answers.text(key, None, &text, made)?;
        }
        "thought_summary" => {
            let text = said.take_object("content")?.and_then(|content| content.peek_as::<String>("text"));
            answers.reasoning(key, None, &text.unwrap_or_default(), made)?;
        }
        "arguments_delta" => {
            let piece = said.take_text("arguments")?.unwrap_or_default();
            answers.arguments(key, &piece, made)?;
        }
        "thought_signature" => said.peek("signature").map_or(Ok(()), |raw| answers.sign(key, raw))?,
        "text_annotation_delta" => {}
        sort if sort.ends_with("_call") => {
            if let Some(arguments) = said.peek("arguments") {
                answers.arguments(key, arguments.get(), made)?;
            }
        }
        sort if sort.ends_with("_result") => {
            let name = sort.trim_end_matches("_result");
            let failed = said.peek_as("is_error") == Some(true);
            let end = if failed {
                ToolEnd::Failed(Failure::new("the tool failed"))
            } else {
                ToolEnd::Completed(said.take("result"))
            };
            let id: Option<String> = said.peek_as("call_id");
            let id = id.or_else(|| answers.tools.only_of(name)).unwrap_or_default();
            answers.tool_ended(&id, name, end, made)?;
        }
        _ => {
            made.unknown = Some(format!("step.delta/{sort}"));
            return Ok(());
        }
    }
    if !made.is_empty() {
        fields.take("delta");
        said.take("type");
        made.keep_rest("delta", &said);
    }
    Ok(())
}

fn completed(answers: &mut Answers, fields: &Fields<'_>, made: &mut Made<'_>) -> Result<()> {
    let Some(raw) = fields.peek("interaction") else { return Ok(()) };
    let said = fields.object(raw)?;
    let time = |name| said.peek_as::<String>(name).and_then(|text| parse_utc(&text));
    let used = said.peek("usage").map(|raw| usage(&said.object(raw)?)).transpose()?;
    let status: Option<String> = said.peek_as("status");
    if let Some(updated) = time("updated") {
        answers.clock = updated;
    }
    let call = answers.begin(said.peek_as("model"), made)?;
    call.usage = used;
    call.finish.clone_from(&status);
    if status.as_deref() == Some("failed") {
        return fail(
            answers,
            failure(&said)?.unwrap_or_else(|| Failure::new("the interaction failed")),
            made,
        );
    }
    answers.end(End::Completed, made)
}

/// Here, thoughts aren't counted as output, nor what tools gave as input.
fn usage(said: &Fields<'_>) -> Result<Usage> {
    let thoughts = said.tokens("total_thought_tokens")?;
    Ok(Usage {
        input_tokens: sum(said.tokens("total_input_tokens")?, said.tokens("total_tool_use_tokens")?),
        output_tokens: sum(said.tokens("total_output_tokens")?, thoughts),
        reasoning_tokens: thoughts,
        cache_read_tokens: said.tokens("total_cached_tokens")?,
        ..Usage::default()
    })
}
