//! The records that many payloads share: one for usage, one for what went wrong.

use std::error::Error as StdError;

use serde::{Deserialize, Serialize};

use super::value::{FieldValue, IntoField, Text, member_bound};

/// What a model call used, in one meaning everywhere: totals include their parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read by the model, those from and into its cache included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens written by the model, its reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Of the input: read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<u64>,
    /// Of the input: written into the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Of the output: reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// What it cost, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

impl Usage {
    /// Input and output, without the parts or the cost.
    pub fn tokens(input: u64, output: u64) -> Self {
        Self { input_tokens: Some(input), output_tokens: Some(output), ..Self::default() }
    }
}

impl FieldValue for Usage {
    fn size_bound(&self) -> usize {
        2 + member_bound("input_tokens", &self.input_tokens)
            + member_bound("output_tokens", &self.output_tokens)
            + member_bound("cache_read_tokens", &self.cache_read_tokens)
            + member_bound("cache_write_tokens", &self.cache_write_tokens)
            + member_bound("reasoning_tokens", &self.reasoning_tokens)
            + member_bound("cost_usd", &self.cost_usd)
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong, for people.
    pub message: Text,
    /// The error's class, `error.type` of OpenTelemetry: `timeout`, `RateLimitError`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub class: Option<Text>,
    /// The code that the failing side gave, such as an HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Text>,
}

impl Failure {
    /// A failure of that message, without class and code.
    pub fn new(message: impl Into<Text>) -> Self {
        Self { message: message.into(), class: None, code: None }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl<E: StdError> IntoField<Failure> for &E {
    fn into_field(self) -> Failure {
        Failure::new(self.to_string())
    }
}

impl FieldValue for Failure {
    fn size_bound(&self) -> usize {
        2 + member_bound("message", &self.message)
            + member_bound("type", &self.class)
            + member_bound("code", &self.code)
    }
}
