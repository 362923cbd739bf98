//! Handles: what other languages hold in place of Rust's objects.
//!
//! ```text
//! bits 63..56 type    55..24 generation    23..0 place
//! ```
//!
//! A handle is a number, never a pointer: any number may be handed in, and one that names nothing is an answer.
//! A place that is used again has another generation, and one whose generations are spent isn't used again; so a
//! handle that was closed never means anything else.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

const TYPE_SHIFT: u32 = 56;
const GENERATION_SHIFT: u32 = 24;
const PLACES: usize = 1 << GENERATION_SHIFT;

/// What a handle stands for. 0 is no type, so no handle is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HandleType {
    /// A bus.
    Bus = 1,
    /// An emitter with its context.
    Emitter = 2,
    /// A subscription that is pulled.
    Subscription = 3,
    /// A handler's place on a bus.
    Listener = 4,
    /// A sink's or store's place on a bus.
    Attachment = 5,
    /// A ready-made subscriber.
    View = 6,
    /// Word that an event is durable.
    Receipt = 7,
    /// A recording or store that is being read.
    Reader = 8,
    /// A recording or store that is being played.
    Player = 9,
    /// A filter.
    Filter = 10,
}

impl HandleType {
    const ALL: [Self; 10] = [
        Self::Bus,
        Self::Emitter,
        Self::Subscription,
        Self::Listener,
        Self::Attachment,
        Self::View,
        Self::Receipt,
        Self::Reader,
        Self::Player,
        Self::Filter,
    ];

    /// The type that a handle says it has.
    ///
    /// # Errors
    /// Where it can't have come from here.
    pub fn of(handle: u64) -> Result<Self, BadHandle> {
        if handle == 0 {
            return Err(BadHandle::Null);
        }
        let number = handle >> TYPE_SHIFT;
        Self::ALL.into_iter().find(|kind| *kind as u64 == number).ok_or(BadHandle::Unknown)
    }

    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Emitter => "emitter",
            Self::Subscription => "subscription",
            Self::Listener => "listener",
            Self::Attachment => "attachment",
            Self::View => "view",
            Self::Receipt => "receipt",
            Self::Reader => "reader",
            Self::Player => "player",
            Self::Filter => "filter",
        }
    }
}

/// Why a handle names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHandle {
    /// It is 0.
    Null,
    /// It was closed.
    Stale,
    /// It is of another type.
    Wrong {
        /// What was asked for.
        expected: HandleType,
        /// What it is.
        found: HandleType,
    },
    /// It never came from here.
    Unknown,
    /// There is no place for another.
    NoPlace,
}

impl fmt::Display for BadHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("the handle is 0"),
            Self::Stale => f.write_str("the handle was closed"),
            Self::Wrong { expected, found } => {
                write!(
                    f,
                    "the handle is one of a {}, expected one of a {}",
                    found.as_str(),
                    expected.as_str()
                )
            }
            Self::Unknown => f.write_str("the handle never came from here"),
            Self::NoPlace => write!(f, "there are {PLACES} handles of this type already"),
        }
    }
}

impl std::error::Error for BadHandle {}

/// All handles of one type.
///
/// ```
/// use std::sync::Arc;
/// use newswire_facade::{BadHandle, HandleType, Handles};
///
/// let names = Handles::new(HandleType::Filter);
/// let handle = names.insert(Arc::new("one"))?;
/// assert_eq!(*names.get(handle)?, "one");
/// names.remove(handle)?;
/// assert_eq!(names.get(handle), Err(BadHandle::Stale));
/// # Ok::<(), BadHandle>(())
/// ```
pub struct Handles<T> {
    kind: HandleType,
    places: RwLock<Places<T>>,
}

struct Places<T> {
    all: Vec<Place<T>>,
    /// Those that may be used again, the last one first.
    free: Vec<usize>,
}

struct Place<T> {
    generation: u32,
    value: Option<Arc<T>>,
}

impl<T> Handles<T> {
    /// A table without handles.
    #[must_use]
    pub const fn new(kind: HandleType) -> Self {
        Self { kind, places: RwLock::new(Places { all: Vec::new(), free: Vec::new() }) }
    }

    /// Gives a value a handle.
    ///
    /// # Errors
    /// Where all places are taken.
    pub fn insert(&self, value: Arc<T>) -> Result<u64, BadHandle> {
        let mut places = self.write();
        let place = match places.free.pop() {
            Some(place) => place,
            None if places.all.len() < PLACES => {
                places.all.push(Place { generation: 0, value: None });
                places.all.len() - 1
            }
            None => return Err(BadHandle::NoPlace),
        };
        let generation = match places.all.get_mut(place) {
            Some(slot) => {
                slot.value = Some(value);
                slot.generation
            }
            None => return Err(BadHandle::NoPlace),
        };
        Ok((self.kind as u64) << TYPE_SHIFT | u64::from(generation) << GENERATION_SHIFT | place as u64)
    }

    /// What a handle stands for; it stays alive for as long as it is held, closed or not.
    ///
    /// # Errors
    /// Where the handle names nothing of this type.
    pub fn get(&self, handle: u64) -> Result<Arc<T>, BadHandle> {
        let (place, generation) = self.split(handle)?;
        let places = self.read();
        let slot = places.all.get(place).ok_or(BadHandle::Unknown)?;
        match &slot.value {
            Some(value) if slot.generation == generation => Ok(value.clone()),
            _ if generation > slot.generation => Err(BadHandle::Unknown),
            _ => Err(BadHandle::Stale),
        }
    }

    /// Closes a handle, and gives what it stood for.
    ///
    /// # Errors
    /// As [`Handles::get`]; so of two who close it, one is told.
    pub fn remove(&self, handle: u64) -> Result<Arc<T>, BadHandle> {
        let (place, generation) = self.split(handle)?;
        let mut places = self.write();
        let slot = places.all.get_mut(place).ok_or(BadHandle::Unknown)?;
        if generation > slot.generation {
            return Err(BadHandle::Unknown);
        }
        if generation < slot.generation {
            return Err(BadHandle::Stale);
        }
        let value = slot.value.take().ok_or(BadHandle::Stale)?;
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            places.free.push(place);
        }
        Ok(value)
    }

    /// How many handles are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().all.iter().filter(|slot| slot.value.is_some()).count()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read(&self) -> RwLockReadGuard<'_, Places<T>> {
        self.places.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Places<T>> {
        self.places.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn split(&self, handle: u64) -> Result<(usize, u32), BadHandle> {
        let found = HandleType::of(handle)?;
        if found != self.kind {
            return Err(BadHandle::Wrong { expected: self.kind, found });
        }
        let place = handle as usize & (PLACES - 1);
        Ok((place, (handle >> GENERATION_SHIFT) as u32))
    }
}

impl<T> fmt::Debug for Handles<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handles").field(&self.kind).field(&self.len()).finish()
    }
}
