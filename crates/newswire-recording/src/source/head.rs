//! The beginning of a source, from which its format is told.

use super::foreign::looks_like;

/// What stands first, up to [`Head::BYTES`] of it.
pub(crate) struct Head<'a> {
    bytes: &'a [u8],
    text: &'a str,
}

impl<'a> Head<'a> {
    /// How much is looked at.
    pub(crate) const BYTES: usize = 1 << 16;

    /// The beginning of what `bytes` are; what isn't UTF-8 ends it.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        let text = std::str::from_utf8(bytes)
            .or_else(|error| std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()));
        Self { bytes, text: text.unwrap_or_default().trim_start() }
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What it looks like, where it is no text in UTF-8.
    pub(crate) fn looks_like(&self) -> Option<&'static str> {
        looks_like(self.bytes)
    }

    /// All of it.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The first line, or what is there of it.
    pub(crate) fn line(&self) -> &'a str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The names of the members of the object that stands first, alone or in an array; of those that are there.
    pub(crate) fn fields(&self) -> Vec<&'a str> {
        self.members().into_iter().map(|(name, _)| name).collect()
    }

    /// A member of that object that is text, as it stands between its quotes.
    pub(crate) fn text_of(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.members().into_iter().find(|(present, _)| *present == name)?;
        let text = value.strip_prefix('"')?;
        text.get(..end_of_text(text)?)
    }

    /// Each member with what follows its colon.
    fn members(&self) -> Vec<(&'a str, &'a str)> {
        let text = self.text.strip_prefix('[').unwrap_or(self.text).trim_start();
        let (mut members, mut depth, mut rest) = (Vec::new(), 0_usize, text);
        if !text.starts_with('{') {
            return members;
        }
        while let Some(at) = rest.find(['{', '}', '[', ']', '"']) {
            let (token, after) = (rest.as_bytes().get(at), rest.get(at + 1..).unwrap_or_default());
            rest = after;
            match token {
                Some(b'{' | b'[') => depth += 1,
                Some(b'"') => {
                    let Some(end) = end_of_text(after) else { break };
                    rest = after.get(end + 1..).unwrap_or_default();
                    if let (1, Some(value)) = (depth, rest.trim_start().strip_prefix(':')) {
                        members.push((after.get(..end).unwrap_or_default(), value.trim_start()));
                    }
                }
                _ => depth = depth.saturating_sub(1),
            }
            if depth == 0 {
                break;
            }
        }
        members
    }

    /// Whether it names all these fields, anywhere.
    pub(crate) fn names(&self, fields: &[&str]) -> bool {
        fields.iter().all(|field| names(self.text, field))
    }

    /// Whether the first line names all these fields, anywhere in it.
    pub(crate) fn line_names(&self, fields: &[&str]) -> bool {
        fields.iter().all(|field| names(self.line(), field))
    }
}

/// Where the text ends that has begun: its closing quote.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Whether `"field":` stands in `text`.
fn names(text: &str, field: &str) -> bool {
    text.match_indices(field).any(|(at, _)| {
        let before = text.get(..at).is_some_and(|before| before.ends_with('"'));
        let after = text.get(at + field.len()..).and_then(|after| after.strip_prefix('"'));
        before && after.is_some_and(|after| after.trim_start().starts_with(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_what_stands_first_are_told_however_it_is_laid_out() {
        for text in [
            r#"{"a":{"x":1},"b\"":["{",{"y":2}],"c":"d\"e"}{"z":3}"#,
            "\u{feff} [\n {\n \"a\" : { \"x\":1 },\n\"b\\\"\": [], \"c\" : \"d\\\"e\" }, {\"z\":3}]",
        ] {
            let head = Head::new(text.as_bytes());
            assert_eq!(head.fields(), ["a", "b\\\"", "c"], "{text}");
            assert_eq!(
                (head.text_of("c"), head.text_of("a"), head.text_of("z")),
                (Some("d\\\"e"), None, None)
            );
        }
        assert_eq!(Head::new(br#"{"a":1,"b":{"c""#).fields(), ["a", "b"]);
        assert_eq!(Head::new(br#"["a"] {"b":1}"#).fields(), [""; 0]);
        assert_eq!(Head::new(b"# Notes: {\"a\":1}").fields(), ["a"; 0]);
    }
}
