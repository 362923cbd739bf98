//! Scope x Type x Status: what part of the system an event is about, and how far it has come.

use std::fmt;

use compact_str::CompactString;

use crate::error::{Error, Result};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in filters.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the word.
            ///
            /// # Errors
            /// `Invalid`, with the words that exist.
            pub fn parse(word: &str) -> Result<Self> {
                match word {
                    $($text => Ok(Self::$variant),)+
                    other => Err(Error::invalid(format!("{other:?} is no {}", stringify!($name)))
                        .expecting(["one of", $($text),+].join(" "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// How much an event matters to an operator.
    Severity {
        /// Diagnosis only.
        Debug = "debug",
        /// Normal activity; the default.
        Info = "info",
        /// Abnormal, recovered from.
        Warn = "warn",
        /// A failed operation.
        Error = "error",
    }
}

words! {
    /// The five stations of a lifecycle, the last segment of its kinds.
    Phase {
        /// It has begun.
        Started = "started",
        /// It is under way.
        Progress = "progress",
        /// It ended without error, whatever the verdict.
        Completed = "completed",
        /// The operation errored.
        Failed = "failed",
        /// It was refused, skipped or stopped, with a reason.
        Canceled = "canceled",
    }
}

words! {
    /// What state a phase leaves its component in; computed, never stored.
    Status {
        /// Announced, not begun.
        Pending = "pending",
        /// Begun.
        Running = "running",
        /// Ended without error.
        Completed = "completed",
        /// Errored.
        Failed = "failed",
        /// Refused, skipped or stopped.
        Canceled = "canceled",
    }
}

words! {
    /// The part of an agent system that a lifecycle is about.
    ComponentScope {
        /// One run of an agent from request to answer.
        Run = "run",
        /// An agent.
        Agent = "agent",
        /// A workflow.
        Workflow = "workflow",
        /// A step of a workflow or pipeline.
        WorkflowStep = "workflow_step",
        /// One turn of a conversation.
        Turn = "turn",
        /// A call of a model.
        ModelCall = "model_call",
        /// A tool.
        Tool = "tool",
        /// A search in a knowledge base.
        Retrieval = "retrieval",
        /// A memory.
        Memory = "memory",
        /// A check of input or output.
        Validation = "validation",
        /// A judgement of quality.
        Evaluation = "evaluation",
        /// A task of an agent-to-agent protocol.
        Task = "task",
        /// A session.
        Session = "session",
        /// A store of media.
        Media = "media",
        /// A template of a prompt.
        Prompt = "prompt",
        /// A channel that messages go through.
        Channel = "channel",
        /// Another agent process.
        Peer = "peer",
        /// A command of a user.
        Command = "command",
        /// A hook of a user.
        Hook = "hook",
        /// An agent, channel, gateway or program as a process.
        Service = "service",
        /// Everything else.
        System = "system",
    }
}

impl Phase {
    /// The status that this phase leaves its component in.
    pub const fn status(self) -> Status {
        match self {
            Self::Started | Self::Progress => Status::Running,
            Self::Completed => Status::Completed,
            Self::Failed => Status::Failed,
            Self::Canceled => Status::Canceled,
        }
    }
}

/// Which component a lifecycle event is about; the id is a label, not an identity.
///
/// ```
/// use newswire::{Component, ComponentScope};
///
/// let component = Component::new(ComponentScope::ModelCall, "planner:llm:0")?;
/// assert_eq!(component.scope().as_str(), "model_call");
/// assert!(Component::new(ComponentScope::Tool, "").is_err());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    scope: ComponentScope,
    id: CompactString,
}

impl Component {
    /// A component of `scope` labelled `id`.
    ///
    /// # Errors
    /// `Invalid` when the id is empty, `TooLarge` over [`Scope::MAX_ID_LEN`](crate::Scope::MAX_ID_LEN) bytes.
    pub fn new(scope: ComponentScope, id: impl Into<CompactString>) -> Result<Self> {
        let id = id.into();
        super::check_text(&"component.id", &id)?;
        Ok(Self { scope, id })
    }

    /// What kind of component it is.
    pub fn scope(&self) -> ComponentScope {
        self.scope
    }

    /// Its label.
    pub fn id(&self) -> &str {
        &self.id
    }
}
