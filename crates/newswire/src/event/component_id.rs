//! agent-runtime's formats of component ids, with its errors: kept where a bus or the dialect asks for them.

use std::borrow::Cow;

use super::{Component, ComponentScope, Scope};
use crate::error::{Error, Result};

impl Component {
    /// Checks the id against agent-runtime's format for its scope: `name:step:N` for workflow steps,
    /// `name:llm:N` for model calls, `system:name` for the system; other scopes have none.
    ///
    /// ```
    /// use newswire::{Component, ComponentScope};
    ///
    /// assert!(Component::new(ComponentScope::ModelCall, "planner:llm:0")?.check_format().is_ok());
    /// let error = Component::new(ComponentScope::ModelCall, "planner")?.check_format().unwrap_err();
    /// assert_eq!(error.message(), "LlmRequest component_id must be 'agent_name:llm:N', got 'planner'");
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid`, in agent-runtime's words.
    pub fn check_format(&self) -> Result<()> {
        check_format(self.scope(), self.id()).map_err(|error| error.at_path("component.id"))
    }
}

impl ComponentScope {
    /// The longest that a name grows by taking the scope's format.
    const FRAME: usize = ":step:0".len();

    /// A component's id that has the scope's format: the name, if it has it; else one made of it, with the
    /// first number, since an id is a label and no identity. `owner` is whose call or step it is, where that is
    /// known.
    pub(crate) fn formatted<'n>(self, name: &'n str, owner: Option<&str>) -> Cow<'n, str> {
        if check_format(self, name).is_ok() {
            return name.into();
        }
        let room = name.floor_char_boundary(Scope::MAX_ID_LEN - Self::FRAME);
        let name = name.get(..room).unwrap_or_default();
        let owner = owner.filter(|owner| owner.len() <= Scope::MAX_ID_LEN - Self::FRAME).unwrap_or(name);
        match self {
            Self::ModelCall => format!("{}:llm:0", owner.replace(':', "_")),
            Self::WorkflowStep => format!("{}:step:0", owner.replace(':', "_")),
            _ => format!("system:{name}"),
        }
        .into()
    }
}

/// The same for an id that may be empty.
pub(crate) fn check_format(scope: ComponentScope, id: &str) -> Result<()> {
    let Some(name) = name_of(scope) else { return Ok(()) };
    if id.is_empty() {
        return Err(Error::invalid(format!("{name} component_id cannot be empty")));
    }
    match scope {
        ComponentScope::WorkflowStep => numbered(id, "step", name, "workflow_name", "index"),
        ComponentScope::ModelCall => numbered(id, "llm", name, "agent_name", "iteration"),
        ComponentScope::System if !id.starts_with("system:") => {
            Err(Error::invalid(format!("System component_id must start with 'system:', got '{id}'")))
        }
        _ => Ok(()),
    }
}

/// `owner:middle:N`.
fn numbered(id: &str, middle: &str, name: &str, owner: &str, number: &str) -> Result<()> {
    let mut parts = id.split(':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(word), Some(digits), None) if word == middle => {
            if digits.parse::<u64>().is_ok() {
                return Ok(());
            }
            Err(Error::invalid(format!("{name} {number} must be a number, got '{digits}'")))
        }
        _ => Err(Error::invalid(format!("{name} component_id must be '{owner}:{middle}:N', got '{id}'"))),
    }
}

/// What agent-runtime calls a scope, of those that it has.
fn name_of(scope: ComponentScope) -> Option<&'static str> {
    match scope {
        ComponentScope::Workflow => Some("Workflow"),
        ComponentScope::WorkflowStep => Some("WorkflowStep"),
        ComponentScope::Agent => Some("Agent"),
        ComponentScope::ModelCall => Some("LlmRequest"),
        ComponentScope::Tool => Some("Tool"),
        ComponentScope::System => Some("System"),
        _ => None,
    }
}
