//! What providers stream to the AI SDK: one chunk a line, bare or as `data:` lines of server-sent events.
//!
//! | family | told by | file |
//! |---|---|---|
//! | chat completions of OpenAI and all who speak them, old completions | `choices` | `chat` |
//! | responses of OpenAI and all who speak them | `type` of `response.*` | `responses`, `items` |
//! | messages of Anthropic | `type` of `message_*`, `content_block_*` | `anthropic` |
//! | Converse of Amazon Bedrock | one field, `contentBlockDelta` or the like | `bedrock` |
//! | Gemini | `candidates` | `google` |
//! | interactions of Gemini | `event_type` | `interactions` |
//! | chat of Cohere | `type` of `message-*`, `content-*`, `tool-*` | `cohere` |
//! | speech to speech | `serverContent`, `session.*` | `live` |
//!
//! Of each: `model.call.started` with the first chunk, `message.delta`, `reasoning.delta`, `tool.request.*`,
//! `tool.call.*` of tools that the provider runs, `message.created`, `reasoning.created` with each part's end,
//! `model.call.completed`, `failed` or `canceled` with finish reason and usage.
//!
//! Every chunk gives an event. One that says nothing of these is kept whole as `ai_sdk.chunk.kept`, as is one of
//! an unknown shape, which is counted too. What no event says of a chunk is in `ai-sdk.*` attributes of its last,
//! told when it is first said and when it has changed, since chunks repeat it.
//!
//! Chunks tell no time of their own: they have the time that the answer was made at, or none (1970). Spans follow
//! from the source's name and first chunk, and so does the run's id. The provider is the package of the SDK that the source's path names, else the family's.

mod anthropic;
mod bedrock;
mod chat;
mod cohere;
mod google;
mod interactions;
mod items;
mod live;
mod partial;
mod responses;

use newswire::Result;
use newswire::json::Index;

use super::answer::{Answers, Keeper, Made};
use super::format::Format;
use super::frame::{Frame, run_of};
use super::output::Output;
use super::read::Importer;
use crate::source::{Fields, Head, Unit};

/// Streams of providers, as the AI SDK gets them.
pub(super) const FORMAT: Format = Format {
    name: "ai-sdk",
    about: "stream chunks of model providers, as the AI SDK gets them",
    unit: Unit::Line,
    detect,
    importer: |name| Box::new(Mapper::new(name)),
};

/// Packages of the SDK: a folder of that name tells who provides.
const PACKAGES: &[&str] = &[
    "alibaba",
    "amazon-bedrock",
    "anthropic",
    "azure",
    "cohere",
    "deepseek",
    "google",
    "google-vertex",
    "groq",
    "mistral",
    "moonshotai",
    "open-responses",
    "openai",
    "openai-compatible",
    "perplexity",
    "xai",
];

/// What one family makes of a chunk.
struct Family {
    /// Who provides, where nothing else tells.
    provider: Option<&'static str>,
    chunk: for<'a> fn(&mut Answers, &mut Fields<'a>, &mut Made<'a>) -> Result<()>,
    /// Names of fields that stay attributes, and are known to: themselves and all within them.
    known: &'static [&'static str],
}

/// The family of a chunk.
fn family(fields: &Fields<'_>) -> Option<&'static Family> {
    let has = |name| fields.peek(name).is_some();
    if has("choices") {
        return Some(&chat::FAMILY);
    }
    if has("event_type") {
        return Some(&interactions::FAMILY);
    }
    if has("candidates") {
        return Some(&google::FAMILY);
    }
    if has("serverContent") || has("setupComplete") || has("sessionResumptionUpdate") {
        return Some(&live::GOOGLE);
    }
    if bedrock::SHAPES.iter().any(|shape| has(shape)) {
        return Some(&bedrock::FAMILY);
    }
    let sort: String = fields.peek_as("type")?;
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| sort.starts_with(prefix));
    if begins(&["response."]) {
        Some(&responses::FAMILY)
    } else if begins(&["message-", "content-", "tool-", "citation-"]) {
        Some(&cohere::FAMILY)
    } else if begins(&["message_", "content_block_", "ping"]) {
        Some(&anthropic::FAMILY)
    } else if begins(&["session."]) {
        Some(&live::OPENAI)
    } else {
        None
    }
}

fn detect(head: &Head<'_>) -> bool {
    let framed = ["data:", "event:", "id:", ":"].iter().any(|mark| head.text().starts_with(mark));
    let mut lines = head.text().lines().map(chunk_text);
    let line = if framed { lines.find(|line| line.starts_with('{')) } else { lines.next() };
    let line = line.unwrap_or_default();
    match Fields::read(&mut Index::default(), line, line) {
        Ok(fields) => is_first(&fields),
        // It may be longer than is looked at, or broken.
        Err(_) => ["response.created", "message_start", "message-start"]
            .iter()
            .any(|sort| line.starts_with(&format!("{{\"type\":\"{sort}\""))),
    }
}

