//! What a source that is no text looks like, for its error message.

/// What files of other sorts begin with.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\xff\xfe\0\0", "text in UTF-32"),
    (b"\0\0\xfe\xff", "text in UTF-32"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"\x1f\x8b", "a file compressed by gzip"),
    (b"BZh", "a file compressed by bzip2"),
    (b"\xfd7zXZ\0", "a file compressed by xz"),
    (b"PK\x03\x04", "a zip archive"),
    (b"SQLite format 3\0", "a SQLite database"),
];

/// How much of the beginning is looked at.
const LOOKED_AT: usize = 1024;

/// What such a beginning looks like, unless it is text in UTF-8.
pub(super) fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, what)) = BEGINNINGS.iter().find(|(known, _)| bytes.starts_with(known)) {
        return Some(what);
    }
    let (bytes, _) = bytes.split_at(bytes.len().min(LOOKED_AT));
    let (evens, odds) = (nuls(bytes, 0), nuls(bytes, 1));
    let text = std::str::from_utf8(bytes);
    let cut = text.err().is_some_and(|error| error.error_len().is_none());
    match evens + odds {
        // Text of which most is ASCII has a NUL beside every character.
        nuls if nuls * 3 > bytes.len() && (evens == 0 || odds == 0) => Some("text in UTF-16"),
        nuls if nuls > 0 || bytes.iter().filter(|byte| is_control(**byte)).count() * 20 > bytes.len() => {
            Some("a binary file")
        }
        _ if text.is_err() && !cut => Some("text that is not UTF-8"),
        _ => None,
    }
}

/// How many of every second byte are NUL.
fn nuls(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count()
}

/// Whether text has no such byte.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x1b | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_what_only_looks_like_it() {
        let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        assert_eq!(looks_like(&utf_16("{\"type\":\"session\"}")), Some("text in UTF-16"));
        assert_eq!(looks_like(&utf_16("\u{feff}{}")), Some("text in UTF-16"));
        assert_eq!(
            looks_like(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0"),
            Some("a binary file")
        );
        assert_eq!(looks_like(b"na\xefve"), Some("text that is not UTF-8"));
        assert_eq!(looks_like("{\"naïve\":1}".as_bytes()), None);
        // What is looked at may end within a character.
        assert_eq!(looks_like(&"é".repeat(LOOKED_AT).as_bytes()[..LOOKED_AT - 1]), None);
        assert_eq!(looks_like(b"# Notes\n"), None);
        assert_eq!(looks_like(b""), None);
    }
}
