//! Times as the five systems write them.

use crate::error::Result;
use crate::event::{parse_time, write_time};

/// Reads a time of any of them: RFC 3339, or Python's without an offset, which is UTC. `None` for a time that
/// exists and ours can't express, such as Go's zero time.
///
/// # Errors
/// `Invalid` for other text.
pub(super) fn read(text: &str) -> Result<Option<i64>> {
    let mut text = text.replacen(' ', "T", 1);
    let clock = text.get(10..).unwrap_or_default();
    if !clock.contains(['Z', 'z', '+', '-']) {
        text.push('Z');
    }
    match parse_time(&text) {
        Ok(time_ns) => Ok(Some(time_ns)),
        // The same day of another year exists in ours, unless it isn't a time at all.
        Err(error) => {
            let moved = text.get(4..).map(|rest| format!("2000{rest}"));
            let year = text.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
            match moved.filter(|_| year).map(|moved| parse_time(&moved)) {
                Some(Ok(_)) => Ok(None),
                _ => Err(error),
            }
        }
    }
}

/// RFC 3339 with that many digits of fraction, without zeros at the end.
fn trimmed(time_ns: i64, digits: usize) -> String {
    let written = write_time(time_ns);
    let text = String::from_utf8_lossy(written.get(..20 + digits).unwrap_or(&written)).into_owned();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As Go does: `2026-11-21T01:02:03.5Z`.
pub(super) fn go(time_ns: i64) -> String {
    trimmed(time_ns, 9) + "Z"
}

/// As .NET does, to 100 ns: `2026-11-21T01:02:03.5+00:00`.
pub(super) fn dotnet(time_ns: i64) -> String {
    trimmed(time_ns, 7) + "+00:00"
}

/// As Rust's chrono does, with 0, 3, 6 or 9 digits.
pub(super) fn chrono(time_ns: i64) -> String {
    let digits = match time_ns.rem_euclid(1_000_000_000) {
        0 => return trimmed(time_ns, 0) + "Z",
        nanos if nanos % 1_000_000 == 0 => 3,
        nanos if nanos % 1000 == 0 => 6,
        _ => 9,
    };
    let written = write_time(time_ns);
    String::from_utf8_lossy(written.get(..20 + digits).unwrap_or(&written)).into_owned() + "Z"
}

/// As Python's `isoformat` does of a time without zone, to the microsecond.
pub(super) fn python(time_ns: i64) -> String {
    let digits = if time_ns.rem_euclid(1_000_000_000) < 1000 { 19 } else { 26 };
    let written = write_time(time_ns);
    String::from_utf8_lossy(written.get(..digits).unwrap_or(&written)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: i64 = 1_763_686_923_120_000_000;

    #[test]
    fn a_time_is_written_as_each_system_writes_it() {
        assert_eq!(go(TIME), "2025-11-21T01:02:03.12Z");
        assert_eq!(go(TIME - 120_000_000), "2025-11-21T01:02:03Z");
        assert_eq!(dotnet(TIME + 100), "2025-11-21T01:02:03.1200001+00:00");
        assert_eq!(chrono(TIME), "2025-11-21T01:02:03.120Z");
        assert_eq!(chrono(TIME - 120_000_000), "2025-11-21T01:02:03Z");
        assert_eq!(chrono(TIME + 1), "2025-11-21T01:02:03.120000001Z");
        assert_eq!(python(TIME), "2025-11-21T01:02:03.120000");
        assert_eq!(python(TIME - 120_000_000), "2025-11-21T01:02:03");
    }

    #[test]
    fn each_way_of_writing_a_time_is_read() {
        for text in [go(TIME), dotnet(TIME), chrono(TIME), python(TIME), "2025-11-21 01:02:03.12".to_owned()]
        {
            assert_eq!(read(&text), Ok(Some(TIME)), "{text}");
        }
        assert_eq!(read("0001-01-01T00:00:00Z"), Ok(None));
        assert!(read("yesterday").is_err());
        assert!(read("").is_err());
    }
}
