//! Which index knows what a filter asks.

use newswire::{Field, Kind};
use rusqlite::params;

use super::fault::Outcome;
use super::page::Reading;
use super::pos;

/// Up to how many kinds are looked up one by one.
const FEW_KINDS: usize = 24;

/// Where to look for what is wanted.
pub(super) enum Way {
    Session(String),
    Run(String),
    Kinds(Vec<i64>),
    All,
}

impl Reading<'_> {
    /// Places of up to `count` events between two seqs, as the index has them, in their order or backwards.
    pub(super) fn places(
        &self,
        way: &Way,
        from: u64,
        to: u64,
        count: usize,
        backwards: bool,
    ) -> Outcome<Vec<i64>> {
        let (low, high) = (pos(self.bus, from), pos(self.bus, to));
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let by = |column: &'static str| {
            let order = if backwards { "DESC" } else { "ASC" };
            format!(
                "SELECT pos FROM event INDEXED BY event_{column} WHERE {column} = ?1 AND pos >= ?2 AND pos <= ?3 ORDER BY pos {order} LIMIT ?4"
            )
        };
        let mut places = Vec::new();
        match way {
            Way::Session(id) | Way::Run(id) => {
                let column = if matches!(way, Way::Session(_)) { "session" } else { "run" };
                let mut statement = self.connection.prepare_cached(&by(column))?;
                for place in statement.query_map(params![id, low, high, limit], |row| row.get(0))? {
                    places.push(place?);
                }
            }
            Way::Kinds(kinds) => {
                let mut statement = self.connection.prepare_cached(&by("kind"))?;
                for kind in kinds {
                    for place in statement.query_map(params![kind, low, high, limit], |row| row.get(0))? {
                        places.push(place?);
                    }
                }
                places.sort_unstable();
                if backwards {
                    places.reverse();
                }
                places.truncate(count);
            }
            Way::All => {
                let order = if backwards { "DESC" } else { "ASC" };
                let sql = format!(
                    "SELECT pos FROM event WHERE pos >= ?1 AND pos <= ?2 ORDER BY pos {order} LIMIT ?3"
                );
                let mut statement = self.connection.prepare_cached(&sql)?;
                for place in statement.query_map(params![low, high, limit], |row| row.get(0))? {
                    places.push(place?);
                }
            }
        }
        Ok(places)
    }

    /// The shortest way to what is wanted.
    pub(super) fn way(&self) -> Outcome<Way> {
        let required = |name: &str| {
            let field = Field::parse(name).ok()?;
            self.wanted.filter.required(&field).map(str::to_owned)
        };
        if let Some(run) = required("run") {
            return Ok(Way::Run(run));
        }
        if let Some(session) = required("session") {
            return Ok(Way::Session(session));
        }
        Ok(match self.kinds()? {
            Some(kinds) if kinds.len() <= FEW_KINDS => Way::Kinds(kinds),
            _ => Way::All,
        })
    }

    /// The numbers of the kinds that can match; `None` where all can.
    pub(super) fn kinds(&self) -> Outcome<Option<Vec<i64>>> {
        let mut statement = self.connection.prepare_cached("SELECT id, name FROM kind")?;
        let mut rows = statement.query([])?;
        let (mut numbers, mut all) = (Vec::new(), true);
        while let Some(row) = rows.next()? {
            let kind = row.get_ref(1)?.as_str().ok().and_then(|name| Kind::parse(name).ok());
            // What can't be read, the event itself may tell.
            match kind.is_none_or(|kind| self.wanted.filter.can_match(&kind)) {
                true => numbers.push(row.get(0)?),
                false => all = false,
            }
        }
        Ok((!all).then_some(numbers))
    }
}
