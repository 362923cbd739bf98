//! Redaction rules in words.

use newswire::catalogue::Class;
use newswire::{Error, Redaction, Result};
use serde::Deserialize;

use crate::json;
use crate::options::word;

/// What is masked: a field or a class of fields, perhaps of some kinds only, perhaps only what a pattern finds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedactSpec {
    /// A path such as `payload.**.token`.
    pub field: Option<String>,
    /// `content`, `id`, `measure` or `meta`, in place of a field.
    pub class: Option<String>,
    /// Kinds that it is about: a name or a pattern; all by default.
    pub kinds: Option<String>,
    /// A regular expression; only what it finds is masked.
    pub matching: Option<String>,
}

impl RedactSpec {
    /// Reads it from JSON.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a name or type that it doesn't have.
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "rule")
    }

    /// The rule, for [`Bus::redact`](newswire::Bus::redact).
    ///
    /// ```
    /// let rule = newswire_facade::RedactSpec { field: Some("payload.**.token".into()), ..Default::default() };
    /// newswire::Bus::new().redact(rule.rule()?)?;
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` where it names neither a field nor a class, or both; those of [`Redaction`].
    pub fn rule(&self) -> Result<Redaction> {
        let mut rule = match (&self.field, &self.class) {
            (Some(field), None) => word(Redaction::field, field, "field")?,
            (None, Some(class)) => Redaction::class(word(Class::parse, class, "class")?),
            _ => {
                let message = "a rule is about a field or about a class of fields";
                return Err(Error::invalid(message).at_path("rule").expecting("field or class, one of them"));
            }
        };
        if let Some(kinds) = &self.kinds {
            rule = word(|kinds| rule.of_kinds(kinds), kinds, "kinds")?;
        }
        if let Some(pattern) = &self.matching {
            rule = word(|pattern| rule.matching(pattern), pattern, "matching")?;
        }
        Ok(rule)
    }
}
