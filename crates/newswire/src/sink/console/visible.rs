//! Text of others made fit for a terminal: what would act on it, or hide, is shown instead.
//!
//! Events carry what models wrote and tools printed. C0, DEL and C1 control characters (so also ESC, OSC and
//! DCS), characters that turn the direction of text and characters without width are replaced by marks.
//! Only text that went through here may be written to a terminal or a log line.

use std::fmt::{self, Write};

/// Displays a text with every control, direction-turning and invisible character replaced by a visible mark.
///
/// ```
/// use newswire::Visible;
///
/// assert_eq!(Visible("a\u{1b}[31mb\r\n\u{202e}c").to_string(), "a␛[31mb␍↵<202e>c");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a>(pub &'a str);

impl Visible<'_> {
    /// How many columns a terminal gives it.
    #[must_use]
    pub fn columns(self) -> usize {
        self.to_string().chars().map(columns).sum()
    }

    /// The text within so many columns, where it is longer with `…` at its end.
    ///
    /// ```
    /// assert_eq!(newswire::Visible("forecast").cut(5), "fore…");
    /// ```
    #[must_use]
    pub fn cut(self, width: usize) -> String {
        let (mut text, mut room) = (String::new(), width);
        let mut piece = String::new();
        for (at, character) in self.0.char_indices() {
            piece.clear();
            // Writing to a string can't fail.
            let _ = write_visible(&mut piece, character);
            let needed: usize = piece.chars().map(columns).sum();
            // The last column is for the mark, unless this is the last character.
            let is_last = self.0.len() == at + character.len_utf8();
            if needed > room || needed == room && !is_last {
                text.push('…');
                break;
            }
            room -= needed;
            text.push_str(&piece);
        }
        text
    }
}

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_visible(f, character))
    }
}

/// Writes one character, or the mark that stands for it.
pub(super) fn write_visible(out: &mut impl Write, character: char) -> fmt::Result {
    match character {
        '\n' => out.write_char('↵'),
        '\t' => out.write_char(' '),
        '\u{7f}' => out.write_char('␡'),
        '\0'..='\u{1f}' => {
            // U+2400 is the first of the pictures of control characters, in their order.
            out.write_char(
                char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER),
            )
        }
        _ if is_hidden(character) => write!(out, "<{:x}>", u32::from(character)),
        _ => out.write_char(character),
    }
}

/// Characters that steer the terminal or the direction of text, or can't be seen.
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        // Selectors of emoji and text form, FE0E and FE0F, are in every other message and harmless.
        | '\u{fe00}'..='\u{fe0d}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// How many columns a terminal gives a character that [`write_visible`] lets through; never less than one, so
/// that heaps of combining marks are cut like any other long text.
pub(super) fn columns(character: char) -> usize {
    let wide = matches!(character,
        '\u{1100}'..='\u{115f}'
        | '\u{231a}'..='\u{231b}'
        | '\u{23e9}'..='\u{23ec}'
        | '\u{2705}'
        | '\u{274c}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}');
    if wide { 2 } else { 1 }
}
