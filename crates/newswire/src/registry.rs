//! Custom kinds that a program has registered, with the payload types that their events carry.
//!
//! Nobody has to: any dotted name is a kind. Registering says that a name is one type's, so that two parts of a
//! program that mean different things by it find out at once, and lets a bus check payloads of that kind.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::{LazyLock, PoisonError, RwLock};

use crate::catalogue;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Payload;
use crate::kind::Kind;

static REGISTRY: LazyLock<RwLock<Registry>> = LazyLock::new(RwLock::default);

#[derive(Default)]
struct Registry {
    kinds: HashMap<Kind, Registered>,
    /// The kind of each type; `None` for those that have several.
    types: HashMap<TypeId, Option<Kind>>,
}

/// What a kind's events carry.
#[derive(Clone, Copy)]
struct Registered {
    type_id: TypeId,
    type_name: &'static str,
    read: fn(&str) -> Result<()>,
}

impl Registered {
    fn of<P: Payload>() -> Self {
        let read = |json: &str| {
            serde_json::from_str::<P>(json).map(drop).map_err(|error| Error::of_json(&error, json))
        };
        Self { type_id: TypeId::of::<P>(), type_name: type_name::<P>(), read }
    }
}

impl Kind {
    /// Registers a custom kind as that of the payload type `P`, for the life of the process.
    ///
    /// It is optional: it finds out where two parts of a program mean different things by one name, has
    /// [`BusOptions::payloads`](crate::BusOptions::payloads) check the kind's JSON, and makes the kind that of
    /// [`Payload::only_kind`]. Its name then means this kind, also where other systems have that name, in all
    /// filters that are made from then on. Registering the same once more changes nothing.
    ///
    /// ```
    /// use newswire::{Kind, Payload};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Clone, Serialize, Deserialize)]
    /// struct DeployFinished { version: u64 }
    /// # impl Payload for DeployFinished {
    /// #     fn kind(&self) -> Kind { Kind::parse("deploy.finished").expect("a well-formed name") }
    /// #     fn size_bound(&self) -> usize { 40 }
    /// # }
    ///
    /// let kind = Kind::register::<DeployFinished>("deploy.finished")?;
    /// assert_eq!(DeployFinished::only_kind(), Some(kind));
    /// assert!(Kind::register::<DeployFinished>("tool.call.started").is_err());
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid`, naming both, for a kind of the catalogue and for one that another type is registered for, and
    /// for what is no kind; `Full` where the process has no room for further kinds.
    pub fn register<P: Payload>(name: &str) -> Result<Self> {
        let kind = Self::parse(name)?;
        let new = Registered::of::<P>();
        let clash = |holder: &str| {
            Err(Error::invalid(format!(
                "the kind {name} is that of {holder}, so {} can't have it",
                new.type_name
            ))
            .expecting("a name of its own"))
        };
        if let Some(row) = catalogue::row_of(&kind) {
            return clash(&format!("the catalogue's {}", row.payload));
        }
        if !kind.is_interned() {
            let message = format!("{} kinds are known, which is the limit", Self::INTERNED);
            return Err(Error::new(ErrorKind::Full, message));
        }
        let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
        match registry.kinds.get(&kind).copied() {
            Some(registered) if registered.type_id != new.type_id => return clash(registered.type_name),
            Some(_) => {}
            None => {
                registry.kinds.insert(kind.clone(), new);
                let only = registry.types.entry(new.type_id).or_insert_with(|| Some(kind.clone()));
                only.take_if(|other| *other != kind);
            }
        }
        Ok(kind)
    }
}

/// Whether a kind of that name is registered.
pub(crate) fn is_name(name: &str) -> bool {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    Kind::interned(name).is_some_and(|kind| registry.kinds.contains_key(&kind))
}

/// The kind that `P` is registered for, if it is one only.
pub(crate) fn kind_of<P: Payload>() -> Option<Kind> {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    registry.types.get(&TypeId::of::<P>()).cloned().flatten()
}

/// Checks JSON of a kind by reading it as the type that is registered for it, if there is one.
///
/// # Errors
/// `Invalid`, in the words of the type's own reader.
pub(crate) fn check(kind: &Kind, json: &str) -> Result<()> {
    let registered = REGISTRY.read().unwrap_or_else(PoisonError::into_inner).kinds.get(kind).copied();
    let Some(Registered { read, .. }) = registered else { return Ok(()) };
    // The reader is user code: it runs without the lock, and harms nobody.
    catch_unwind(|| read(json))
        .unwrap_or_else(|_| Err(Error::invalid("its reader panicked")))
        .map_err(|error| error.at_path("payload"))
}
