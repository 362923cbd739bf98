//! Kinds that the table of names doesn't have: ours under the system's prefix.

use crate::catalogue::System;
use crate::error::Result;
use crate::kind::Kind;

/// Whether an attribute of that name is what a dialect left over.
pub(super) fn is_system(name: &str) -> bool {
    System::ALL.iter().any(|system| system.as_str() == name)
}

/// The kind for any name of theirs: `picoclaw.agent.dream.begun`.
///
/// # Errors
/// Never, as far as anybody knows: what can't stand in a kind is replaced.
pub(super) fn custom_kind(system: System, name: &str) -> Result<Kind> {
    let mut kind = system.as_str().to_owned();
    for segment in name.split(['.', '/', ':', ' ']).filter(|segment| !segment.is_empty()) {
        kind.push('.');
        kind.push_str(&segment_of(segment));
    }
    kind.truncate(Kind::MAX_LEN);
    let kind = kind.trim_end_matches('.');
    if kind == system.as_str() { Kind::parse(&format!("{kind}.unnamed")) } else { Kind::parse(kind) }
}

/// The name that a kind under the system's prefix stands for.
pub(super) fn name_of(system: System, kind: &Kind) -> Option<&str> {
    kind.as_str().strip_prefix(system.as_str())?.strip_prefix('.')
}

/// `WorkflowStarted` becomes `workflow_started`; what can't stand in a kind becomes `_`.
fn segment_of(name: &str) -> String {
    let mut segment = String::new();
    let mut after_lower = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && after_lower {
            segment.push('_');
        }
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        segment.push(match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => character.to_ascii_lowercase(),
            _ => '_',
        });
    }
    if !segment.starts_with(|first: char| first.is_ascii_lowercase()) {
        segment.insert(0, 'x');
    }
    segment
}
