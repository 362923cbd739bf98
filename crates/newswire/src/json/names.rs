//! Members by their names: a number of sixteen bits tells most names apart without a look at their letters.

use std::collections::HashSet;

use super::index::{Node, Sort};
use super::raw::Raw;

/// The mark of a name that is written in escapes: it may be any.
const UNKNOWN: u16 = 0;

/// How many names are compared one by one; beyond, a table is asked.
const FEW: usize = 32;

/// The mark of a name, which others may have too.
#[inline]
pub(super) fn mark_of(name: &[u8]) -> u16 {
    let (first, last) = (name.first().copied().unwrap_or(0), name.last().copied().unwrap_or(0));
    let mixed = name.len().wrapping_mul(7) ^ usize::from(first).wrapping_mul(31) ^ usize::from(last) << 3;
    // Never that of names that nobody has looked at.
    mixed as u16 | 0x8000
}

/// The mark of a name as it stands there, quotes included.
#[inline]
pub(super) fn mark_of_quoted(name: &str, escaped: bool) -> u16 {
    match name.as_bytes() {
        [b'"', name @ .., b'"'] if !escaped => mark_of(name),
        _ => UNKNOWN,
    }
}

impl<'a> Raw<'a> {
    /// The member of that name, where it is an object that has one, and how many stand before it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<(usize, Raw<'a>)> {
        let mark = mark_of(name.as_bytes());
        let mut places = self.names();
        places.find_map(|(count, place, node)| {
            let found = (node.mark == mark || node.mark == UNKNOWN) && self.at(place).is(name);
            found.then(|| (count, self.at(place + 1)))
        })
    }

    /// The first name of an object that one before it has as well.
    #[must_use]
    pub fn doubled_name(&self) -> Option<Raw<'a>> {
        let mut seen = 0_u128;
        let told_apart = self.names().all(|(_, _, node)| {
            let bit = 1 << (node.mark % 128);
            let is_new = seen & bit == 0 && node.mark != UNKNOWN;
            seen |= bit;
            is_new
        });
        if told_apart { None } else { self.find_doubled() }
    }

    #[cold]
    fn find_doubled(&self) -> Option<Raw<'a>> {
        let mut names = self.names().map(|(_, place, _)| self.at(place));
        if self.names().nth(FEW).is_none() {
            let mut before: Vec<Raw<'a>> = Vec::with_capacity(FEW);
            return names.find(|name| {
                let is_new = before.iter().all(|other| !is_same(*name, *other));
                before.push(*name);
                !is_new
            });
        }
        let mut seen = HashSet::new();
        names.find(|name| !seen.insert(name.text().unwrap_or_default()))
    }

    /// The names of an object's members: how many stand before each, its place, and its node.
    #[inline]
    fn names(&self) -> impl Iterator<Item = (usize, u32, &'a Node)> {
        let (nodes, mut place, end) = self.within(Sort::Object);
        (0..).map_while(move |count| {
            if place >= end {
                return None;
            }
            let name = place;
            let node = nodes.get(name as usize)?;
            place = nodes.get(name as usize + 1)?.next;
            Some((count, name, node))
        })
    }
}

fn is_same(name: Raw<'_>, other: Raw<'_>) -> bool {
    match (name.sort(), other.sort()) {
        (Sort::Plain, Sort::Plain) => name.get() == other.get(),
        _ => name.text() == other.text(),
    }
}

#[cfg(test)]
mod tests {
    use crate::json::Index;

    #[test]
    fn a_name_that_comes_twice_is_found_however_it_is_written_and_whatever_stands_between() {
        let doubled = |json: &str| {
            let mut index = Index::default();
            index.read(json).unwrap().doubled_name().map(|name| name.get().to_owned())
        };
        assert_eq!(doubled(r#"{"a":{"b":1},"b":2,"ab":3,"ba":4}"#), None);
        assert_eq!(doubled(r#"{"a":[1,{"a":2}],"b":{},"a":3}"#).as_deref(), Some(r#""a""#));
        assert_eq!(doubled(r#"{"a":1,"\u0061":2}"#).as_deref(), Some(r#""\u0061""#));
        assert_eq!(doubled(r#"["a","a"]"#), None);
        let many = |last: &str| {
            let members: Vec<_> = (0..300).map(|number| format!("\"n{number}\":0")).collect();
            format!("{{{},\"{last}\":0}}", members.join(","))
        };
        assert_eq!(doubled(&many("n300")), None);
        assert_eq!(doubled(&many("n7")).as_deref(), Some("\"n7\""));
    }

    #[test]
    fn a_member_is_found_by_its_name_only() {
        let mut index = Index::default();
        let record = index.read(r#"{"a":{"x":1},"\u0062":2,"x":[3]}"#).unwrap();
        let member = |name| record.member(name).map(|(count, value)| (count, value.get()));
        assert_eq!(member("a"), Some((0, r#"{"x":1}"#)));
        assert_eq!(member("b"), Some((1, "2")));
        assert_eq!(member("x"), Some((2, "[3]")));
        assert_eq!(member("y"), None);
    }
}
