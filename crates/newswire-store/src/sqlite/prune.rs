//! Deleting what retention doesn't keep, a small transaction at a time, so that no batch waits for long.
//!
//! What has been deleted is noted, so that a replay tells it as a gap: from the oldest on, whole batches as they
//! were stored; of single kinds, the stretch in which they were deleted.

use std::collections::HashSet;
use std::time::Duration;

use newswire::Kind;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::fault::Outcome;
use super::{pos, runs};
use crate::options::Retention;

/// How many events of a kind are deleted at a time.
const ROWS: i64 = 2000;
/// How many pages are given back to the file system at a time.
const PAGES: i64 = 500;

/// Does one step; gives number and bytes of what it deleted, and says whether there is more to do.
pub(super) fn step(
    connection: &mut Connection,
    bus: i64,
    retention: &Retention,
    now: i64,
) -> Outcome<((i64, i64), bool)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = size_of_bus(&transaction, bus)?;
    let mut deleted = 0;
    while deleted < ROWS
        && let Some(rows) = oldest_batch(&transaction, bus, retention, now)?
    {
        // Of a batch whose events are gone already, the row itself is left.
        deleted += rows.max(1);
    }
    let has_more = deleted > 0 || single_kinds(&transaction, bus, retention, now)?;
    let after = size_of_bus(&transaction, bus)?;
    transaction.commit()?;
    // Each step of the statement frees one page.
    let mut vacuum = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(((before.0 - after.0, before.1 - after.1), has_more))
}

fn before(now: i64, age: Duration) -> i64 {
    now.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX))
}

