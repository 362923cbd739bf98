//! The side that reads, on a thread of its own: it opens one file after another, whatever each is, and passes it on.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use newswire::{Error, Result};
use newswire_recording::{Broken, Import, ReadOptions, open_with, read_with};

use super::file::{is_input, name_of};
use super::handoff::Giver;
use super::ids::StableIds;
use super::message::Message;
use super::names::Names;
use super::opened::Opened;
use super::store::store_path;
use super::wanted::Wanted;

/// What is to be read.
pub(super) struct Source {
    pub(super) files: Vec<PathBuf>,
    pub(super) input: Option<Box<dyn Read + Send>>,
    pub(super) options: ReadOptions,
    pub(super) names: Arc<Mutex<Names>>,
    pub(super) wanted: Wanted,
    pub(super) progress: Arc<AtomicU64>,
}

impl Source {
    /// Reads all, one after another.
    pub(super) fn read(mut self, to: &Giver<Message>) {
        let files = std::mem::take(&mut self.files);
        for (place, file) in files.iter().enumerate() {
            let opened = match self.open(file) {
                Ok(opened) => opened,
                Err(error) => {
                    let strict = self.options.broken == Broken::Stop;
                    let left = if strict { files.len() - place - 1 } else { 0 };
                    if !to.give([Message::Unopened(Box::new(error), left)], 0) || strict {
                        return;
                    }
                    continue;
                }
            };
            if !to.give([Message::Begin(name_of(file))], 0)
                || !opened.pass_on(to, self.options.broken, &self.progress, &self.names)
            {
                return;
            }
        }
    }

    fn open(&mut self, file: &Path) -> Result<Opened> {
        if let Some(path) = store_path(file)? {
            return Opened::store(&path, &self.wanted);
        }
        if self.wanted.bus.is_some() {
            let message = "this is no store, and has no buses to choose from";
            return Err(Error::invalid(message).at_path(name_of(file)).expecting("a store, or no --bus"));
        }
        if !is_input(file) {
            let import = open_with(file, &self.options)?;
            let again = || {
                // Whoever opens a pipe again takes away what the first reader is to get.
                let options = ReadOptions { progress: None, ..self.options.clone() };
                file.is_file().then(|| open_with(file, &options).ok()).flatten()
            };
            return self.opened(import, again);
        }
        let input = self.input.take();
        let input =
            input.ok_or_else(|| Error::invalid("the standard input can be read only once").at_path("-"))?;
        self.opened(read_with(input, name_of(file), &self.options)?, || None)
    }

    fn opened(
        &self,
        import: Import<'static>,
        again: impl FnMut() -> Option<Import<'static>>,
    ) -> Result<Opened> {
        let ids = self.wanted.stable_ids.then(|| StableIds::where_needed(&import, again)).flatten();
        Ok(Opened::Recording(Box::new(import.ahead()?), ids.map(Box::new)))
    }
}
