//! The dotted name of what happened, interned to a small integer inside a process.
//!
//! ```text
//! kind    = segment *( "." segment )        at most 128 bytes
//! segment = ( "a"-"z" ) *( "a"-"z" / "0"-"9" / "_" )
//! ```
//!
//! The catalogue's kinds have the first numbers, known when the program is compiled. Others get theirs
//! when first parsed, up to [`Kind::INTERNED`] in all; kinds past that are carried and compared as text,
//! so that hostile names can't fill the table: they work, only slower.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::catalogue;
use crate::error::{Error, Result};

/// The name of what happened, such as `tool.call.started`.
///
/// ```
/// use newswire::Kind;
///
/// let kind: Kind = "deploy.finished".parse()?;
/// assert_eq!(kind.as_str(), "deploy.finished");
/// assert!("Deploy finished".parse::<Kind>().is_err());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Kind(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Interned(u16),
    Text(Arc<str>),
}

struct Interner {
    ids: RwLock<HashMap<&'static str, u16, foldhash::fast::RandomState>>,
    names: Box<[OnceLock<&'static str>]>,
}

static INTERNER: OnceLock<Interner> = OnceLock::new();

fn interner() -> &'static Interner {
    INTERNER.get_or_init(|| {
        let names: Box<[OnceLock<&'static str>]> = (0..Kind::INTERNED).map(|_| OnceLock::new()).collect();
        let mut ids = HashMap::default();
        for (id, (name, kind)) in (0u16..).zip(names.iter().zip(catalogue::kinds())) {
            let _ = name.set(kind);
            ids.insert(kind, id);
        }
        Interner { ids: RwLock::new(ids), names }
    })
}

impl Kind {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 128;

    /// How many kinds a process interns; later ones are compared as text.
    pub const INTERNED: usize = 4095;

    /// The kind of the catalogue's row `id`.
    pub(crate) const fn of_row(id: u16) -> Self {
        Self(Repr::Interned(id))
    }

    /// The kind of that [slot](Kind::slot); `None` for the one that all kinds share that are not interned. One that
    /// no kind has got yet has no name.
    pub fn at(slot: usize) -> Option<Self> {
        u16::try_from(slot).ok().filter(|_| slot < Self::INTERNED).map(|id| Self(Repr::Interned(id)))
    }

    /// Parses and interns a name.
    ///
    /// # Errors
    /// `Invalid`, with the column, where the name breaks the grammar above.
    pub fn parse(name: &str) -> Result<Self> {
        let interner = interner();
        // A name that is there has been checked.
        if let Some(&id) = interner.ids.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Self(Repr::Interned(id)));
        }
        check(name)?;
        let mut ids = interner.ids.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&id) = ids.get(name) {
            return Ok(Self(Repr::Interned(id)));
        }
        match (interner.names.get(ids.len()), u16::try_from(ids.len())) {
            (Some(slot), Ok(id)) => {
                let name: &'static str = Box::leak(name.into());
                let _ = slot.set(name);
                ids.insert(name, id);
                Ok(Self(Repr::Interned(id)))
            }
            _ => Ok(Self(Repr::Text(name.into()))),
        }
    }

    /// The kind of that name, where the process has interned it; asking takes no room.
    pub(crate) fn interned(name: &str) -> Option<Self> {
        let ids = interner().ids.read().unwrap_or_else(PoisonError::into_inner);
        ids.get(name).map(|id| Self(Repr::Interned(*id)))
    }

    /// The dotted name.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Interned(id) => {
                interner().names.get(usize::from(*id)).and_then(OnceLock::get).copied().unwrap_or_default()
            }
            Repr::Text(name) => name,
        }
    }

    /// The kind's place in tables of [`Kind::INTERNED`] + 1 entries: its number, or the last one, which
    /// all kinds share that are not interned.
    ///
    /// It is valid in this process only, and never changes: the bit of [`Bus::interest_mask`](crate::Bus::interest_mask).
    #[inline]
    pub fn slot(&self) -> usize {
        match &self.0 {
            Repr::Interned(id) => usize::from(*id),
            Repr::Text(_) => Self::INTERNED,
        }
    }

    /// Whether the kind has a number of its own.
    pub(crate) fn is_interned(&self) -> bool {
        matches!(self.0, Repr::Interned(_))
    }

    /// Every kind that this process has interned so far, the catalogue's first.
    pub fn known() -> Vec<Self> {
        let count = interner().ids.read().unwrap_or_else(PoisonError::into_inner).len();
        (0..count).filter_map(|id| u16::try_from(id).ok()).map(|id| Self(Repr::Interned(id))).collect()
    }
}

/// Says what is wrong with a name, and where.
fn check(name: &str) -> Result<()> {
    const EXPECTED: &str = "segments of [a-z][a-z0-9_]* joined by dots, such as tool.call.started";
    let wrong = |what: String, column: usize| Err(Error::invalid(what).at_column(column).expecting(EXPECTED));
    if name.is_empty() {
        return wrong("a kind can't be empty".into(), 1);
    }
    if name.len() > Kind::MAX_LEN {
        // The character that the first byte too many belongs to.
        let fits = name.char_indices().take_while(|(start, c)| start + c.len_utf8() <= Kind::MAX_LEN).count();
        let message = format!("a kind has at most {} bytes, this has {}", Kind::MAX_LEN, name.len());
        return wrong(message, fits + 1);
    }
    let mut at_start = true;
    for (index, character) in name.chars().enumerate() {
        match character {
            '.' if at_start => return wrong(format!("kind {name:?} has an empty segment"), index + 1),
            '.' => at_start = true,
            'a'..='z' => at_start = false,
            '0'..='9' | '_' if !at_start => {}
            other => return wrong(format!("kind {name:?} has {other:?} where it can't stand"), index + 1),
        }
    }
    if at_start {
        return wrong(format!("kind {name:?} ends in a dot"), name.chars().count());
    }
    Ok(())
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::parse(name)
    }
}

impl TryFrom<&str> for Kind {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self> {
        Self::parse(name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({})", self.as_str())
    }
}
