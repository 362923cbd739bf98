//! The files that the command is measured on: real sessions, repeated until they are long.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{newswire, run};

const SESSIONS: [&str; 2] = ["large-session.jsonl", "before-compaction.jsonl"];

/// A file of events.
pub(crate) struct Recorded {
    pub(crate) path: PathBuf,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

/// The recorded session of the pi coding agent, its records repeated until there are `bytes`; nothing where
/// it isn't there.
pub(crate) fn session(bytes: u64) -> Option<PathBuf> {
    let source = source(SESSIONS[0])?;
    let path = folder().join(format!("session-{bytes}.jsonl"));
    if !path.exists() {
        let text = fs::read_to_string(source).expect("a session that can be read");
        let (head, records) = text.split_once('\n').expect("a head");
        finished(&path, |out| {
            writeln!(out, "{head}")?;
            for _ in 0..bytes / records.len() as u64 {
                out.write_all(records.as_bytes())?;
            }
            Ok(())
        });
    }
    Some(path)
}

/// The events of both recorded sessions, repeated with new ids until there are so many.
pub(crate) fn recording(events: u64) -> Option<Recorded> {
    let sessions = SESSIONS.into_iter().map(source).collect::<Option<Vec<_>>>()?;
    let path = folder().join(format!("recording-{events}.ndjson"));
    if !path.exists() {
        let once = folder().join("recording.ndjson");
        let words = [vec!["import".into()], sessions, vec!["--force".into(), "-o".into(), once.clone()]];
        run(newswire(words.concat()));
        let text = fs::read_to_string(&once).expect("what was imported");
        let (head, lines) = text.split_once('\n').expect("a version line");
        let lines: Vec<Line<'_>> = lines.lines().map(Line::of).collect();
        finished(&path, |out| {
            writeln!(out, "{head}")?;
            for number in 0..events {
                lines[(number % lines.len() as u64) as usize].write(
                    number / lines.len() as u64,
                    number,
                    out,
                )?;
            }
            Ok(())
        });
    }
    let bytes = fs::metadata(&path).expect("a file").len();
    Some(Recorded { path, events, bytes })
}

/// An event's line, cut where its ids are.
struct Line<'a> {
    pieces: Vec<Piece<'a>>,
}

enum Piece<'a> {
    Text(&'a str),
    /// The id of the event.
    Id(&'a str),
    /// An id that events of one run share.
    Shared(&'a str),
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = line;
        // In the order in which the wire has them.
        for (name, is_own) in [("id", true), ("run", false), ("session", false), ("trace", false)] {
            let mark = format!("\"{name}\":\"");
            let Some(at) = rest.find(&mark).map(|at| at + mark.len()) else { continue };
            let end = at + rest[at..].find('"').expect("the end of an id");
            pieces.push(Piece::Text(&rest[..at]));
            pieces.push(if is_own { Piece::Id(&rest[at..end]) } else { Piece::Shared(&rest[at..end]) });
            rest = &rest[end..];
        }
        pieces.push(Piece::Text(rest));
        Self { pieces }
    }

    fn write(&self, round: u64, number: u64, out: &mut impl Write) -> std::io::Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.write_all(text.as_bytes())?,
                // The last digits are the ones that nothing depends on.
                Piece::Id(id) => write!(out, "{}{number:012x}", &id[..id.len() - 12])?,
                Piece::Shared(id) => write!(out, "{}{round:08x}", &id[..id.len() - 8])?,
            }
        }
        out.write_all(b"\n")
    }
}

/// Writes a file that is there whole or not at all.
fn finished(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) {
    let part = path.with_extension("part");
    let mut out =
        BufWriter::with_capacity(1 << 20, File::create(&part).expect("a folder that can be written"));
    fill(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| fs::rename(&part, path))
        .expect("room on the disk");
}

fn source(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data/pi_coding_sessions").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: ../shared/data/pi_coding_sessions/{name} is missing");
    None
}

fn folder() -> PathBuf {
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).expect("a folder that can be made");
    folder
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
