//! The names as they stand in the program: one text, the kinds' numbers, and what few rows have beside them.
//!
//! As with our own rows, pointers would cost more than the texts, so all of it is packed when the program is
//! compiled, and unpacked when somebody first asks for a name.

use std::sync::OnceLock;

use super::alias::{Given, Line};
use super::{Alias, System, When};
use super::{agent_runtime, aitaskagent, picoclaw, praxis, promptkit};
use crate::catalogue::packed::put;
use crate::kind::Kind;

/// The rows as they are written, in the order of [`System::ALL`].
const SYSTEMS: [&[Line]; 5] =
    [promptkit::NAMES, aitaskagent::NAMES, agent_runtime::NAMES, picoclaw::NAMES, praxis::NAMES];

/// All of them; none of it is in the program.
#[expect(clippy::large_const_arrays, reason = "it is read while the program is compiled, and never after")]
const TABLE: [Line; count(&SYSTEMS)] = table();

/// Ends the text of a row.
const END: &str = "\t";

/// As with our own rows, that it is text is checked when it is asked for.
static TEXT: [u8; measure().0] = bytes();

static KINDS: [u16; TABLE.len()] = kinds();

/// What few rows have: a condition, or something that the name says of our payload.
static ASIDES: [Aside; measure().1] = asides();

struct Aside {
    row: u16,
    when: When,
    given: &'static [(&'static str, Given)],
}

/// All rows, system after system.
pub(super) fn all() -> impl Iterator<Item = Alias> {
    let systems = System::ALL.iter().zip(const { lengths() });
    let systems = systems.flat_map(|(system, rows)| std::iter::repeat_n(*system, rows));
    let text = std::str::from_utf8(&TEXT).unwrap_or_default();
    systems.zip(text.split(END)).zip(KINDS.iter().zip(0..)).map(|((system, text), (kind, row))| {
        let (name, map) = text.split_once('\n').unwrap_or((text, ""));
        let aside = ASIDES.iter().find(|aside| aside.row == row).unwrap_or(&Aside::NONE);
        let kind = Kind::of_row(*kind);
        Alias { system, name, when: aside.when, kind, given: aside.given, map, fields: OnceLock::new() }
    })
}

impl Aside {
    const NONE: Self = Self { row: 0, when: When::Always, given: &[] };
}

impl Line {
    const fn has_aside(&self) -> bool {
        !matches!(self.when, When::Always) || !self.given.is_empty()
    }
}

const fn lengths() -> [usize; SYSTEMS.len()] {
    let [a, b, c, d, e] = SYSTEMS;
    [a.len(), b.len(), c.len(), d.len(), e.len()]
}

const fn count(mut systems: &[&[Line]]) -> usize {
    let mut count = 0;
    while let Some((lines, rest)) = systems.split_first() {
        count += lines.len();
        systems = rest;
    }
    count
}

const fn table() -> [Line; count(&SYSTEMS)] {
    let mut table = [Line::BLANK; count(&SYSTEMS)];
    let (mut free, mut systems): (&mut [Line], &[&[Line]]) = (&mut table, &SYSTEMS);
    while let Some((lines, rest)) = systems.split_first() {
        let (here, behind) = free.split_at_mut(lines.len());
        here.copy_from_slice(lines);
        (free, systems) = (behind, rest);
    }
    table
}

/// How many bytes of text there are, and how many rows that have something aside.
const fn measure() -> (usize, usize) {
    let (mut bytes, mut asides) = (0, 0);
    let mut lines: &[Line] = &TABLE;
    while let Some((line, rest)) = lines.split_first() {
        bytes += line.text.len() + END.len();
        asides += line.has_aside() as usize;
        lines = rest;
    }
    (bytes, asides)
}

const fn bytes() -> [u8; measure().0] {
    let mut bytes = [0; measure().0];
    let (mut free, mut lines): (&mut [u8], &[Line]) = (&mut bytes, &TABLE);
    while let Some((line, rest)) = lines.split_first() {
        free = put(put(free, line.text), END);
        lines = rest;
    }
    bytes
}

const fn kinds() -> [u16; TABLE.len()] {
    let mut kinds = [0; TABLE.len()];
    let (mut free, mut lines): (&mut [u16], &[Line]) = (&mut kinds, &TABLE);
    while let (Some((line, rest)), Some((kind, behind))) = (lines.split_first(), free.split_first_mut()) {
        *kind = line.kind;
        (free, lines) = (behind, rest);
    }
    kinds
}

const fn asides() -> [Aside; measure().1] {
    let mut asides = [const { Aside::NONE }; measure().1];
    let (mut free, mut lines, mut row): (&mut [Aside], &[Line], _) = (&mut asides, &TABLE, 0);
    while let Some((line, rest)) = lines.split_first() {
        if line.has_aside() {
            let Some((place, behind)) = free.split_first_mut() else { break };
            *place = Aside { row, when: line.when, given: line.given };
            free = behind;
        }
        (lines, row) = (rest, row + 1);
    }
    asides
}
