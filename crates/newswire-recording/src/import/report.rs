//! What an import has come to.

use std::collections::{BTreeMap, VecDeque};

use newswire::Delivery;
use serde::Serialize;

/// What has been read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records that were read, broken ones not counted.
    pub records: u64,
    /// Records that were broken.
    pub broken_records: u64,
    /// Events made from them.
    pub events: u64,
    /// Gaps that the source tells of.
    pub gaps: u64,
    /// Records and parts of a type that the importer doesn't know, by type; they are kept whole as events.
    pub unknown_records: BTreeMap<String, u64>,
    /// Fields that the importer doesn't know, by name; they are kept as attributes.
    pub unknown_fields: BTreeMap<String, u64>,
    #[serde(skip)]
    first_records: Firsts,
    #[serde(skip)]
    first_fields: Firsts,
}

/// Where names were found first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Firsts {
    lines: BTreeMap<String, u64>,
    /// Names that are new in the record that is being read.
    new: Vec<String>,
}

/// How many names a [`Report`] tells apart; the rest is counted under `other`.
const MAX_NAMES: usize = 256;

impl Report {
    pub(crate) fn count_record(&mut self, name: &str) {
        count(&mut self.unknown_records, &mut self.first_records, name);
    }

    pub(crate) fn count_field(&mut self, name: &str) {
        count(&mut self.unknown_fields, &mut self.first_fields, name);
    }

    /// Says on which line the record began that was read last.
    pub(crate) fn at_line(&mut self, line: u64) {
        for firsts in [&mut self.first_records, &mut self.first_fields] {
            firsts.lines.extend(firsts.new.drain(..).map(|name| (name, line)));
        }
    }

    /// The line of the first record of that unknown type, if there was one.
    #[must_use]
    pub fn line_of_record(&self, name: &str) -> Option<u64> {
        self.first_records.lines.get(name).copied()
    }

    /// The line of the first record with that unknown field, if there was one.
    #[must_use]
    pub fn line_of_field(&self, name: &str) -> Option<u64> {
        self.first_fields.lines.get(name).copied()
    }

    /// Counts what a record gave.
    pub(crate) fn count(&mut self, given: &VecDeque<Delivery>) {
        let gaps = given.iter().filter(|delivery| matches!(delivery, Delivery::Gap(_))).count() as u64;
        self.gaps += gaps;
        self.events += given.len() as u64 - gaps;
    }
}

fn count(names: &mut BTreeMap<String, u64>, firsts: &mut Firsts, name: &str) {
    if let Some(times) = names.get_mut(name) {
        *times += 1;
    } else {
        let name = if names.len() < MAX_NAMES { name } else { "other" };
        let times = names.entry(name.to_owned()).or_default();
        if *times == 0 {
            firsts.new.push(name.to_owned());
        }
        *times += 1;
    }
}
