//! Where in JSON text the bytes are that end a string, or can't stand in one as they are.
//!
//! Sixty-four bytes are looked at together, and where the marked ones are is remembered as bits: a string takes the
//! next bit instead of looking at its bytes again. So short strings cost as little as long ones, however often they
//! end or have an escape.

/// How many bytes are looked at together.
const BLOCK: usize = 64;

/// The marks of the block that was looked at last.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    begin: usize,
    /// The lowest bit is the first byte's.
    bits: u64,
}

impl Marks {
    /// Of nothing yet.
    pub(super) fn new() -> Self {
        // No place is less than a block behind this one.
        Self { begin: usize::MAX - BLOCK, bits: 0 }
    }

    /// The place of the first marked byte from `at` on; the end of the text, where there is none.
    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8], at: usize) -> usize {
        let offset = at.wrapping_sub(self.begin);
        let left = if offset < BLOCK { self.bits >> offset } else { 0 };
        if left != 0 { at + left.trailing_zeros() as usize } else { self.next_in_others(text, at) }
    }

    /// The same, where the block that was looked at last has none.
    #[inline(never)]
    fn next_in_others(&mut self, text: &[u8], at: usize) -> usize {
        let is_behind = at.wrapping_sub(self.begin) < BLOCK;
        let mut begin = if is_behind { self.begin + BLOCK } else { at };
        loop {
            let bits = bits_from(text, begin);
            *self = Self { begin, bits };
            if bits != 0 {
                return begin + bits.trailing_zeros() as usize;
            }
            begin += BLOCK;
        }
    }
}

/// The marks of the block that begins at `at`; the end of the text is marked, too.
fn bits_from(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(block) = rest.first_chunk::<BLOCK>() {
        return bits_of(block);
    }
    let mut block = [0; BLOCK];
    if let Some(begin) = block.get_mut(..rest.len()) {
        begin.copy_from_slice(rest);
    }
    bits_of(&block)
}

/// Written so that compilers compare many bytes with one instruction.
#[inline]
fn bits_of(block: &[u8; BLOCK]) -> u64 {
    /// Takes the lowest bits of eight bytes to the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let flags = block.map(|byte| u8::from((byte < 0x20) | (byte == b'"') | (byte == b'\\')));
    let (words, _) = flags.as_chunks::<8>();
    words.iter().zip(0..).fold(0, |bits, (word, place)| {
        bits | (u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56) << (8 * place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marked_byte_is_found_wherever_it_stands() {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        for length in [0, 1, 7, 63, 64, 65, 127, 128, 200] {
            for (at, byte) in (0..length).flat_map(|at| (0..=255_u8).map(move |byte| (at, byte))) {
                let mut text = vec![b'x'; length];
                text[at] = byte;
                let found = Marks::new().next(&text, 0);
                assert_eq!(found, if plain(byte) { length } else { at }, "{byte} at {at} of {length}");
            }
        }
    }

    #[test]
    fn a_walk_to_and_fro_finds_what_a_look_at_every_byte_does() {
        let text: Vec<u8> = (0..1000_u32).map(|n| if n * n % 11 == 5 { b'"' } else { b'a' }).collect();
        let mut marks = Marks::new();
        for step in 0..3000_usize {
            let at = step * 379 % text.len();
            let expected = (at..text.len()).find(|at| text[*at] == b'"').unwrap_or(text.len());
            assert_eq!(marks.next(&text, at), expected);
        }
        assert_eq!(marks.next(&text, text.len()), text.len());
    }
}
