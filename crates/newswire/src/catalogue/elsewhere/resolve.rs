//! Finds what a name means: by system and name, by prefix, or plainly where it has one meaning.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::{Alias, Given, System, packed};
use crate::error::{Error, Result};
use crate::filter::nearest;
use crate::kind::Kind;
use crate::registry;

/// What a name stands for: a kind, and what payload fields must say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) kind: Kind,
    pub(crate) given: &'static [(&'static str, Given)],
}

/// The rows of every name, by system.
type Index = HashMap<(System, &'static str), &'static [Alias]>;

/// All rows, system after system.
fn all() -> &'static [Alias] {
    static ALL: OnceLock<Box<[Alias]>> = OnceLock::new();
    ALL.get_or_init(|| packed::all().collect())
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let names = all().chunk_by(|a, b| (a.system, a.name) == (b.system, b.name));
        names.filter_map(|rows| rows.first().map(|row| ((row.system, row.name), rows))).collect()
    })
}

pub(super) fn names(system: System) -> &'static [Alias] {
    static SYSTEMS: OnceLock<HashMap<System, &'static [Alias]>> = OnceLock::new();
    let systems = SYSTEMS.get_or_init(|| {
        let systems = all().chunk_by(|a, b| a.system == b.system);
        systems.filter_map(|rows| Some((rows.first()?.system, rows))).collect()
    });
    systems.get(&system).copied().unwrap_or_default()
}

/// All names of other systems.
pub fn aliases() -> &'static [Alias] {
    all()
}

/// The rows of one name of one system, in the order in which they are tried; none for unknown names. Praxis
/// has two names for a type, that of the enumeration and its value: `TASK_STARTED` is `task.started`.
pub fn aliases_named(system: System, name: &str) -> &'static [Alias] {
    // The index outlives every name that is looked up in it, so it may be asked with a shorter one.
    let index: &HashMap<(System, &str), &'static [Alias]> = index();
    let rows = |name: &str| index.get(&(system, name)).copied();
    let otherwise = || rows(&system.value_of(name)?);
    rows(name).or_else(otherwise).unwrap_or_default()
}

/// The row that an event of another system falls under, by its name and payload.
///
/// ```
/// use newswire::catalogue::{System, alias_for};
/// use serde_json::json;
///
/// let ended = alias_for(System::PicoClaw, "agent.tool.exec_end", &json!({"IsError": true}));
/// assert_eq!(ended.map(|alias| alias.kind.to_string()).as_deref(), Some("tool.call.failed"));
/// ```
pub fn alias_for(system: System, name: &str, payload: &Value) -> Option<&'static Alias> {
    aliases_named(system, name).iter().find(|alias| alias.when.admits(payload))
}

