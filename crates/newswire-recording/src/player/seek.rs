//! Places in a recording as people write them.

use std::time::Duration;

use newswire::{Error, Result};

use super::control::Seek;
use crate::source::parse_utc;

/// Units of offsets, the longer names first where one begins as another.
const UNITS: [(&str, f64); 5] = [("ms", 1e-3), ("us", 1e-6), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];

/// The longest offset that is understood, in seconds: three hundred years.
const LONGEST: f64 = 1e10;

impl Seek {
    /// Reads a place: a time (`2026-11-20T09:30:00Z`), or an offset from the first event (`90s`, `1h30m`, `1.5s`).
    ///
    /// ```
    /// use newswire_recording::Seek;
    /// use std::time::Duration;
    ///
    /// assert_eq!(Seek::parse("1m30s")?, Seek::Offset(Duration::from_secs(90)));
    /// assert_eq!(Seek::parse("1970-01-01T00:00:01Z")?, Seek::Time(1_000_000_000));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` where it is neither, with the column.
    pub fn parse(text: &str) -> Result<Self> {
        if text.contains('T') {
            return parse_utc(text).map(Self::Time).ok_or_else(|| wrong(text, 1));
        }
        let mut rest = text;
        let mut seconds = 0.0;
        while !rest.is_empty() || text.is_empty() {
            let column = text.len() - rest.len() + 1;
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            let unit = UNITS.iter().find(|(name, _)| after.starts_with(name));
            let number = number.parse::<f64>().ok().filter(|number| number.is_finite());
            let (Some(number), Some((name, factor))) = (number, unit) else {
                return Err(wrong(text, column));
            };
            seconds += number * factor;
            rest = after.get(name.len()..).unwrap_or_default();
        }
        let offset = Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds <= LONGEST);
        offset.map(Self::Offset).ok_or_else(|| wrong(text, 1))
    }
}

fn wrong(text: &str, column: usize) -> Error {
    Error::invalid(format!("{text:?} is no place in a recording"))
        .at_column(column)
        .expecting("an offset such as 90s or 1h30m, or a time such as 2026-11-20T09:30:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_place_is_refused_where_it_is_wrong() {
        for (text, column) in [
            ("", 1),
            ("90", 1),
            ("s", 1),
            ("1h30", 3),
            ("1m 5s", 3),
            ("2026-11-20T", 1),
            ("1e9h", 1),
            ("-5s", 1),
        ] {
            let error = Seek::parse(text).unwrap_err();
            assert_eq!(error.column(), Some(column), "{text}: {error}");
        }
    }

    #[test]
    fn offsets_have_all_units() {
        assert_eq!(Seek::parse("1h2m3s4ms5us").unwrap(), Seek::Offset(Duration::from_micros(3_723_004_005)));
    }
}
