//! JSON that people have had laid out for them, on one line again.

use newswire::EventBuilder;
use newswire::json::Raw;
use serde_json::value::RawValue;

/// The event with that attribute: the value without the white space between its tokens, where it stands on several
/// lines.
pub(crate) fn with_attr(builder: EventBuilder, key: String, value: Raw<'_>) -> EventBuilder {
    match compacted(value.get()) {
        Some(raw) => builder.attr_json(key, raw),
        None => builder.attr_raw(key, value),
    }
}

/// The same value, without the white space between its tokens where it stands on several lines.
pub(crate) fn compact(value: Raw<'_>) -> Box<RawValue> {
    compacted(value.get()).unwrap_or_else(|| value.to_raw())
}

/// The same of JSON that stands on several lines; `None` where it doesn't.
pub(crate) fn compacted(json: &str) -> Option<Box<RawValue>> {
    memchr::memchr(b'\n', json.as_bytes())?;
    let (mut in_text, mut escaped) = (false, false);
    let dense = json.chars().filter(|character| {
        if in_text {
            in_text = *character != '"' || escaped;
            escaped = *character == '\\' && !escaped;
            return true;
        }
        in_text = *character == '"';
        !character.is_ascii_whitespace()
    });
    RawValue::from_string(dense.collect()).ok()
}

#[cfg(test)]
mod tests {
    use newswire::json::Index;

    use super::*;

    #[test]
    fn white_space_goes_and_text_and_digits_stay() {
        let laid_out = "{\n\t\"a b\": [ 1.10,\r\n \"c \\\" \\\\\" , \" d\\\\\\\" \" ]\n}";
        let mut index = Index::default();
        assert_eq!(compact(index.read(laid_out).unwrap()).get(), r#"{"a b":[1.10,"c \" \\"," d\\\" "]}"#);
        assert_eq!(compact(index.read("[1, 2]").unwrap()).get(), "[1, 2]");
    }
}
