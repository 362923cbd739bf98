//! What few emitters add to their events: tags, attributes, a component's id of their own.
//!
//! It stands behind one pointer, so that the others pay one comparison for it.

use std::sync::Arc;

use serde::Serialize;

use super::Emitter;
use crate::catalogue;
use crate::error::Result;
use crate::event::{Component, ComponentScope, EventBuilder, Rare, Scope, ScopeField, check_text, raw_attr};
use crate::kind::Kind;

#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) rare: Rare,
    /// In place of the payload's label.
    component: Option<Box<str>>,
}

impl Extras {
    /// What is handed on to events within.
    pub(super) fn inherited(this: &Arc<Self>) -> Option<Arc<Self>> {
        match this.component {
            None => Some(this.clone()),
            Some(_) if this.rare.is_empty() => None,
            Some(_) => Some(Arc::new(Self { rare: this.rare.clone(), component: None })),
        }
    }
}

impl Emitter {
    /// The same emitter with one more tag on its events.
    ///
    /// # Errors
    /// `Invalid` when the tag is empty, `TooLarge` over [`Scope::MAX_ID_LEN`] bytes and where there are too many.
    pub fn with_tag(mut self, tag: impl Into<Box<str>>) -> Result<Self> {
        self.add_tag(tag)?;
        Ok(self)
    }

    /// The same emitter with an attribute on its events: anything that serialises.
    ///
    /// ```
    /// use newswire::Bus;
    ///
    /// let bus = Bus::new();
    /// let mut events = bus.subscribe("attrs.region=eu-1 and tag=canary")?;
    /// let emitter = bus.emitter().with_attr("region", "eu-1")?.with_tag("canary")?;
    /// emitter.step("load", None).complete(None)?;
    /// assert_eq!(std::iter::from_fn(|| events.try_next().ok().flatten()).count(), 2);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` when the key is empty, or the value has no JSON form; `TooLarge` over [`Scope::MAX_ID_LEN`] bytes
    /// of the key and where there are too many.
    pub fn with_attr(mut self, key: impl Into<Box<str>>, value: &(impl Serialize + ?Sized)) -> Result<Self> {
        self.set_attr(key, value)?;
        Ok(self)
    }

    /// The same emitter for events about the component of that id, in place of what the payload calls it. An
    /// operation that begins with it keeps the id; what happens within has its own.
    ///
    /// # Errors
    /// `Invalid` when the id is empty, `TooLarge` over [`Scope::MAX_ID_LEN`] bytes.
    pub fn with_component(mut self, id: impl Into<Box<str>>) -> Result<Self> {
        let id = id.into();
        check_text(&"component.id", &id)?;
        self.extras_mut().component = Some(id);
        Ok(self)
    }

    pub(super) fn add_tag(&mut self, tag: impl Into<Box<str>>) -> Result<()> {
        self.extras_mut().rare.add_tag(tag.into())
    }

    pub(super) fn set_attr(
        &mut self,
        key: impl Into<Box<str>>,
        value: &(impl Serialize + ?Sized),
    ) -> Result<()> {
        let key = key.into();
        let value = raw_attr(&key, value)?;
        self.extras_mut().rare.set_attr(key, value)
    }

    fn extras_mut(&mut self) -> &mut Extras {
        Arc::make_mut(self.extras.get_or_insert_default())
    }

    /// What an event of `kind` is about: the emitter's component, else the payload's label, cut to the bound,
    /// else the kind without its phase. What no user has chosen takes the format that the bus keeps, if it does.
    pub(super) fn component(&self, kind: &Kind, label: Option<&str>) -> Option<Component> {
        let scope = catalogue::component_of(kind)?;
        let own = self.extras.as_ref().and_then(|extras| extras.component.as_deref());
        let what = || kind.as_str().rsplit_once('.').map(|(what, _)| what);
        let label = own.or(label).filter(|label| !label.is_empty()).or_else(what)?;
        let label = label.get(..label.floor_char_boundary(Scope::MAX_ID_LEN))?;
        if own.is_none() && self.bus.as_ref().is_some_and(|bus| bus.core.alterations.checks_component_ids()) {
            return Component::new(scope, scope.formatted(label, self.owner(scope))).ok();
        }
        Component::new(scope, label).ok()
    }

    /// Whose call or step an event of that scope is about.
    fn owner(&self, scope: ComponentScope) -> Option<&str> {
        match scope {
            ComponentScope::ModelCall => self.scope.get(ScopeField::Agent),
            _ => self.scope.get(ScopeField::Workflow),
        }
    }

    /// Adds the context to an event that says something itself, which wins.
    pub(super) fn around(&self, builder: EventBuilder) -> EventBuilder {
        let builder = builder.within(&self.source, &self.scope, &self.correlation);
        let Some(extras) = &self.extras else { return builder };
        let component = extras.component.as_deref().and_then(|id| self.component(builder.kind(), Some(id)));
        let builder = builder.with_rare(&extras.rare);
        match component {
            Some(component) => builder.component(component),
            None => builder,
        }
    }
}
