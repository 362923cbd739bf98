//! Runs the command within the test, its streams caught.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use newswire_cli::{Stdio, run};

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

/// Runs the command; gives the code, the output and the messages.
pub(crate) fn newswire(args: &[&str]) -> (u8, String, String) {
    newswire_with(args, io::empty())
}

pub(crate) fn newswire_with(args: &[&str], input: impl Read + Send + 'static) -> (u8, String, String) {
    let (out, err) = (Captured::default(), Captured::default());
    let stdio = Stdio {
        input: Box::new(input),
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        color: false,
    };
    let code = run(["newswire"].iter().chain(args).map(Into::into), stdio);
    (code, out.text(), err.text())
}
