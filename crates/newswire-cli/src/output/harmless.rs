//! What was read, without anything that could act on a terminal.

use newswire::Visible;

/// The same JSON, what could act on a terminal or hide there in escapes. Such characters stand in texts only.
pub(crate) fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut shown = String::new();
    for character in json.chars() {
        shown.clear();
        if character == '\n' || (' '..='~').contains(&character) {
            text.push(character);
            continue;
        }
        let mut bytes = [0; 4];
        let own = &*character.encode_utf8(&mut bytes);
        shown.push_str(&Visible(own).to_string());
        if shown == own {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
