//! Numbers as people read them.

use newswire::figures;

/// `1 event`, `2000 events`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", plural(number))
}

/// What the word behind a number ends in.
pub(crate) fn plural(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// `12,345,678`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number, or nothing where it is 0.
pub(crate) fn unless_none(number: u64) -> String {
    if number == 0 { String::new() } else { grouped(number) }
}

/// Tokens in few digits, or nothing where there are none.
pub(crate) fn tokens(number: u64) -> String {
    if number == 0 { String::new() } else { figures::count(number) }
}

/// A cost, or nothing where there is none.
pub(crate) fn cost(usd: f64) -> String {
    if usd > 0.0 { figures::money(usd) } else { String::new() }
}
