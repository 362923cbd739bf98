//! The core tier: what every agent runtime does, so that emitters have methods for it. All else is the extended tier.

use super::row::Row;

/// What the core tier is about: its kinds are these names with one more segment.
pub const CORE: &[&str] = &[
    "run",
    "agent",
    "workflow",
    "step",
    "turn",
    "model.call",
    "tool.request",
    "tool.call",
    "tool.approval",
    "message",
    "reasoning",
    "retrieval",
    "embedding.call",
    "memory",
    "validation",
    "evaluation",
    "task",
    "state",
    "context",
    "session",
    "log",
];

impl Row {
    /// What the kind is about: all but its last segment.
    pub fn about(&self) -> &'static str {
        self.kind.rsplit_once('.').map_or(self.kind, |(about, _)| about)
    }

    /// Whether it belongs to the core tier.
    pub fn is_core(&self) -> bool {
        CORE.contains(&self.about())
    }
}
