//! The records that many payloads share: one for usage, one for what went wrong.
//!
//! A record is written once: its type, its size and the row that schemas and the other languages are made of.

use std::error::Error as StdError;
use std::sync::OnceLock;

use super::Media;
use super::row::{Class, FieldRow};
use super::value::{IntoField, Text};
use crate::error::{Error, Result};

/// One record that fields of payloads have as their type.
#[derive(Clone, Copy, Debug)]
pub struct RecordRow {
    /// Its name, which is [`FieldRow::value`] of such fields.
    pub name: &'static str,
    /// One line on what it means.
    pub docs: &'static str,
    /// Its fields, in the order of the wire.
    pub fields: &'static [FieldRow],
}

/// All records, as payloads' fields name them.
pub fn records() -> &'static [RecordRow] {
    static RECORDS: OnceLock<[RecordRow; 3]> = OnceLock::new();
    RECORDS.get_or_init(|| [Usage::row(), Failure::row(), Media::row()])
}

/// A record's type from its fields: name here, name on the wire, type, class, OpenTelemetry's attribute, docs.
macro_rules! record {
    ($name:ident $(+ $derived:ident)? $docs:literal; $(
        $field:ident $wire:literal: $type:ty = $class:ident $($otel:literal)? => $field_docs:literal;
    )+) => {
        #[doc = $docs]
        #[derive(Clone $(, $derived)?)]
        pub struct $name {$(
            #[doc = $field_docs]
            pub $field: $type,
        )+}

        $crate::catalogue::fields::fields! { $name: $($field $wire;)+ }

        impl $crate::catalogue::FieldValue for $name {
            fn size_bound(&self) -> usize {
                2 $(+ $crate::catalogue::value::member_bound($wire, &self.$field))+
            }
        }

        impl $name {
            pub(in $crate::catalogue) fn row() -> $crate::catalogue::RecordRow {
                let fields = [$($crate::catalogue::record::field(
                    $wire,
                    stringify!($type),
                    $crate::catalogue::Class::$class,
                    concat!($($otel)?),
                    $field_docs,
                )),+];
                $crate::catalogue::RecordRow {
                    name: stringify!($name),
                    docs: $docs,
                    fields: Vec::leak(fields.into()),
                }
            }
        }
    };
}
pub(super) use record;

/// A record's field from what its line says.
pub(super) fn field(
    name: &'static str,
    declared: &'static str,
    class: Class,
    otel: &'static str,
    docs: &'static str,
) -> FieldRow {
    // With or without spaces, as the compiler prints it.
    let inner = declared.strip_prefix("Option").map(|rest| rest.trim_matches([' ', '<', '>']));
    let value = match inner.unwrap_or(declared) {
        "Text" => "text",
        "Json" => "json",
        "u64" => "integer",
        "f64" => "number",
        "bool" => "boolean",
        "Inline" => "bytes",
        record => record,
    };
    FieldRow {
        name,
        value,
        optional: inner.is_some(),
        class,
        otel: Some(otel).filter(|otel| !otel.is_empty()),
        docs,
    }
}

record! {
    Usage + Default "What a model call used, in one meaning everywhere: totals include their parts.";
    input_tokens "input_tokens": Option<u64> = Measure "gen_ai.usage.input_tokens"
        => "Tokens read by the model, those from and into its cache included.";
    output_tokens "output_tokens": Option<u64> = Measure "gen_ai.usage.output_tokens"
        => "Tokens written by the model, its reasoning included.";
    cache_read_tokens "cache_read_tokens": Option<u64> = Measure "gen_ai.usage.cache_read.input_tokens"
        => "Of the input: read from the cache.";
    cache_write_tokens "cache_write_tokens": Option<u64> = Measure "gen_ai.usage.cache_creation.input_tokens"
        => "Of the input: written into the cache.";
    reasoning_tokens "reasoning_tokens": Option<u64> = Measure "gen_ai.usage.reasoning.output_tokens"
        => "Of the output: reasoning.";
    cost_usd "cost_usd": Option<f64> = Measure => "What it cost, in US dollars.";
}

record! {
    Failure "What went wrong.";
    message "message": Text = Content => "What went wrong, for people.";
    class "type": Option<Text> = Meta "error.type"
        => "The error's class, `error.type` of OpenTelemetry: `timeout`, `RateLimitError`.";
    code "code": Option<Text> = Meta => "The code that the failing side gave, such as an HTTP status.";
}

impl Usage {
    /// Input and output, without the parts or the cost.
    pub fn tokens(input: u64, output: u64) -> Self {
        Self { input_tokens: Some(input), output_tokens: Some(output), ..Self::default() }
    }

    /// Checks that the totals, where they are known, include their parts.
    ///
    /// ```
    /// use newswire::catalogue::Usage;
    ///
    /// let mut usage = Usage::tokens(100, 20);
    /// usage.cache_read_tokens = Some(80);
    /// assert!(usage.check().is_ok());
    /// usage.cache_write_tokens = Some(30);
    /// let error = usage.check().unwrap_err();
    /// assert_eq!(error.to_string(), "input_tokens: it is 100, and its parts are 110; expected at least its parts");
    /// ```
    ///
    /// # Errors
    /// `Invalid`, with the total's name as path.
    pub fn check(&self) -> Result<()> {
        let cached = [self.cache_read_tokens, self.cache_write_tokens];
        let totals = [
            ("input_tokens", self.input_tokens, cached),
            ("output_tokens", self.output_tokens, [self.reasoning_tokens, None]),
        ];
        for (name, total, parts) in totals {
            let parts = parts.into_iter().flatten().fold(0u64, u64::saturating_add);
            if let Some(total) = total.filter(|total| *total < parts) {
                let message = format!("it is {total}, and its parts are {parts}");
                return Err(Error::invalid(message).at_path(name).expecting("at least its parts"));
            }
        }
        Ok(())
    }
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
