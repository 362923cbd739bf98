//! The sorts of groups.

use std::collections::BTreeMap;

use clap::ValueEnum;
use newswire::view::{CallSnapshot, CallTally};

/// Sorts of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    Model,
    Provider,
    Tool,
    Agent,
    Run,
    Kind,
}

impl By {
    /// What the user calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Tool => "tool",
            Self::Agent => "agent",
            Self::Run => "run",
            Self::Kind => "kind",
        }
    }

    /// How many groups of calls there are.
    pub(super) fn count(self, calls: &CallSnapshot) -> usize {
        self.of(calls).len()
    }

    /// The groups of calls, the largest first.
    pub(super) fn groups(self, calls: &CallSnapshot) -> Vec<(&str, &CallTally)> {
        let mut groups: Vec<_> = self.of(calls).iter().map(|(name, tally)| (name.as_str(), tally)).collect();
        groups.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.calls));
        groups
    }

    fn of(self, calls: &CallSnapshot) -> &BTreeMap<String, CallTally> {
        match self {
            Self::Model | Self::Kind => &calls.by_model,
            Self::Provider => &calls.by_provider,
            Self::Tool => &calls.by_tool,
            Self::Agent => &calls.by_agent,
            Self::Run => &calls.by_run,
        }
    }
}
