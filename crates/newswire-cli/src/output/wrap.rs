//! Text in lines of a given width.

use newswire::Visible;

/// Text whose lines have so many columns at most where they can be broken between words; what is carried over stands
/// `indent` columns in.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    for line in text.lines() {
        let mut column = 0;
        for word in line.split_inclusive(' ') {
            let wide = Visible(word).columns();
            if column > indent && column + Visible(word.trim_end()).columns() > width {
                wrapped.truncate(wrapped.trim_end_matches(' ').len());
                wrapped.push('\n');
                wrapped.push_str(&" ".repeat(indent));
                column = indent;
            }
            wrapped.push_str(word);
            column += wide;
        }
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_never_within_one() {
        let text = "tokens  1 (2 read, 3 written)\na-word-that-is-longer-than-the-line\n\n";
        let broken = "tokens  1 (2 read, 3\n    written)\na-word-that-is-longer-than-the-line\n\n";
        assert_eq!(wrapped(text, 20, 4), broken);
        assert_eq!(wrapped(text, 100, 4), text);
    }
}
