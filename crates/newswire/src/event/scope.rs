//! Which run, session, turn and so on an event belongs to.

use std::fmt;
use std::sync::Arc;

use super::shared_json::SharedJson;
use crate::error::Result;

/// The ids that a [`Scope`] can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ScopeField {
    /// The running program.
    Runtime,
    /// The agent.
    Agent,
    /// The session.
    Session,
    /// The conversation, which may span sessions.
    Conversation,
    /// The user on whose behalf it runs.
    User,
    /// One execution, from request to answer.
    Run,
    /// The workflow.
    Workflow,
    /// The workflow that started this one.
    ParentWorkflow,
    /// The step of a workflow or pipeline.
    Step,
    /// The turn of a conversation.
    Turn,
    /// The channel that messages come through.
    Channel,
    /// The account at that channel.
    Account,
    /// The chat at that channel.
    Chat,
    /// Which type of chat: direct, group.
    ChatType,
    /// The topic or thread within a chat.
    Topic,
    /// The workspace or server that the chat is in.
    Space,
    /// Which type of space.
    SpaceType,
    /// Who sent the message.
    Sender,
    /// The message.
    Message,
}

impl ScopeField {
    /// All of them, in the order of the wire.
    pub const ALL: [Self; 19] = [
        Self::Runtime,
        Self::Agent,
        Self::Session,
        Self::Conversation,
        Self::User,
        Self::Run,
        Self::Workflow,
        Self::ParentWorkflow,
        Self::Step,
        Self::Turn,
        Self::Channel,
        Self::Account,
        Self::Chat,
        Self::ChatType,
        Self::Topic,
        Self::Space,
        Self::SpaceType,
        Self::Sender,
        Self::Message,
    ];

    /// The name on the wire and in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Agent => "agent",
            Self::Session => "session",
            Self::Conversation => "conversation",
            Self::User => "user",
            Self::Run => "run",
            Self::Workflow => "workflow",
            Self::ParentWorkflow => "parent_workflow",
            Self::Step => "step",
            Self::Turn => "turn",
            Self::Channel => "channel",
            Self::Account => "account",
            Self::Chat => "chat",
            Self::ChatType => "chat_type",
            Self::Topic => "topic",
            Self::Space => "space",
            Self::SpaceType => "space_type",
            Self::Sender => "sender",
            Self::Message => "message",
        }
    }

    /// The field of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// The ids of what an event belongs to, all optional; cheap to clone, copied when changed.
///
/// ```
/// use newswire::{Scope, ScopeField};
///
/// let scope = Scope::new().with(ScopeField::Session, "s-1")?.with(ScopeField::Run, "r-7")?;
/// assert_eq!(scope.get(ScopeField::Session), Some("s-1"));
/// assert_eq!(scope.get(ScopeField::Turn), None);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Scope(Option<Arc<Ids>>);

#[derive(Clone, Default, PartialEq, Eq)]
struct Ids {
    ids: Vec<(ScopeField, Arc<str>)>,
    json: SharedJson,
}

impl Scope {
    /// The longest id, in bytes.
    pub const MAX_ID_LEN: usize = 512;

    /// A scope without ids.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The same scope with one id set or replaced.
    ///
    /// # Errors
    /// `Invalid` when the id is empty, `TooLarge` over [`Scope::MAX_ID_LEN`] bytes.
    pub fn with(mut self, field: ScopeField, id: impl Into<Box<str>>) -> Result<Self> {
        let id = id.into();
        super::check_text(&format_args!("scope.{}", field.as_str()), &id)?;
        let Ids { ids, json } = Arc::make_mut(self.0.get_or_insert_default());
        match ids.binary_search_by_key(&field, |(field, _)| *field) {
            Ok(place) => {
                if let Some(entry) = ids.get_mut(place) {
                    entry.1 = id.into();
                }
            }
            Err(place) => ids.insert(place, (field, id.into())),
        }
        *json = SharedJson::of(ids.iter().map(|(field, id)| (field.as_str(), &**id)));
        Ok(self)
    }

    /// The id of `field`, where there is one.
    pub fn get(&self, field: ScopeField) -> Option<&str> {
        self.shared(field).map(|id| &**id)
    }

    /// The same, for whoever keeps it.
    pub(crate) fn shared(&self, field: ScopeField) -> Option<&Arc<str>> {
        self.0.as_ref()?.ids.iter().find(|(present, _)| *present == field).map(|(_, id)| id)
    }

    /// The ids that are present, in the order of the wire.
    pub fn iter(&self) -> impl Iterator<Item = (ScopeField, &str)> {
        self.0.iter().flat_map(|shared| shared.ids.iter()).map(|(field, id)| (*field, &**id))
    }

    /// Whether no id is present.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Its members, by their names on the wire.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.iter().map(|(field, id)| (field.as_str(), id))
    }

    /// The JSON of its members; `None` without any.
    pub(super) fn json(&self) -> Option<&SharedJson> {
        self.0.as_ref().map(|shared| &shared.json)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.members()).finish()
    }
}

/// Who emitted an event: a component and, where it has one, a name: `tool_runner`, `calculator`.
///
/// ```
/// use newswire::Source;
///
/// let source = Source::named("tool_runner", "calculator")?;
/// assert_eq!((source.component(), source.name()), (Some("tool_runner"), Some("calculator")));
/// assert_eq!(Source::unknown().component(), None);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Source(Option<Arc<Names>>);

#[derive(PartialEq, Eq)]
struct Names {
    component: Box<str>,
    name: Option<Box<str>>,
    json: SharedJson,
}

impl Names {
    fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let name = self.name.as_deref().map(|name| ("name", name));
        std::iter::once(("component", &*self.component)).chain(name)
    }
}

impl Source {
    /// A component without a name.
    ///
    /// # Errors
    /// `Invalid` when it is empty, `TooLarge` over [`Scope::MAX_ID_LEN`] bytes.
    pub fn new(component: impl Into<Box<str>>) -> Result<Self> {
        Self::build(component.into(), None)
    }

    /// A component and the name of the one that emitted.
    ///
    /// # Errors
    /// As [`Source::new`].
    pub fn named(component: impl Into<Box<str>>, name: impl Into<Box<str>>) -> Result<Self> {
        Self::build(component.into(), Some(name.into()))
    }

    fn build(component: Box<str>, name: Option<Box<str>>) -> Result<Self> {
        super::check_text(&"source.component", &component)?;
        if let Some(name) = &name {
            super::check_text(&"source.name", name)?;
        }
        let mut names = Names { component, name, json: SharedJson::default() };
        names.json = SharedJson::of(names.members());
        Ok(Self(Some(Arc::new(names))))
    }

    /// An event's source that says nothing.
    pub const fn unknown() -> Self {
        Self(None)
    }

    /// The component, `None` when the source is unknown.
    pub fn component(&self) -> Option<&str> {
        self.0.as_ref().map(|names| &*names.component)
    }

    /// The name within the component.
    pub fn name(&self) -> Option<&str> {
        self.0.as_ref().and_then(|names| names.name.as_deref())
    }

    /// Its members, by their names on the wire.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().flat_map(|names| names.members())
    }

    /// The JSON of its members; `None` when it is unknown.
    pub(super) fn json(&self) -> Option<&SharedJson> {
        self.0.as_ref().map(|names| &names.json)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.component(), self.name()) {
            (Some(component), Some(name)) => write!(f, "{component}/{name}"),
            (Some(component), None) => f.write_str(component),
            _ => f.write_str("unknown"),
        }
    }
}
