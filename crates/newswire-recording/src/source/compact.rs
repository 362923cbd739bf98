//! JSON that people have had laid out for them, on one line again.

use serde_json::value::RawValue;

/// The same value, without the white space between its tokens where it stands on several lines.
pub(crate) fn compact(raw: &RawValue) -> Box<RawValue> {
    if !raw.get().contains('\n') {
        return raw.to_owned();
    }
    let (mut in_text, mut escaped) = (false, false);
    let dense = raw.get().chars().filter(|character| {
        if in_text {
            in_text = *character != '"' || escaped;
            escaped = *character == '\\' && !escaped;
            return true;
        }
        in_text = *character == '"';
        !character.is_ascii_whitespace()
    });
    RawValue::from_string(dense.collect()).unwrap_or_else(|_| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_and_text_and_digits_stay() {
        let laid_out = "{\n\t\"a b\": [ 1.10,\r\n \"c \\\" \\\\\" , \" d\\\\\\\" \" ]\n}";
        let raw: &RawValue = serde_json::from_str(laid_out).unwrap();
        assert_eq!(compact(raw).get(), r#"{"a b":[1.10,"c \" \\"," d\\\" "]}"#);
        let on_one_line: &RawValue = serde_json::from_str("[1, 2]").unwrap();
        assert_eq!(compact(on_one_line).get(), "[1, 2]");
    }
}
