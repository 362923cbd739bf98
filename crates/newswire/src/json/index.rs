//! Where the values of a JSON text stand.

use super::names::mark_of_quoted;
use super::raw::{Form, Raw};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{MAX_DEPTH, Scan};

/// How deep a record may be nested: what stands deep in it stands less deep in its events, which are looked at
/// again where they could be too deep.
const MAX_RECORD_DEPTH: usize = 2 * MAX_DEPTH;

/// What sort of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// An object.
    Object,
    /// An array.
    Array,
    /// A text that stands there as it is.
    Plain,
    /// A text in which something is escaped.
    Escaped,
    /// A number.
    Number,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
}

/// A value, or the name of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) sort: Sort,
    /// Of a name, what tells it from most others.
    pub(super) mark: u16,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The node behind it and all that it holds.
    pub(super) next: u32,
}

/// Where everything stands in one JSON value; made in one pass over it, which checks it. Its memory is used again
/// for the next.
///
/// ```
/// use newswire::json::Index;
///
/// let mut index = Index::default();
/// let record = index.read(r#"{"role":"user","content":"say \"hi\""}"#)?;
/// let (_, content) = record.members().find(|(name, _)| name.is("content")).unwrap();
/// assert_eq!(content.get(), r#""say \"hi\"""#);
/// assert_eq!(content.text().as_deref(), Some("say \"hi\""));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Index {
    nodes: Vec<Node>,
}

impl Index {
    /// Finds the places of all values in `text`, which is one value.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it is none, half a surrogate pair is escaped, or it is nested more than 128
    /// deep. `TooLarge` over 4 GiB.
    pub fn read<'a>(&'a mut self, text: &'a str) -> Result<Raw<'a>> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(ErrorKind::TooLarge, "the JSON is longer than 4 GiB"));
        }
        self.nodes.clear();
        let mut scan = Scan::new(text);
        let depth = self.value(&mut scan)?;
        scan.end()?;
        Ok(Raw::whole(text, &self.nodes, Form { broken: scan.is_broken(), depth: depth as u8 }))
    }

    /// Takes a value with all that it holds; gives how deep it is nested.
    fn value(&mut self, scan: &mut Scan<'_>) -> Result<usize> {
        let mut open = [0; MAX_RECORD_DEPTH];
        let (mut depth, mut deepest) = (0, 0);
        loop {
            let start = scan.place();
            let token = scan.peek();
            let sort = match token {
                Some(b'"') if scan.skip_string()? => Sort::Escaped,
                Some(b'"') => Sort::Plain,
                Some(b'{') => Sort::Object,
                Some(b'[') => Sort::Array,
                Some(b't') => Sort::True,
                Some(b'f') => Sort::False,
                Some(b'n') => Sort::Null,
                _ => Sort::Number,
            };
            match sort {
                Sort::Object | Sort::Array => {
                    let Some(place) = open.get_mut(depth) else {
                        let message = format!("JSON may be nested {MAX_RECORD_DEPTH} deep, this is deeper");
                        return Err(scan.error(start, message));
                    };
                    *place = self.nodes.len();
                    deepest = deepest.max(depth + 1);
                    self.add(sort, start, 0);
                    scan.take(if sort == Sort::Object { b'{' } else { b'[' });
                    if scan.take(if sort == Sort::Object { b'}' } else { b']' }) {
                        self.close(*place, scan.at());
                    } else {
                        depth += 1;
                        if sort == Sort::Object {
                            self.name(scan)?;
                        }
                        continue;
                    }
                }
                Sort::Plain | Sort::Escaped => self.add(sort, start, scan.at()),
                _ => {
                    scan.skip_simple()?;
                    self.add(sort, start, scan.at());
                }
            }
            loop {
                let Some(place) = depth.checked_sub(1).and_then(|top| open.get(top)).copied() else {
                    return Ok(deepest);
                };
                let in_object = self.nodes.get(place).is_some_and(|node| node.sort == Sort::Object);
                if scan.take(b',') {
                    if in_object {
                        self.name(scan)?;
                    }
                    break;
                }
                if !scan.take(if in_object { b'}' } else { b']' }) {
                    return Err(scan.unexpected(if in_object { "',' or '}'" } else { "',' or ']'" }));
                }
                self.close(place, scan.at());
                depth -= 1;
            }
        }
    }

    /// Takes the name of a member and its colon.
    fn name(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let start = scan.place();
        let escaped = scan.skip_name()?;
        // The colon may stand apart: the name ends with its quote.
        let (end, next) = (scan.at() as u32, self.nodes.len() as u32 + 1);
        let sort = if escaped { Sort::Escaped } else { Sort::Plain };
        let mark = mark_of_quoted(scan.text_since(start), escaped);
        self.nodes.push(Node { sort, mark, start: start as u32, end, next });
        if scan.take(b':') { Ok(()) } else { Err(scan.unexpected("':'")) }
    }

    fn add(&mut self, sort: Sort, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { sort, mark: 0, start: start as u32, end: end as u32, next });
    }

    fn close(&mut self, place: usize, end: usize) {
        let next = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(place) {
            (node.end, node.next) = (end as u32, next);
        }
    }
}
