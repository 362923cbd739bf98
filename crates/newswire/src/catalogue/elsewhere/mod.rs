//! What other systems call our kinds.
//!
//! A row joins one name of one system to one kind, where a condition on the payload holds, since some
//! systems carry the outcome in the payload. So one name may have several rows: an import takes the first
//! whose condition holds, a filter the union. All of it is resolved when a filter is compiled, and found by
//! name in an index that is made once a process.

mod agent_runtime;
mod aitaskagent;
mod alias;
mod packed;
mod picoclaw;
mod praxis;
mod promptkit;
mod resolve;

pub use alias::{Alias, FieldMap, Given, Ours, Unit, When};
pub(crate) use resolve::{Meaning, meanings, rows_named, undecided};
pub use resolve::{alias_for, aliases, aliases_named, kinds_meant, kinds_named};

use crate::error::{Error, Result};

/// A system whose names are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// PromptKit, `runtime/events`.
    PromptKit,
    /// AITaskAgent.
    AiTaskAgent,
    /// agent-runtime.
    AgentRuntime,
    /// PicoClaw, `pkg/events`.
    PicoClaw,
    /// The Praxis SDK.
    Praxis,
}

impl System {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::PromptKit, Self::AiTaskAgent, Self::AgentRuntime, Self::PicoClaw, Self::Praxis];

    /// The prefix of its names: `picoclaw/agent.tool.exec_start`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PromptKit => "promptkit",
            Self::AiTaskAgent => "aitaskagent",
            Self::AgentRuntime => "agentruntime",
            Self::PicoClaw => "picoclaw",
            Self::Praxis => "praxis",
        }
    }

    /// Reads the prefix.
    ///
    /// # Errors
    /// `Invalid`, with the systems that are known.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|system| system.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|system| system.as_str()).collect();
            Error::invalid(format!("{name:?} is no system whose names are known"))
                .at_column(1)
                .expecting(format!("one of {}", names.join(", ")))
        })
    }

    /// Its names, those of one name side by side.
    pub fn names(self) -> &'static [Alias] {
        resolve::names(self)
    }

    fn shared(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::PromptKit => promptkit::SHARED,
            Self::PicoClaw => picoclaw::SHARED,
            Self::Praxis => praxis::SHARED,
            Self::AiTaskAgent => aitaskagent::SHARED,
            Self::AgentRuntime => agent_runtime::SHARED,
        }
    }

    /// The name that its events carry, for another name that it has for them.
    pub(crate) fn value_of(self, name: &str) -> Option<String> {
        if self == Self::Praxis { praxis::value_of(name) } else { None }
    }

    /// Where the fields of its envelope are here.
    pub fn envelope(self) -> impl Iterator<Item = FieldMap> {
        let map = match self {
            Self::PromptKit => promptkit::ENVELOPE,
            Self::AiTaskAgent => aitaskagent::ENVELOPE,
            Self::AgentRuntime => agent_runtime::ENVELOPE,
            Self::PicoClaw => picoclaw::ENVELOPE,
            Self::Praxis => praxis::ENVELOPE,
        };
        alias::field_maps(map, &[])
    }

    /// Where the fields are here that its events of unknown kinds carry; nothing where they are free.
    pub fn custom(self) -> impl Iterator<Item = FieldMap> {
        let map = if self == Self::PromptKit { promptkit::CUSTOM } else { "" };
        alias::field_maps(map, &[])
    }
}
