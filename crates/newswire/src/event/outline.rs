//! Where the members of a payload stand, noted while it was checked: whoever wants some of them later needn't walk
//! through all the others.

use std::borrow::Cow;

use super::scan::Scan;

/// How many members have their places noted: nearly all payloads have fewer.
const NOTED: usize = 8;
/// How many bits of a note are the length of the name.
const LENGTH_BITS: u32 = 8;

/// Where the first members of an object begin; nothing is noted from a name on that is written with escapes or is
/// very long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    /// Each the place of a name's quote, and the length of the name.
    notes: [u32; NOTED],
    count: u8,
    /// Whether there are members that are not noted.
    has_more: bool,
}

impl Outline {
    /// Of a text that was not looked at.
    pub(super) const UNKNOWN: Self = Self { notes: [0; NOTED], count: 0, has_more: true };

    /// Of a text that is about to be walked through.
    pub(super) fn new() -> Self {
        Self { has_more: false, ..Self::UNKNOWN }
    }

    /// Notes a member whose name's quote is at `place`; members come in their order.
    pub(super) fn note(&mut self, place: usize, name_bytes: usize, is_escaped: bool) {
        let length = u8::try_from(name_bytes).ok().filter(|_| !is_escaped);
        let fits = u32::try_from(place).ok().filter(|place| place.leading_zeros() >= LENGTH_BITS);
        let free = self.notes.get_mut(usize::from(self.count)).filter(|_| !self.has_more);
        match (free, fits.zip(length)) {
            (Some(free), Some((place, length))) => {
                *free = place << LENGTH_BITS | u32::from(length);
                self.count += 1;
            }
            _ => self.has_more = true,
        }
    }

    /// The noted member of that number: where it begins, and where its name ends.
    fn member(&self, number: usize) -> Option<(usize, usize)> {
        let note = self.notes.get(number).filter(|_| number < usize::from(self.count))?;
        let (place, length) = (note >> LENGTH_BITS, note & ((1 << LENGTH_BITS) - 1));
        Some((place as usize, place as usize + 1 + length as usize))
    }
}

/// The members of an object that has been checked: name and text of the value.
pub(crate) struct Members<'t> {
    text: &'t str,
    outline: Outline,
    next: usize,
    /// Walks through what isn't noted; begun when it is reached.
    scan: Option<Scan<'t>>,
}

impl<'t> Members<'t> {
    /// None where the text is no object.
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        Self::noted(text, Outline::UNKNOWN)
    }

    /// The same, of which the outline was noted.
    pub(super) fn noted(text: &'t str, outline: Outline) -> Option<Self> {
        let is_object = text.trim_ascii_start().starts_with('{');
        is_object.then_some(Self { text, outline, next: 0, scan: None })
    }

    fn next_noted(&mut self) -> Option<(&'t str, &'t str)> {
        let (start, name_end) = self.outline.member(self.next)?;
        let end = match self.outline.member(self.next + 1) {
            Some((next, _)) => next,
            // Where the last that is noted ends is found by walking from there.
            None if self.outline.has_more => return None,
            None => self.text.len(),
        };
        self.next += 1;
        let value = self.text.get(name_end + 1..end)?.trim_ascii_start().strip_prefix(':')?.trim_ascii();
        // Behind it stands a comma, or the end of the object.
        let value = value.get(..value.len().checked_sub(1)?)?.trim_ascii_end();
        Some((self.text.get(start + 1..name_end)?, value))
    }

    /// A walk that begins where the notes end.
    fn begin(&self) -> Scan<'t> {
        let mut scan = Scan::new(self.text);
        match self.outline.member(self.next) {
            Some((start, _)) => scan.skip_to(start),
            None => drop(scan.take(b'{')),
        }
        scan
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = (Cow<'t, str>, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.scan.is_none() {
            if let Some((name, value)) = self.next_noted() {
                return Some((Cow::Borrowed(name), value));
            }
            if !self.outline.has_more {
                return None;
            }
            self.scan = Some(self.begin());
        }
        let scan = self.scan.as_mut()?;
        let name = scan.member().ok()??;
        Some((name, scan.value().ok()?.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members<'t>(members: Members<'t>) -> Vec<(Cow<'t, str>, &'t str)> {
        members.collect()
    }

    #[test]
    fn what_is_noted_are_the_members_that_a_walk_finds() {
        let long = format!(r#"{{"a":1,"{}":2,"b":3}}"#, "n".repeat(300));
        let many: Vec<_> = (0..20).map(|number| format!("\"m{number}\" : [{{\"in\":{number}}}]")).collect();
        let many = format!("{{{}}}", many.join(","));
        for text in [
            "{}",
            " { } ",
            r#"{"a":1}"#,
            r#"{"a":{"b":{"c":"}"}},"d":[{"e":"\",\""}]}"#,
            r#"  { "a" : "x\"y" ,	"b":null , "":"" }  "#,
            r#"{"a":1,"\u0062":2,"c":3}"#,
            r#"{"a":1,"a":2}"#,
            &long,
            &many,
        ] {
            let mut scan = Scan::new(text);
            let (value, outline) = scan.value_outlined().unwrap();
            let noted = Members::noted(value.text, outline).unwrap();
            assert_eq!(members(noted), members(Members::of(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["5", "[1]", r#"[":","a"]"#, r#""{""#, "null"] {
            assert!(Members::of(text).is_none(), "{text}");
        }
    }
}
