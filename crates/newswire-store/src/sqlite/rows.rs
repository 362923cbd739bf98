//! Rows of events, inserted many by one statement: its cursors stay where the last row went, at the end of the table
//! and mostly of the indexes, and so needn't look for the next one's place from the root.

use std::sync::LazyLock;

use newswire::{Event, ScopeField};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use super::append::checksum;
use super::fault::Outcome;

/// How many rows the statements have, the largest first.
const SIZES: [usize; 3] = [64, 8, 1];
/// What many rows hold together at most; a statement has a copy of each of its own.
const LARGE: usize = 4 << 20;
const COLUMNS: usize = 7;

// Nothing of a transaction is kept where a row isn't taken, so SQLite needs no copies of pages to undo one statement.
static SQL: LazyLock<[String; 3]> = LazyLock::new(|| {
    SIZES.map(|rows| {
        let mut sql =
            "INSERT OR ROLLBACK INTO event (pos, kind, time_ns, session, run, crc, body) VALUES ".to_owned();
        sql.push_str(&"(?,?,?,?,?,?,?),".repeat(rows));
        sql.pop();
        sql
    })
});

/// The insertion of a known number of events.
pub(super) struct Rows<'c> {
    connection: &'c Connection,
    statement: Option<(CachedStatement<'c>, usize)>,
    /// How many rows the statement has got.
    bound: usize,
    /// How many events are still to come, those included.
    left: usize,
    most: usize,
    json: &'c mut Vec<u8>,
}

impl<'c> Rows<'c> {
    /// For `count` events of `bytes` in all.
    pub(super) fn new(connection: &'c Connection, json: &'c mut Vec<u8>, count: usize, bytes: usize) -> Self {
        let most = if bytes > LARGE { 8 } else { usize::MAX };
        Self { connection, statement: None, bound: 0, left: count, most, json }
    }

    /// Inserts the event, or notes it for being inserted with those that follow; gives the length of its text.
    pub(super) fn add(&mut self, pos: i64, kind: i64, event: &Event) -> Outcome<usize> {
        let (mut statement, rows) = match self.statement.take() {
            Some(begun) => begun,
            None => self.next()?,
        };
        self.json.clear();
        event.write_json(self.json);
        let scope = event.scope();
        let crc = checksum(pos, kind, self.json);
        let first = self.bound * COLUMNS;
        statement.raw_bind_parameter(first + 1, pos)?;
        statement.raw_bind_parameter(first + 2, kind)?;
        statement.raw_bind_parameter(first + 3, event.time_ns())?;
        statement.raw_bind_parameter(first + 4, scope.get(ScopeField::Session))?;
        statement.raw_bind_parameter(first + 5, scope.get(ScopeField::Run))?;
        statement.raw_bind_parameter(first + 6, crc)?;
        statement.raw_bind_parameter(first + 7, ToSqlOutput::Borrowed(ValueRef::Text(self.json)))?;
        self.bound += 1;
        if self.bound == rows {
            statement.raw_execute()?;
            self.left = self.left.saturating_sub(rows);
            self.bound = 0;
        }
        self.statement = Some((statement, rows)).filter(|_| self.bound > 0 || self.left >= rows);
        Ok(self.json.len())
    }

    /// The largest statement that as many rows are left for.
    fn next(&self) -> Outcome<(CachedStatement<'c>, usize)> {
        let fits = |rows: usize| rows == 1 || rows <= self.left && rows <= self.most;
        let mut sizes = SIZES.iter().zip(SQL.iter()).filter(|(rows, _)| fits(**rows));
        let (rows, sql) = sizes.next().ok_or(rusqlite::Error::InvalidQuery)?;
        Ok((self.connection.prepare_cached(sql)?, *rows))
    }
}
