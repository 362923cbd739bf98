//! Where the values of a JSON text stand.

use super::names::{UNKNOWN, mark_of};
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
        let depth = self.value(&mut scan, text.as_bytes())?;
        scan.end()?;
        Ok(Raw::root(text, &self.nodes, Form { broken: scan.is_broken(), depth }))
    }

    /// Takes a value with all that it holds; gives how deep it is nested.
    fn value(&mut self, scan: &mut Scan<'_>, text: &[u8]) -> Result<u8> {
        // Where those begin that have not ended, and a bit for each, 1 for an object.
        let mut open = [0_u32; MAX_RECORD_DEPTH];
        let (mut objects, mut depth, mut deepest) = (0_u128, 0, 0);
        loop {
            let token = scan.peek();
            let start = scan.at();
            match token {
                Some(b'"') => {
                    let sort = if scan.skip_string()? { Sort::Escaped } else { Sort::Plain };
                    self.add(sort, 0, start, scan.at());
                }
                Some(bracket @ (b'{' | b'[')) => {
                    let Some(place) = open.get_mut(depth) else {
                        let message = format!("JSON may be nested {MAX_RECORD_DEPTH} deep, this is deeper");
                        return Err(scan.error(start, message));
                    };
                    *place = self.nodes.len() as u32;
                    let is_object = bracket == b'{';
                    objects = objects << 1 | u128::from(is_object);
                    depth += 1;
                    deepest = deepest.max(depth);
                    self.add(if is_object { Sort::Object } else { Sort::Array }, 0, start, start);
                    scan.take(bracket);
                    let is_empty = scan.peek() == Some(bracket + 2);
                    if is_object && !is_empty {
                        self.name(scan, text)?;
                    }
                    if !is_empty {
                        continue;
                    }
                }
                _ => {
                    scan.skip_simple()?;
                    let sort = match token {
                        Some(b't') => Sort::True,
                        Some(b'f') => Sort::False,
                        Some(b'n') => Sort::Null,
                        _ => Sort::Number,
                    };
                    self.add(sort, 0, start, scan.at());
                }
            }
            loop {
                let Some(place) = depth.checked_sub(1).and_then(|top| open.get(top)) else {
                    return Ok(deepest as u8);
                };
                let in_object = objects & 1 == 1;
                match scan.peek() {
                    Some(b',') => {
                        scan.take(b',');
                        if in_object {
                            self.name(scan, text)?;
                        }
                        break;
                    }
                    Some(end) if end == if in_object { b'}' } else { b']' } => {
                        scan.take(end);
                        self.close(*place, scan.at());
                        objects >>= 1;
                        depth -= 1;
                    }
                    _ => return Err(scan.unexpected(if in_object { "',' or '}'" } else { "',' or ']'" })),
                }
            }
        }
    }

    /// Takes the name of a member and its colon.
    fn name(&mut self, scan: &mut Scan<'_>, text: &[u8]) -> Result<()> {
        let start = scan.place();
        let escaped = scan.skip_name()?;
        // The colon may stand apart: the name ends with its quote.
        let end = scan.at();
        match escaped {
            true => self.add(Sort::Escaped, UNKNOWN, start, end),
            false => {
                self.add(Sort::Plain, mark_of(text.get(start + 1..end - 1).unwrap_or_default()), start, end)
            }
        }
        if scan.take(b':') { Ok(()) } else { Err(scan.unexpected("':'")) }
    }

    #[inline]
    fn add(&mut self, sort: Sort, mark: u16, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { sort, mark, start: start as u32, end: end as u32, next });
    }

    fn close(&mut self, place: u32, end: usize) {
        let next = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(place as usize) {
            (node.end, node.next) = (end as u32, next);
        }
    }
}