/// The kinds that a name can mean: a kind's own name, `system/name` or `system/prefix.*`, or the plain
/// name of another system where it has one meaning.
///
/// ```
/// use newswire::catalogue::kinds_named;
///
/// let kinds = kinds_named("picoclaw/agent.tool.exec_end")?;
/// let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
/// assert_eq!(names, ["tool.call.failed", "tool.call.completed"]);
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` for an unknown system or a name that it doesn't have, for a plain name with several meanings
/// (the error lists them), and for what is no name at all.
pub fn kinds_named(name: &str) -> Result<Vec<Kind>> {
    let Some(meanings) = meanings(name)? else { return Ok(vec![Kind::parse(name)?]) };
    let mut kinds = Vec::new();
    for Meaning { kind, .. } in meanings {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// Every kind that a name can mean, to whomever: of a plain name the kind of ours that is called so, and what
/// each system that has it means by it. For whoever looks a name up; a filter or an event has to say whose it is.
///
/// ```
/// use newswire::catalogue::kinds_meant;
///
/// let kinds = kinds_meant("agent.started")?;
/// let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
/// assert_eq!(names, ["agent.started", "service.launch.completed"]);
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// As [`kinds_named`], several meanings aside.
pub fn kinds_meant(name: &str) -> Result<Vec<Kind>> {
    let theirs = System::ALL.iter().flat_map(|system| aliases_named(*system, name));
    let theirs: Vec<_> = theirs.map(|alias| alias.kind.clone()).collect();
    let ours = crate::catalogue::is_name(name) || registry::is_name(name) || theirs.is_empty();
    let mut kinds = if ours { kinds_named(name)? } else { Vec::new() };
    for kind in theirs {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// What a name of another system means; `None` for what is none.
///
/// # Errors
/// As [`kinds_named`], kinds' own names aside.
pub(crate) fn meanings(name: &str) -> Result<Option<Vec<Meaning>>> {
    if let Some((prefix, theirs)) = name.split_once('/') {
        let system = System::parse(prefix)?;
        let found = match theirs.strip_suffix('*') {
            Some(begun) if begun.is_empty() || begun.ends_with('.') => {
                union(system.names().iter().filter(|alias| alias.name.starts_with(begun)))
            }
            _ => union(aliases_named(system, theirs)),
        };
        return if found.is_empty() { Err(unknown(system, theirs)) } else { Ok(Some(found)) };
    }
    if crate::catalogue::is_name(name) || registry::is_name(name) {
        return Ok(None);
    }
    let mut found: Vec<(System, Vec<Meaning>)> =
        System::ALL.iter().map(|system| (*system, union(aliases_named(*system, name)))).collect();
    found.retain(|(_, meanings)| !meanings.is_empty());
    let same = found.windows(2).all(|pair| matches!(pair, [(_, left), (_, right)] if left == right));
    if same {
        return Ok(found.pop().map(|(_, meanings)| meanings));
    }
    let candidates: Vec<_> = found.iter().map(|(system, _)| format!("{}/{name}", system.as_str())).collect();
    Err(Error::invalid(format!("{name:?} means different kinds in different systems"))
        .expecting(format!("one of {}", candidates.join(", "))))
}

/// The rows of a name, of which an event's payload chooses one, for each system that has it; none for what no
/// other system has.
///
/// # Errors
/// As [`kinds_named`], kinds' own names aside; `Invalid` for patterns as well.
pub(crate) fn rows_named(name: &str) -> Result<Vec<&'static [Alias]>> {
    if name.contains('/') && name.ends_with('*') {
        let message = format!("{name:?} is a pattern, and an event has one kind");
        return Err(Error::invalid(message).expecting("the name of a kind"));
    }
    if meanings(name)?.is_none() {
        return Ok(Vec::new());
    }
    Ok(match name.split_once('/') {
        Some((prefix, theirs)) => vec![aliases_named(System::parse(prefix)?, theirs)],
        None => {
            let all = System::ALL.iter().map(|system| aliases_named(*system, name));
            all.filter(|rows| !rows.is_empty()).collect()
        }
    })
}

/// The error that a payload fulfils no condition of its name's rows.
pub(crate) fn undecided(name: &str, rows: &[&[Alias]]) -> Error {
    let candidates = rows.iter().copied().flatten().map(|row| format!("{} where {}", row.kind, row.when));
    Error::invalid(format!("the payload doesn't tell which kind {name:?} means"))
        .at_path("payload")
        .expecting(format!("one of {}", candidates.collect::<Vec<_>>().join(", ")))
}

fn unknown(system: System, theirs: &str) -> Error {
    let error = Error::invalid(format!("{} has no kind {theirs:?}", system.as_str()))
        .at_column(system.as_str().chars().count() + 2);
    let near = nearest(theirs, system.names().iter().map(|alias| alias.name));
    let mut names: Vec<_> = near.iter().map(|name| format!("{}/{name}", system.as_str())).collect();
    names.dedup();
    if names.is_empty() { error } else { error.expecting(format!("one of {}", names.join(", "))) }
}

/// What these rows mean, each once; a kind that one of them means as a whole needs no further condition.
fn union<'a>(aliases: impl IntoIterator<Item = &'a Alias>) -> Vec<Meaning> {
    let mut meanings: Vec<Meaning> = Vec::new();
    for alias in aliases {
        let meaning = Meaning { kind: alias.kind.clone(), given: alias.given };
        let covered = |known: &Meaning| {
            known.kind == meaning.kind && (known.given.is_empty() || known.given == meaning.given)
        };
        if meanings.iter().any(covered) {
            continue;
        }
        if meaning.given.is_empty() {
            meanings.retain(|known| known.kind != meaning.kind);
        }
        meanings.push(meaning);
    }
    meanings
}
