//! Reads everything and compares it with its checksums.

use newswire::{EventReader, ScopeField};
use rusqlite::{Connection, Row};

use super::fault::Outcome;
use super::page::{event_of, sound};
use super::{SEQ_BITS, runs, seq_of};
use crate::store::{Damage, Verified};

/// How many damages are told one by one.
const TOLD: usize = 1000;

pub(super) fn verify(connection: &Connection) -> Outcome<Verified> {
    // All of it is of one moment, whoever writes meanwhile.
    let connection = &*connection.unchecked_transaction()?;
    let mut verified = Verified::default();
    let mut check = connection.prepare("PRAGMA integrity_check(100)")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => verified.structure.push(line),
            Err(error) => verified.structure.push(error.to_string()),
        }
    }
    match runs::verify(connection) {
        Ok(wrong) => verified.structure.extend(wrong),
        Err(error) => verified.structure.push(format!("the figures of runs can't be read: {error}")),
    }
    let sql = "SELECT pos, crc, event.kind, body, kind.name, time_ns, session, run, bus.name FROM event
        LEFT JOIN kind ON kind.id = event.kind LEFT JOIN bus ON bus.id = event.pos >> ?1 ORDER BY pos";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([SEQ_BITS])?;
    let mut reader = EventReader::new();
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                verified.structure.push(format!("what follows can't be read: {error}"));
                break;
            }
        };
        let Some(what) = damage(&mut reader, row)? else {
            verified.good += 1;
            continue;
        };
        if verified.damaged.len() < TOLD {
            let bus = row.get_ref(8)?.as_str().unwrap_or("?").to_owned();
            verified.damaged.push(Damage { bus, seq: seq_of(row.get(0)?), what: what.to_owned() });
        }
    }
    Ok(verified)
}

/// What is wrong with the row, if anything is.
fn damage(reader: &mut EventReader, row: &Row<'_>) -> Outcome<Option<&'static str>> {
    let Some((.., body)) = sound(row)? else { return Ok(Some("the event isn't what its checksum says")) };
    let Some(event) = event_of(reader, seq_of(row.get(0)?), body) else {
        return Ok(Some("it can't be read as an event"));
    };
    let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str_or_null().ok()).flatten();
    let scope = event.scope();
    Ok(if text(4) != Some(event.kind().as_str()) {
        Some("it is listed under another kind")
    } else if row.get_ref(5)?.as_i64().ok() != Some(event.time_ns()) {
        Some("it is listed under another time")
    } else if text(6) != scope.get(ScopeField::Session) || text(7) != scope.get(ScopeField::Run) {
        Some("it is listed under another session or run")
    } else {
        None
    })
}
