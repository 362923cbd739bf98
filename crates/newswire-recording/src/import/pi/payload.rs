//! The payloads that a pi session gives, with numbers and arguments passed through as they were written.

use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub(super) struct SessionStarted {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workspace: Option<String>,
}

#[derive(Serialize)]
pub(super) struct TurnStarted<'a> {
    pub(super) name: &'a str,
    /// From 0.
    pub(super) index: u64,
}

#[derive(Serialize, Default)]
pub(super) struct TurnEnded<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct MessageCreated<'a> {
    pub(super) role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct ReasoningCreated<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a RawValue>,
    /// The provider's signature, to be handed back to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opaque: Option<&'a RawValue>,
}

#[derive(Serialize, Clone, Copy)]
pub(super) struct Failure<'a> {
    pub(super) message: &'a str,
}

#[derive(Serialize)]
pub(super) struct ModelCallStarted<'a> {
    pub(super) model: &'a str,
    pub(super) provider: &'a str,
}

/// The end of a model call, in all three forms.
#[derive(Serialize)]
pub(super) struct ModelCallEnded<'a> {
    pub(super) model: &'a str,
    pub(super) provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw_finish_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Usage<'a> {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cache_read_tokens: u64,
    pub(super) cache_write_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost_usd: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct ToolCall<'a> {
    pub(super) call_id: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a RawValue>,
}

/// The end of a tool call, in both forms.
#[derive(Serialize)]
pub(super) struct ToolCallEnded<'a> {
    pub(super) call_id: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<RawFailure<'a>>,
}

#[derive(Serialize)]
pub(super) struct RawFailure<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct CommandExecuted<'a> {
    pub(super) command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<&'a RawValue>,
    pub(super) canceled: bool,
    pub(super) truncated: bool,
}

#[derive(Serialize)]
pub(super) struct ContextCompacted<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original_tokens: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct ModelChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ThinkingLevelChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<String>,
}
