//! Masks text and JSON, leaving everything else exactly as it stands.

use regex_lite::Regex;

use super::path::{Path, Places};
use crate::error::Result;
use crate::event::{Scan, write_string};

/// What stands where something was masked.
pub(super) const MASK: &str = "[redacted]";
/// The same as JSON.
pub(super) const MASK_JSON: &str = "\"[redacted]\"";

/// After so many rounds that each made new matches, the whole text is masked.
const MAX_ROUNDS: usize = 8;

/// The text without what the pattern finds; `None` where nothing is to be masked. Doing it again changes
/// nothing more.
pub(super) fn masked_text(pattern: Option<&Regex>, text: &str) -> Option<String> {
    let Some(pattern) = pattern else { return (text != MASK).then(|| MASK.to_owned()) };
    let mut masked = one_round(pattern, text)?;
    for _ in 1..MAX_ROUNDS {
        match one_round(pattern, &masked) {
            Some(more) => masked = more,
            None => return Some(masked),
        }
    }
    Some(MASK.to_owned())
}

/// Masks every match that isn't within a mask already; one that reaches into a mask swallows it.
fn one_round(pattern: &Regex, text: &str) -> Option<String> {
    let masks: Vec<_> = text.match_indices(MASK).map(|(at, mask)| (at, at + mask.len())).collect();
    let mut result = String::new();
    let mut copied = 0;
    for found in pattern.find_iter(text).filter(|found| !found.is_empty()) {
        let (mut start, mut end) = (found.start(), found.end());
        if start < copied || masks.iter().any(|mask| mask.0 <= start && end <= mask.1) {
            continue;
        }
        for mask in masks.iter().filter(|mask| mask.0 < found.end() && found.start() < mask.1) {
            (start, end) = (start.min(mask.0), end.max(mask.1));
        }
        result.push_str(text.get(copied..start).unwrap_or_default());
        result.push_str(MASK);
        copied = end;
    }
    if copied == 0 {
        return None;
    }
    result.push_str(text.get(copied..).unwrap_or_default());
    Some(result)
}

/// Walks JSON along a path.
pub(super) struct Masker<'r> {
    pub(super) path: &'r Path,
    pub(super) pattern: Option<&'r Regex>,
}

impl Masker<'_> {
    /// The JSON with what is meant masked; `None` where nothing is.
    pub(super) fn masked_json(&self, json: &str, places: Places) -> Result<Option<String>> {
        if places.is_nowhere() {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(json.len());
        let mut scan = Scan::new(json);
        let changed = self.value(&mut scan, places, false, &mut out)?;
        scan.end()?;
        Ok(changed.then(|| String::from_utf8(out).unwrap_or_else(|_| MASK_JSON.to_owned())))
    }

    /// Copies a value; `within` says that something around it is meant. Says whether it was changed.
    fn value(&self, scan: &mut Scan<'_>, places: Places, within: bool, out: &mut Vec<u8>) -> Result<bool> {
        let meant = within || self.path.is_meant(places);
        if !meant && places.is_nowhere() {
            out.extend_from_slice(scan.value()?.text.as_bytes());
            return Ok(false);
        }
        if meant && self.pattern.is_none() {
            let is_masked = scan.value()?.text == MASK_JSON;
            out.extend_from_slice(MASK_JSON.as_bytes());
            return Ok(!is_masked);
        }
        match scan.peek() {
            Some(b'{') => self.object(scan, places, meant, out),
            Some(b'[') => self.array(scan, places, meant, out),
            Some(b'"') if meant => {
                let text = scan.string()?;
                let masked = masked_text(self.pattern, &text);
                write_string(out, masked.as_deref().unwrap_or(&text));
                Ok(masked.is_some())
            }
            _ => {
                let text = scan.value()?.text;
                let found = meant && masked_text(self.pattern, text).is_some();
                out.extend_from_slice(if found { MASK_JSON } else { text }.as_bytes());
                Ok(found)
            }
        }
    }

    fn object(&self, scan: &mut Scan<'_>, places: Places, meant: bool, out: &mut Vec<u8>) -> Result<bool> {
        let mut changed = false;
        let mut before = b'{';
        scan.take(b'{');
        while let Some(name) = scan.member()? {
            // Names can tell as much as values.
            let masked = if meant { masked_text(self.pattern, &name) } else { None };
            changed |= masked.is_some();
            out.push(before);
            write_string(out, masked.as_deref().unwrap_or(&name));
            out.push(b':');
            changed |= self.value(scan, self.path.step(places, &name), meant, out)?;
            before = b',';
        }
        if before == b'{' {
            out.push(b'{');
        }
        out.push(b'}');
        Ok(changed)
    }

    fn array(&self, scan: &mut Scan<'_>, places: Places, meant: bool, out: &mut Vec<u8>) -> Result<bool> {
        let mut changed = false;
        let mut index = 0_usize;
        scan.take(b'[');
        out.push(b'[');
        while !scan.take(b']') {
            if index > 0 {
                out.push(b',');
            }
            changed |= self.value(scan, self.path.step(places, &index.to_string()), meant, out)?;
            scan.take(b',');
            index += 1;
        }
        out.push(b']');
        Ok(changed)
    }
}
