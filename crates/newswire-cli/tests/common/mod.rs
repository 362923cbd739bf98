//! Runs the command within the test, its streams caught.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use newswire_cli::{Stdio, run};
use serde_json::Value;

/// What was written, kept.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the command as a person does, on a terminal; gives the code, the output and the messages.
pub(crate) fn newswire(args: &[&str]) -> (u8, String, String) {
    newswire_with(args, io::empty())
}

/// As [`newswire`], with an input.
pub(crate) fn newswire_with(args: &[&str], input: impl Read + Send + 'static) -> (u8, String, String) {
    let mut all = args.to_vec();
    if !args.contains(&"--json") {
        all.push("--text");
    }
    piped_with(&all, input)
}

/// Runs the command as a program does, its output a pipe.
pub(crate) fn piped(args: &[&str]) -> (u8, String, String) {
    piped_with(args, io::empty())
}

/// As [`piped`], with an input.
pub(crate) fn piped_with(args: &[&str], input: impl Read + Send + 'static) -> (u8, String, String) {
    let (out, err) = (Captured::default(), Captured::default());
    let code = run_with(args, Stdio::new(input, out.clone(), err.clone()));
    (code, out.text(), err.text())
}

/// Runs the command with its output on a terminal.
pub(crate) fn on_terminal(args: &[&str]) -> (u8, String, String) {
    let (out, err) = (Captured::default(), Captured::default());
    let stdio = Stdio { out_terminal: true, ..Stdio::new(io::empty(), out.clone(), err.clone()) };
    (run_with(args, stdio), out.text(), err.text())
}

pub(crate) fn run_with(args: &[&str], stdio: Stdio) -> u8 {
    run(["newswire"].iter().chain(args).map(Into::into), stdio)
}

/// Output that is JSON, a value a line.
pub(crate) fn lines_of(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// A file of the recorded sets; where it is missing, the test is skipped, and says so.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: ../shared/data/{name} is missing");
    None
}

/// Both sessions of the pi coding agent.
pub(crate) fn pi_sessions() -> Option<[PathBuf; 2]> {
    let session = |name: &str| data(&format!("pi_coding_sessions/{name}.jsonl"));
    Some([session("large-session")?, session("before-compaction")?])
}

/// A place for a test's file.
pub(crate) fn place(name: &str) -> String {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).to_str().unwrap().to_owned()
}

/// A file of that text.
pub(crate) fn written(name: &str, text: &str) -> String {
    let path = place(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The path as text.
pub(crate) fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The head of a session, and when it is.
pub(crate) const HEAD: &str = r#"{"type":"session","id":"s-1","timestamp":"2025-01-01T00:00:00.000Z"}"#;

/// Takes so many bytes, then fails with the given error.
pub(crate) struct Limited(pub(crate) usize, pub(crate) io::ErrorKind);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(self.1)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
