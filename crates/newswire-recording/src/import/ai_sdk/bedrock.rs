//! Converse of Amazon Bedrock: each chunk is one field, whose name tells what it is.
//!
//! | chunk | events |
//! |---|---|
//! | `messageStart` | `model.call.started` |
//! | `contentBlockStart`, `Delta`, `Stop` | `message.delta`, `reasoning.delta`, `tool.request.*`, and the part whole |
//! | `messageStop`, `metadata`, in either order | stop reason, usage; `model.call.completed` when both are there or the source ends |
//! | `*Exception` | `model.call.failed` |

use newswire::Result;
use newswire::catalogue::{Failure, Usage};

use super::{Family, fail};
use crate::import::answer::{Answers, End, Made};
use crate::source::Fields;

pub(super) const FAMILY: Family = Family {
    provider: Some("amazon-bedrock"),
    chunk,
    known: &[
        "messageStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
        "contentBlockIndex",
        "contentBlockStart",
    ],
};

/// The names that tell a chunk of this family.
pub(super) const SHAPES: &[&str] = &[
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "internalServerException",
    "modelStreamErrorException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
];

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let shape = SHAPES.iter().find_map(|shape| Some((*shape, fields.peek(shape)?)));
    let Some((shape, raw)) = shape else { return Ok(()) };
    if shape.ends_with("Exception") {
        let message: Option<String> = fields.object(raw)?.peek_as("message");
        let mut failure = Failure::new(message.unwrap_or_else(|| shape.to_owned()));
        failure.class = Some(shape.into());
        return fail(answers, failure, made);
    }
    let mut said = fields.object(raw)?;
    let key = said.peek("contentBlockIndex").map_or("0", |raw| raw.get()).to_owned();
    match shape {
        "messageStart" => {
            answers.end_for_next(made)?;
            answers.begin(None, made)?;
        }
        "contentBlockStart" => {
            answers.begin(None, made)?;
            let mut tool = match said.take_object("start")? {
                Some(mut start) => start.take_object("toolUse")?,
                None => None,
            };
            if let Some(tool) = &mut tool {
                let (id, name) = (tool.take_text("toolUseId")?, tool.take_text("name")?);
                answers.close(&key, made)?;
                answers.request(&key, id.as_deref(), &name.unwrap_or_default(), made)?;
            }
        }
        "contentBlockDelta" => {
            answers.begin(None, made)?;
            delta(answers, &key, &mut said, made)?;
            fields.take(shape);
            made.keep_rest("", &said);
        }
        "contentBlockStop" => answers.close(&key, made)?,
        "messageStop" => {
            answers.begin(None, made)?.finish = said.peek_as("stopReason");
        }
        _ => {
            if let Some(raw) = said.peek("usage") {
                let used = usage(&said.object(raw)?)?;
                answers.begin(None, made)?.usage = Some(used);
            }
        }
    }
    let whole = answers.call().is_some_and(|call| call.usage.is_some() && call.finish.is_some());
    if whole { answers.end(End::Completed, made) } else { Ok(()) }
}

fn delta<'a>(answers: &mut Answers, key: &str, said: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let Some(mut delta) = said.take_object("delta")? else { return Ok(()) };
    if let Some(text) = delta.take_text("text")? {
        answers.text(key, None, &text, made)?;
    }
    if let Some(mut tool) = delta.take_object("toolUse")? {
        let piece = tool.take_text("input")?.unwrap_or_default();
        answers.arguments(key, &piece, made)?;
        made.keep_rest("delta.toolUse", &tool);
    }
    if let Some(raw) = delta.peek("reasoningContent") {
        let mut reasoning = delta.object(raw)?;
        if let Some(signature) = reasoning.peek("signature") {
            answers.sign(key, signature)?;
        }
        if let Some(text) = reasoning.take_text("text")? {
            answers.reasoning(key, None, &text, made)?;
            delta.take("reasoningContent");
            made.keep_rest("delta.reasoningContent", &reasoning);
        }
    }
    made.keep_rest("delta", &delta);
    Ok(())
}

/// Here, what was read from and written to the cache isn't counted as input.
fn usage(said: &Fields<'_>) -> Result<Usage> {
    let (read, write) = (said.tokens("cacheReadInputTokens")?, said.tokens("cacheWriteInputTokens")?);
    let cached = read.unwrap_or(0).saturating_add(write.unwrap_or(0));
    Ok(Usage {
        input_tokens: said.tokens("inputTokens")?.map(|fresh| fresh.saturating_add(cached)),
        output_tokens: said.tokens("outputTokens")?,
        cache_read_tokens: read,
        cache_write_tokens: write,
        ..Usage::default()
    })
}
