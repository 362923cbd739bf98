//! JSON text: how long a string becomes, and writing strings and numbers.
//!
//! Events are spliced from ready pieces rather than run through a serializer, so this is all the writing
//! that the envelope needs. Most text has nothing to escape: it is looked at eight bytes at a time and
//! copied in runs.

/// The exact length of `text` as a JSON string, quotes included.
///
/// ```
/// assert_eq!(newswire::json_len("plain"), 7);
/// assert_eq!(newswire::json_len("a \"word\"\n"), 14);
/// ```
pub fn json_len(text: &str) -> usize {
    let mut length = text.len() + 2;
    let mut rest = text.as_bytes();
    while let Some((&special, after)) = rest.get(plain_prefix(rest)..).and_then(<[u8]>::split_first) {
        length += if short_escape(special).is_some() { 1 } else { 5 };
        rest = after;
    }
    length
}

fn short_escape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        0x08 => Some(b'b'),
        0x0c => Some(b'f'),
        _ => None,
    }
}

/// How many bytes from the start can stand in a JSON string as they are.
#[inline]
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let special = specials(*word);
        if special != 0 {
            return bytes.len() - rest.len() + special.trailing_zeros() as usize / 8;
        }
        rest = after;
    }
    // The last eight bytes again, most of which are known to be plain: one look rather than up to seven.
    if let Some(word) = bytes.last_chunk::<8>() {
        let special = specials(*word);
        let tail = if special == 0 { 8 } else { special.trailing_zeros() as usize / 8 };
        return bytes.len() - 8 + tail;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        if specials((u64::from(last) << 32 | u64::from(first)).to_le_bytes()) == 0 {
            return bytes.len();
        }
    }
    bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len())
}

fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// The highest bit of each byte that can't stand as it is; above the first of them there may be others.
#[inline]
fn specials(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    // A borrow can only spoil bytes above the first hit, and the first hit is all that is asked.
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (control | quote | backslash) & !word & (ONES << 7)
}

/// Writes `text` as a JSON string, quotes included.
///
/// ```
/// let mut json = Vec::new();
/// newswire::json::write_string(&mut json, "a \"word\"\n");
/// assert_eq!(json, br#""a \"word\"\n""#);
/// ```
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_prefix(rest));
        out.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else { break };
        match short_escape(byte) {
            Some(letter) => out.extend_from_slice(&[b'\\', letter]),
            None => {
                let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        rest = after;
    }
    out.push(b'"');
}

/// Writes `number` in decimal.
pub(crate) fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(decimal(number, &mut [0; 20]));
}

/// `number` in decimal, at the end of `room`, which the largest fills.
pub(crate) fn decimal(number: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut left = number;
    let mut used = 0;
    for place in room.iter_mut().rev() {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
        used += 1;
        if left == 0 {
            break;
        }
    }
    room.get(room.len() - used..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_written_as_serde_json_writes_it() {
        for position in 0..20 {
            for character in (0..0x250).filter_map(char::from_u32) {
                for tail in ["", "y", "yes", "tail of the text"] {
                    let text = format!("{}{character}{tail}", "x".repeat(position));
                    let mut ours = Vec::new();
                    write_string(&mut ours, &text);
                    assert_eq!(ours, serde_json::to_vec(&text).unwrap(), "{text:?}");
                    assert_eq!(ours.len(), json_len(&text), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_of_every_length_are_written_whole() {
        for number in [0, 9, 10, 99, 100, 1 << 53, u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            write_number(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