/// Whether a chunk of these fields may begin a stream.
fn is_first(fields: &Fields<'_>) -> bool {
    let has = |name| fields.peek(name).is_some();
    let sort: String = fields.peek_as("type").or_else(|| fields.peek_as("event_type")).unwrap_or_default();
    match sort.as_str() {
        "" if has("choices") => has("created") && has("model"),
        "" if has("candidates") => true,
        "" => family(fields).is_some() && fields.rest().count() == 1,
        "interaction.created" | "message_start" | "message-start" => true,
        "session.created" => has("event_id"),
        sort => sort.starts_with("response."),
    }
}

/// The chunk of a line, which may be one of server-sent events.
fn chunk_text(line: &str) -> &str {
    line.trim_start().strip_prefix("data:").unwrap_or(line).trim()
}

/// Turns chunks into events.
struct Mapper {
    name: String,
    stream: Option<Stream>,
    /// The family of the last chunk, whose errors have no mark of their own.
    family: Option<&'static Family>,
}

struct Stream {
    answers: Answers,
    keeper: Keeper,
}

impl Mapper {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), stream: None, family: None }
    }

    fn stream(&self, first: &str) -> Result<Stream> {
        let mut folders = self.name.split(['/', '\\']);
        let file = folders.next_back().unwrap_or_default();
        let run = file.strip_suffix(".chunks.txt").unwrap_or(file);
        let run: String = run.chars().take(100).collect();
        let run = run_of(if run.is_empty() { "stream" } else { &run }, &self.name, first);
        let provider = folders.rfind(|folder| PACKAGES.contains(folder)).map(str::to_owned);
        let frame = Frame::of_source("ai-sdk", &run, self.name.clone())?;
        Ok(Stream {
            answers: Answers::new(frame, provider),
            keeper: Keeper::new("ai-sdk", "ai_sdk.chunk.kept"),
        })
    }
}

impl Importer for Mapper {
    fn record(&mut self, line: &str, out: &mut Output<'_>) -> Result<()> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.stream(line)?,
        };
        let done = self.chunk(&mut stream, line, out);
        self.stream = Some(stream);
        done
    }

    fn end(&mut self, out: &mut Output<'_>) -> Result<()> {
        let Some(Stream { answers, keeper }) = &mut self.stream else { return Ok(()) };
        let mut made = Made::default();
        answers.end_of_source(&mut made)?;
        if made.is_empty() {
            return Ok(());
        }
        keeper.pass(made, "", (&answers.frame, answers.clock, answers.here()), &|_| true, out)
    }
}

impl Mapper {
    fn chunk(&mut self, stream: &mut Stream, line: &str, out: &mut Output<'_>) -> Result<()> {
        let text = chunk_text(line);
        let Stream { answers, keeper } = stream;
        if text == "[DONE]" || ["event:", "id:", "retry:", ":"].iter().any(|mark| text.starts_with(mark)) {
            // The frame of server-sent events, which says nothing that chunks don't.
            let builder = answers.frame.event(keeper.kind, answers.clock, answers.here())?;
            return out.push(builder.serialize(text));
        }
        let mut index = Index::default();
        let mut fields = Fields::read(&mut index, line, text)?;
        let mut made = Made::default();
        let known = family(&fields);
        if let Some(family) = known {
            self.family = Some(family);
            if answers.provider.is_none() {
                answers.provider = family.provider.map(str::to_owned);
            }
            (family.chunk)(answers, &mut fields, &mut made)?;
        } else if let Some(error) = failure(&fields)? {
            fail(answers, error, &mut made)?;
        } else {
            made.unknown = Some(fields.peek_as("type").unwrap_or_else(|| "chunk".to_owned()));
        }
        made.keep_rest("", &fields);
        let kept = self.family.map_or(&[][..], |family| family.known);
        let is_known = |name: &str| kept.iter().any(|known| within(name, known));
        keeper.pass(made, text, (&answers.frame, answers.clock, answers.here()), &is_known, out)
    }
}

/// Whether the field `name` is `known` or within it; numbers behind a name tell repetitions apart.
fn within(name: &str, known: &str) -> bool {
    name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The error that a chunk tells.
fn failure(fields: &Fields<'_>) -> Result<Option<newswire::catalogue::Failure>> {
    let Some(raw) = fields.peek("error").filter(|raw| raw.get() != "null") else { return Ok(None) };
    if !raw.get().starts_with('{') {
        let message: Option<String> = serde_json::from_str(raw.get()).ok();
        return Ok(message.map(Into::into));
    }
    let error = fields.object(raw)?;
    let message: Option<String> = error.peek_as("message");
    let mut failure =
        newswire::catalogue::Failure::new(message.unwrap_or_else(|| "the provider failed".to_owned()));
    failure.class = error.peek_as::<String>("type").map(Into::into);
    failure.code = error.peek_as::<String>("code").map(Into::into);
    Ok(Some(failure))
}

/// Ends the open call, or one that failed at once, as failed.
fn fail(answers: &mut Answers, failure: newswire::catalogue::Failure, made: &mut Made<'_>) -> Result<()> {
    answers.begin(None, made)?;
    answers.end(super::answer::End::Failed(failure), made)
}

/// A count of tokens that stands in an object of details.
fn detail(fields: &Fields<'_>, object: &str, name: &str) -> Result<Option<u64>> {
    match fields.peek(object).filter(|raw| raw.get() != "null") {
        Some(raw) => fields.object(raw)?.tokens(name),
        None => Ok(None),
    }
}
