//! The files that the command is measured on: what real agents did, repeated until it is long.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{newswire, run};

const SESSIONS: [&str; 2] = ["large-session.jsonl", "before-compaction.jsonl"];

/// What a recording is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// All recorded sets, of six formats: 48,700 events of 690 bytes on average.
    OfAllSets,
    /// The two sessions of the pi coding agent: 5,500 events of 1,190 bytes, a third of them in few huge ones.
    OfSessions,
}

impl Made {
    fn name(self) -> &'static str {
        match self {
            Self::OfAllSets => "all-sets",
            Self::OfSessions => "sessions",
        }
    }

    fn sources(self) -> Option<Vec<PathBuf>> {
        match self {
            Self::OfSessions => SESSIONS.into_iter().map(session_file).collect(),
            Self::OfAllSets => {
                let (mut files, mut folders) = (Vec::new(), vec![there(data())?]);
                while let Some(folder) = folders.pop() {
                    for entry in fs::read_dir(folder).expect("a folder that can be read") {
                        let path = entry.expect("an entry of a folder").path();
                        if path.is_dir() { folders.push(path) } else { files.push(path) }
                    }
                }
                files.sort();
                Some(files)
            }
        }
    }
}

/// A file of events.
pub(crate) struct Recorded {
    pub(crate) path: PathBuf,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

/// The recorded session of the pi coding agent, its records repeated until there are `bytes`; nothing where
/// it isn't there.
pub(crate) fn session(bytes: u64) -> Option<PathBuf> {
    let source = session_file(SESSIONS[0])?;
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

/// Recorded events, repeated with new ids until there are so many; nothing where they aren't there.
///
/// They are never held all at once: a child is told to have held what its parent holds when it begins.
pub(crate) fn recording(made: Made, events: u64) -> Option<Recorded> {
    let path = folder().join(format!("{}-{events}.ndjson", made.name()));
    if !path.exists() {
        let (once, lines) = imported(&made.sources()?);
        finished(&path, |out| {
            let mut number = 0;
            while number < events {
                let mut all = BufReader::new(File::open(&once)?).lines();
                let head = all.next().expect("a version line")?;
                if number == 0 {
                    writeln!(out, "{head}")?;
                }
                for line in all.take(usize::try_from(events - number).expect("a number of lines")) {
                    Line::of(&line?).write(number / lines, number, out)?;
                    number += 1;
                }
            }
            Ok(())
        });
        fs::remove_file(once).expect("a file that can be removed");
    }
    let bytes = fs::metadata(&path).expect("a file").len();
    Some(Recorded { path, events, bytes })
}

/// The recordings that sources become, but for those that no importer reads, in one file; and how many events they
/// have.
fn imported(sources: &[PathBuf]) -> (PathBuf, u64) {
    let (one, all) = (folder().join("one.ndjson"), folder().join("all.ndjson"));
    let mut events = 0;
    finished(&all, |out| {
        for source in sources {
            let mut command =
                newswire(["import".into(), source.clone(), "--force".into(), "-o".into(), one.clone()]);
            command.stderr(Stdio::null());
            run(command);
            let Ok(text) = fs::read_to_string(&one) else { continue };
            fs::remove_file(&one)?;
            let lines = text.lines().count() as u64 - 1;
            // The first tells the version, and is needed once.
            out.write_all(
                text.split_inclusive('\n').skip(usize::from(events > 0)).collect::<String>().as_bytes(),
            )?;
            events += lines;
        }
        Ok(())
    });
    assert!(events > 0, "nothing could be imported");
    (all, events)
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
        const CONTENT: [&str; 3] = [r#","message":"#, r#","attrs":"#, r#","payload":"#];
        // Ids of the same name in what the event carries are left as they are.
        let end = CONTENT.into_iter().filter_map(|name| line.find(name)).min().unwrap_or(line.len());
        let (mut envelope, content) = line.split_at(end);
        let mut pieces = Vec::new();
        // In the order in which the wire has them.
        for (name, is_own) in [("id", true), ("session", false), ("run", false), ("trace", false)] {
            let mark = format!("\"{name}\":\"");
            let Some(at) = envelope.find(&mark).map(|at| at + mark.len()) else { continue };
            let (before, rest) = envelope.split_at(at);
            let (id, rest) = rest.split_at(rest.find('"').expect("the end of an id"));
            pieces.extend([Piece::Text(before), if is_own { Piece::Id(id) } else { Piece::Shared(id) }]);
            envelope = rest;
        }
        pieces.extend([Piece::Text(envelope), Piece::Text(content)]);
        Self { pieces }
    }

    fn write(&self, round: u64, number: u64, out: &mut impl Write) -> std::io::Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.write_all(text.as_bytes())?,
                // The last digits are the ones that nothing depends on.
                Piece::Id(id) => write!(out, "{}{number:012x}", &id[..id.len() - 12])?,
                Piece::Shared(id) => match without_digits(id) {
                    Some(id) => write!(out, "{id}{round:08x}")?,
                    None => write!(out, "{id}-{round:08x}")?,
                },
            }
        }
        out.write_all(b"\n")
    }
}

/// An id without the eight digits at its end; nothing where it has no such end.
fn without_digits(id: &str) -> Option<&str> {
    let (rest, end) = id.split_at_checked(id.len().checked_sub(8)?)?;
    end.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(rest)
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

fn session_file(name: &str) -> Option<PathBuf> {
    there(data().join("pi_coding_sessions").join(name))
}

fn data() -> PathBuf {
    root().join("../shared/data")
}

/// The path, where something is there; else that is told.
fn there(path: PathBuf) -> Option<PathBuf> {
    if !path.exists() {
        eprintln!("SKIPPED: {} is missing", path.display());
        return None;
    }
    Some(path)
}

fn folder() -> PathBuf {
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).expect("a folder that can be made");
    folder
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
