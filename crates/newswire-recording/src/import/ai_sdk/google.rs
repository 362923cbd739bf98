//! Gemini, as Google and Vertex serve it: each chunk holds a piece of every candidate.
//!
//! | in a chunk | events |
//! |---|---|
//! | part with `text`, `thought` or not | `message.delta`, `reasoning.delta` |
//! | part with `functionCall`, whole | `tool.request.started`, `tool.request.completed` |
//! | the same in pieces: `name`, then `partialArgs`, then none | `tool.request.started`, `tool.request.delta`, `tool.request.completed` |
//! | `finishReason`, `usageMetadata` | `model.call.completed`, when the source ends or the next answer begins |
//!
//! Partial arguments are values for paths: deltas hold them as they came, the request the object that they make.

use newswire::Result;
use newswire::catalogue::Usage;

use super::{Family, partial};
use crate::import::answer::{Answers, Made, sum};
use crate::source::{Fields, parse_utc};

pub(super) const FAMILY: Family = Family {
    provider: Some("google"),
    chunk,
    known: &[
        "usageMetadata",
        "modelVersion",
        "createTime",
        "responseId",
        "candidates.index",
        "candidates.finishReason",
        "candidates.content.role",
        "candidates.content.parts.thoughtSignature",
        "candidates.content.parts.thought",
        "candidates.content.parts.functionCall.willContinue",
        "candidates.content.parts.functionCall.partialArgs",
        "candidates.content.parts.functionCall.name",
        "candidates.content.parts.functionCall.args",
    ],
};

fn chunk<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let id: Option<String> = fields.peek_as("responseId");
    let created: Option<String> = fields.peek_as("createTime");
    if let Some(at) = created.and_then(|text| parse_utc(&text)) {
        answers.clock = at;
    }
    answers.begin_response(id, fields.peek_as("modelVersion"), made)?;
    for (place, raw) in fields.take_array("candidates")?.into_iter().enumerate() {
        let mut candidate = fields.object(raw)?;
        let index = candidate.peek("index").map_or_else(|| place.to_string(), |raw| raw.get().to_owned());
        if let Some(mut content) = candidate.take_object("content")? {
            for raw in content.take_array("parts")? {
                part(answers, &index, content.object(raw)?, made)?;
            }
            made.keep_rest("candidates.content", &content);
        }
        if let (Some(reason), Some(call)) = (candidate.peek_as("finishReason"), answers.call()) {
            call.finish = Some(reason);
        }
        made.keep_rest("candidates", &candidate);
    }
    if let Some(raw) = fields.peek("usageMetadata") {
        let used = usage(&fields.object(raw)?)?;
        if let (Some(call), true) = (answers.call(), used.input_tokens.is_some()) {
            call.usage = Some(used);
        }
    }
    Ok(())
}

fn part<'a>(answers: &mut Answers, index: &str, mut part: Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    if let Some(text) = part.take_text("text")? {
        let thought = part.peek_as("thought") == Some(true);
        let key = format!("{index}/{}", if thought { "thought" } else { "text" });
        answers.close_texts(&format!("{index}/"), &key, made)?;
        if thought {
            answers.reasoning(&key, None, &text, made)?;
        } else {
            answers.text(&key, None, &text, made)?;
        }
    }
    if let Some(mut call) = part.take_object("functionCall")? {
        answers.close_texts(&format!("{index}/"), "", made)?;
        function_call(answers, index, &mut call, made)?;
        made.keep_rest("candidates.content.parts.functionCall", &call);
    }
    made.keep_rest("candidates.content.parts", &part);
    Ok(())
}

/// A call, or a piece of one: the pieces of a call follow each other, and the last says nothing.
fn function_call<'a>(
    answers: &mut Answers,
    index: &str,
    call: &mut Fields<'a>,
    made: &mut Made<'a>,
) -> Result<()> {
    let key = format!("{index}/function");
    let goes_on = call.peek_as("willContinue") == Some(true);
    if let Some(name) = call.peek_as::<String>("name") {
        answers.close(&key, made)?;
        let id: Option<String> = call.peek_as("id");
        let numbered = format!("{index}/function/{}", answers.requests());
        let id = id.unwrap_or_else(|| answers.part_id(&numbered, None));
        if answers.request(&key, Some(&id), &name, made)? {
            call.take("id");
            call.take("name");
        }
    }
    let args = call.peek("args");
    let told = args.is_some_and(|args| answers.set_arguments(&key, args.get(), false));
    if told && !goes_on {
        call.take("args");
    }
    if let Some(pieces) = call.peek("partialArgs") {
        answers.listed_arguments(&key, pieces.get(), made)?;
    }
    if goes_on {
        return Ok(());
    }
    if let Some(whole) = answers.asked(&key).and_then(|(_, list)| partial::whole(&list)) {
        answers.set_arguments(&key, &whole, false);
    }
    answers.close(&key, made)
}

/// Here, thoughts aren't counted as output.
pub(super) fn usage(said: &Fields<'_>) -> Result<Usage> {
    let thoughts = said.tokens("thoughtsTokenCount")?;
    let written = said.tokens("candidatesTokenCount")?.or(said.tokens("responseTokenCount")?);
    Ok(Usage {
        input_tokens: sum(said.tokens("promptTokenCount")?, said.tokens("toolUsePromptTokenCount")?),
        output_tokens: sum(written, thoughts),
        reasoning_tokens: thoughts,
        cache_read_tokens: said.tokens("cachedContentTokenCount")?,
        ..Usage::default()
    })
}