/// Deletes the oldest batch, if it is too old or there is too much; says how many events that were.
fn oldest_batch(
    transaction: &Transaction<'_>,
    bus: i64,
    retention: &Retention,
    now: i64,
) -> Outcome<Option<i64>> {
    let sql = "SELECT pos, last, stored_ns FROM batch WHERE pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT 1";
    let bounds = params![pos(bus, 0), pos(bus, u64::MAX)];
    let oldest = transaction
        .prepare_cached(sql)?
        .query_row(bounds, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((first, last, stored_ns)): Option<(i64, i64, i64)> = oldest else { return Ok(None) };
    let (events, bytes) = size_of(transaction, first, last)?;
    let all = size_of_bus(transaction, bus)?;
    if !goes(retention, now, stored_ns, all, (events, bytes)) {
        return Ok(None);
    }
    transaction.prepare_cached("DELETE FROM event WHERE pos >= ?1 AND pos <= ?2")?.execute([first, last])?;
    transaction.prepare_cached("DELETE FROM batch WHERE pos = ?1")?.execute([first])?;
    transaction
        .prepare_cached("DELETE FROM gap WHERE pos > ?1 AND last <= ?2")?
        .execute([pos(bus, 0), last])?;
    transaction
        .prepare_cached("DELETE FROM pruned WHERE bus = ?1 AND kind <> 0 AND last <= ?2")?
        .execute([bus, last])?;
    runs::prune(transaction, bus, last)?;
    note(transaction, bus, 0, pos(bus, 1), last)?;
    book(transaction, bus, events, bytes)?;
    Ok(Some(events))
}

/// Number and bytes of the events between two places.
fn size_of(connection: &Connection, first: i64, last: i64) -> Outcome<(i64, i64)> {
    let sql =
        "SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM event WHERE pos >= ?1 AND pos <= ?2";
    connection.prepare_cached(sql)?.query_row([first, last], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Number and bytes of a bus's events.
fn size_of_bus(connection: &Connection, bus: i64) -> Outcome<(i64, i64)> {
    let sql = "SELECT events, bytes FROM bus WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([bus], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Whether the oldest batch, of that number and size, is too old or too much.
fn goes(retention: &Retention, now: i64, stored_ns: i64, all: (i64, i64), batch: (i64, i64)) -> bool {
    let is_over = |all: i64, without: i64, limit: Option<u64>| {
        limit.is_some_and(|limit| all - without >= i64::try_from(limit).unwrap_or(i64::MAX))
    };
    retention.max_age.is_some_and(|age| stored_ns < before(now, age))
        || is_over(all.0, batch.0, retention.max_events)
        || is_over(all.1, batch.1, retention.max_bytes)
}

/// Number and bytes of what [`step`] would delete in the end.
pub(super) fn would(
    connection: &Connection,
    bus: i64,
    retention: &Retention,
    now: i64,
) -> Outcome<(i64, i64)> {
    let all = size_of_bus(connection, bus)?;
    let (mut gone, mut kept_from) = ((0, 0), pos(bus, 0));
    let mut batches = connection
        .prepare_cached("SELECT pos, last, stored_ns FROM batch WHERE pos > ?1 AND pos <= ?2 ORDER BY pos")?;
    let mut rows = batches.query(params![pos(bus, 0), pos(bus, u64::MAX)])?;
    while let Some(row) = rows.next()? {
        let (first, last, stored_ns) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let batch = size_of(connection, first, last)?;
        if !goes(retention, now, stored_ns, (all.0 - gone.0, all.1 - gone.1), batch) {
            break;
        }
        (gone, kept_from) = ((gone.0 + batch.0, gone.1 + batch.1), last);
    }
    for (number, age) in rules(connection, retention)? {
        let sql = "SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM event INDEXED BY event_kind
            WHERE kind = ?1 AND pos > ?2 AND pos <= ?3";
        let end = stored_by(connection, bus, before(now, age))?;
        let (events, bytes): (i64, i64) = connection
            .prepare_cached(sql)?
            .query_row([number, kept_from, end], |row| Ok((row.get(0)?, row.get(1)?)))?;
        gone = (gone.0 + events, gone.1 + bytes);
    }
    Ok(gone)
}

/// Deletes some events of a kind that is kept for less long than the others.
fn single_kinds(transaction: &Transaction<'_>, bus: i64, retention: &Retention, now: i64) -> Outcome<bool> {
    for (number, age) in rules(transaction, retention)? {
        if delete_kind(transaction, bus, number, before(now, age))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The kinds that are kept for less long than the others, and how long.
fn rules(connection: &Connection, retention: &Retention) -> Outcome<Vec<(i64, Duration)>> {
    if retention.kinds.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached("SELECT id, name FROM kind")?;
    let kinds = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let kinds: Vec<(i64, String)> = kinds.collect::<Outcome<_>>()?;
    let rule = |(number, name): (i64, String)| {
        let kind = Kind::parse(&name).ok()?;
        let rule = retention.kinds.iter().find(|(filter, _)| filter.can_match(&kind));
        rule.map(|(_, age)| (number, *age))
    };
    Ok(kinds.into_iter().filter_map(rule).collect())
}

/// The last place of what was stored before that time.
fn stored_by(connection: &Connection, bus: i64, stored_before: i64) -> Outcome<i64> {
    // The time of storing never runs backwards, so the first batch that is kept ends the search.
    let sql = "SELECT pos FROM batch WHERE pos > ?1 AND pos <= ?2 AND stored_ns >= ?3 ORDER BY pos LIMIT 1";
    let bounds = params![pos(bus, 0), pos(bus, u64::MAX), stored_before];
    let kept: Option<i64> = connection.query_row(sql, bounds, |row| row.get(0)).optional()?;
    Ok(kept.map_or(pos(bus, u64::MAX), |first| first - 1))
}

fn delete_kind(transaction: &Transaction<'_>, bus: i64, kind: i64, stored_before: i64) -> Outcome<bool> {
    let done: Option<i64> = transaction
        .query_row("SELECT last FROM pruned WHERE bus = ?1 AND kind = ?2", [bus, kind], |row| row.get(0))
        .optional()?;
    let from = done.unwrap_or(pos(bus, 0));
    let end = stored_by(transaction, bus, stored_before)?;
    let mut statement = transaction.prepare_cached(
        "SELECT pos FROM event INDEXED BY event_kind WHERE kind = ?1 AND pos > ?2 AND pos <= ?3 ORDER BY pos LIMIT ?4",
    )?;
    let places = statement.query_map(params![kind, from, end, ROWS], |row| row.get(0))?;
    let places: Vec<i64> = places.collect::<Outcome<_>>()?;
    let (Some(first), Some(last)) = (places.first().copied(), places.last().copied()) else {
        return Ok(false);
    };
    let (mut bytes, mut of_runs) = (0, HashSet::new());
    let mut delete =
        transaction.prepare_cached("DELETE FROM event WHERE pos = ?1 RETURNING octet_length(body), run")?;
    for place in &places {
        let (size, run): (i64, Option<String>) =
            delete.query_row([place], |row| Ok((row.get(0)?, row.get(1)?)))?;
        bytes += size;
        of_runs.extend(run);
    }
    of_runs.iter().try_for_each(|run| runs::prune_if_empty(transaction, bus, run))?;
    note(transaction, bus, kind, first, last)?;
    book(transaction, bus, i64::try_from(places.len()).unwrap_or(i64::MAX), bytes)?;
    Ok(true)
}

/// Notes the stretch in which something was deleted.
fn note(transaction: &Transaction<'_>, bus: i64, kind: i64, first: i64, last: i64) -> Outcome<()> {
    transaction
        .prepare_cached(
            "INSERT INTO pruned (bus, kind, first, last) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (bus, kind) DO UPDATE SET last = max(last, excluded.last)",
        )?
        .execute(params![bus, kind, first, last])
        .map(drop)
}

fn book(transaction: &Transaction<'_>, bus: i64, events: i64, bytes: i64) -> Outcome<()> {
    transaction
        .prepare_cached("UPDATE bus SET events = events - ?2, bytes = bytes - ?3 WHERE id = ?1")?
        .execute(params![bus, events, bytes])
        .map(drop)
}
