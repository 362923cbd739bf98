//! Speech to speech: live sessions of Gemini and of OpenAI, as far as they translate.
//!
//! | chunk | events |
//! |---|---|
//! | `setupComplete`; `session.created` | `model.call.started` |
//! | `outputTranscription`; `session.output_transcript.delta` | `message.delta` of the assistant |
//! | `inputTranscription`; `session.input_transcript.delta` | `message.delta` of the user |
//! | `modelTurn`; `session.output_audio.delta`: sound | kept |
//! | `usageMetadata` | added to the call's usage |
//! | `turnComplete`; `session.closed` | `model.call.completed` |
//!
//! A session is one call: nothing tells its answers apart.

use newswire::Result;
use newswire::catalogue::message::MessageDelta;

use super::google::usage;
use super::{Family, fail, failure};
use crate::import::answer::{Answers, End, Made, together};
use crate::source::{Fields, from_millis};

/// Live sessions of Gemini.
pub(super) const GOOGLE: Family = Family {
    provider: Some("google"),
    chunk: google,
    known: &["serverContent", "usageMetadata", "setupComplete", "sessionResumptionUpdate"],
};

/// Realtime sessions of OpenAI.
pub(super) const OPENAI: Family = Family {
    provider: Some("openai"),
    chunk: openai,
    known: &["type", "event_id", "elapsed_ms", "session", "error"],
};

/// The parts of what is said and of what is heard.
const OUTPUT: &str = "output";
const INPUT: &str = "input";

fn google<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    answers.begin(None, made)?;
    if let Some(raw) = fields.peek("usageMetadata") {
        let used = usage(&fields.object(raw)?)?;
        if let Some(call) = answers.call() {
            call.usage = Some(call.usage.as_ref().map_or(used.clone(), |so_far| together(so_far, &used)));
        }
    }
    let Some(raw) = fields.peek("serverContent") else { return Ok(()) };
    let content = fields.object(raw)?;
    let said = |name| -> Result<Option<String>> {
        let raw = content.peek(name);
        Ok(raw.map(|raw| content.object(raw)).transpose()?.and_then(|said| said.peek_as("text")))
    };
    if let Some(text) = said("outputTranscription")? {
        answers.text(OUTPUT, None, &text, made)?;
    }
    if let Some(text) = said("inputTranscription")? {
        heard(answers, &text, made)?;
    }
    if content.peek_as("turnComplete") == Some(true) {
        answers.end(End::Completed, made)?;
    }
    Ok(())
}

fn openai<'a>(answers: &mut Answers, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let sort: String = fields.peek_as("type").unwrap_or_default();
    if let Some(elapsed) = fields.peek_as("elapsed_ms").and_then(from_millis) {
        answers.clock = elapsed;
    }
    match sort.as_str() {
        "session.created" => {
            let Some(raw) = fields.peek("session") else { return Ok(()) };
            let session = fields.object(raw)?;
            answers.begin(session.peek_as("model"), made)?.response = session.peek_as("id");
        }
        "session.output_transcript.delta" => {
            answers.begin(None, made)?;
            let piece = fields.take_text("delta")?.unwrap_or_default();
            answers.text(OUTPUT, None, &piece, made)?;
        }
        "session.input_transcript.delta" => {
            answers.begin(None, made)?;
            let piece = fields.take_text("delta")?.unwrap_or_default();
            heard(answers, &piece, made)?;
        }
        "session.closed" => answers.end(End::Completed, made)?,
        "session.updated" | "session.output_audio.delta" => {}
        _ => match failure(fields)? {
            Some(error) => fail(answers, error, made)?,
            None => made.unknown = Some(sort),
        },
    }
    Ok(())
}

/// A piece of what the user says.
fn heard(answers: &mut Answers, piece: &str, made: &mut Made<'_>) -> Result<()> {
    let mut payload = MessageDelta::new(answers.part_id(INPUT, None), piece);
    payload.role = Some("user".into());
    answers.add(payload, answers.here(), made)
}
