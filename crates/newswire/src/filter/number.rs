//! Exact numbers and durations.
//!
//! Numbers compare exactly: whole ones of 64 bits are never rounded to floating point, and a fraction lies
//! strictly between its neighbours. Durations are whole numbers of nanoseconds.

use std::cmp::Ordering;
use std::fmt;

use crate::error::{Error, Result};

/// A number, exact where it is whole and has at most 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Between `i64::MIN` and `u64::MAX`.
    Whole(i128),
    /// Anything else: a fraction, or beyond 64 bits; never NaN.
    Float(f64),
}

const WHOLE: std::ops::RangeInclusive<i128> = i64::MIN as i128..=u64::MAX as i128;

/// The floats that convert to a whole number of that range without loss: 2^64 itself is beyond.
const WHOLE_FLOATS: std::ops::Range<f64> = i64::MIN as f64..u64::MAX as f64;

impl Number {
    /// The number that a float is; whole ones are kept as such, so that 2.0 is 2.
    pub(crate) fn from_float(float: f64) -> Self {
        if float.fract() == 0.0 && WHOLE_FLOATS.contains(&float) {
            Self::Whole(float as i128)
        } else {
            Self::Float(float)
        }
    }

    /// Reads a JSON number; digits beyond what can be held are rounded.
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        match json.parse::<i128>() {
            Ok(whole) if WHOLE.contains(&whole) => Some(Self::Whole(whole)),
            _ => json.parse().ok().map(Self::from_float),
        }
    }

    /// Reads a number that somebody wrote in a filter.
    ///
    /// # Errors
    /// `Invalid` where it can't be held exactly or is out of range.
    pub(crate) fn parse(word: &str) -> Result<Self> {
        let whole = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match Self::from_json(word) {
            Some(Self::Float(_)) if whole => Err(Error::invalid(format!("{word} has more than 64 bits"))
                .expecting("a whole number of 64 bits, or one with an exponent such as 1e30")),
            Some(Self::Float(float)) if float.is_infinite() => {
                Err(Error::invalid(format!("{word} is out of range"))
                    .expecting("a number of double precision"))
            }
            Some(number) => Ok(number),
            None => Err(Error::invalid(format!("{word} is no number"))),
        }
    }

    /// Whether a filter can hold it: infinity and NaN have no text.
    pub(crate) fn is_finite(self) -> bool {
        match self {
            Self::Whole(whole) => WHOLE.contains(&whole),
            Self::Float(float) => float.is_finite(),
        }
    }

    /// How two numbers compare, without rounding either.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Whole(a), Self::Float(b)) => whole_and_float(a, b),
            (Self::Float(a), Self::Whole(b)) => whole_and_float(b, a).map(Ordering::reverse),
        }
    }
}

fn whole_and_float(whole: i128, float: f64) -> Option<Ordering> {
    if WHOLE_FLOATS.contains(&float) {
        let floor = float.floor();
        // The fraction only decides between a number and the one it follows.
        Some(whole.cmp(&(floor as i128)).then(0.0_f64.total_cmp(&(float - floor))))
    } else {
        0.0.partial_cmp(&float)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(f),
            // The shortest digits that read back as the same number, with an exponent where it is large.
            Self::Float(float) => fmt::Debug::fmt(float, f),
        }
    }
}

/// How many bytes of `word` are a number as JSON writes it; 0 when it begins with none.
pub(crate) fn number_len(word: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = word.strip_prefix('-').unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return 0;
    }
    let mut len = word.len() - rest.len() + whole;
    let fraction = word.get(len..).and_then(|rest| rest.strip_prefix('.')).map_or(0, digits);
    if fraction > 0 {
        len += 1 + fraction;
    }
    let exponent = word.get(len..).and_then(|rest| rest.strip_prefix(['e', 'E'])).map_or(0, |rest| {
        let power = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        match digits(power) {
            0 => 0,
            count => 1 + rest.len() - power.len() + count,
        }
    });
    len + exponent
}

/// The units of durations, the largest first.
const UNITS: [(&str, i128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The error that durations have no unit of this name.
pub(crate) fn unknown_unit(unit: &str) -> Error {
    const OTHERS: [(&str, &str); 6] =
        [("h", "h"), ("mil", "ms"), ("ms", "ms"), ("mi", "m"), ("n", "ns"), ("s", "s")];
    let lower = unit.to_lowercase();
    let is_micro = lower.starts_with(['µ', 'μ']) || lower.starts_with("mic");
    let near = match is_micro {
        true => Some("us"),
        false => OTHERS.iter().find(|(start, _)| lower.starts_with(start)).map(|(_, unit)| *unit),
    };
    let meant = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
    let names: Vec<_> = UNITS.iter().map(|(name, _)| *name).collect();
    Error::invalid(format!("durations have no unit {unit:?}{meant}"))
        .expecting(format!("one of {}, directly after the number, such as 2s", names.join(", ")))
}

/// How many nanoseconds a unit has.
pub(crate) fn unit_ns(unit: &str) -> Option<i128> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ns)| *ns)
}

/// How many nanoseconds `number` of a unit are, by the digits, not by floating point.
///
/// # Errors
/// `Invalid` where it is no whole number of nanoseconds, has an exponent, or has more than 64 bits.
pub(crate) fn duration_ns(number: &str, unit: i128) -> Result<i128> {
    let wrong = |what: &str| {
        Error::invalid(format!("the duration {number} {what}"))
            .expecting("whole nanoseconds, such as 2s, 1.5s, 150ms, 10us, 5ns, 2m or 1h")
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().map_err(|_| wrong("can't be read"))?;
    let parts = u32::try_from(fraction.len()).ok().and_then(|places| 10_i128.checked_pow(places));
    let (Some(parts), Some(scaled)) = (parts, digits.checked_mul(unit)) else {
        return Err(wrong("has too many digits"));
    };
    let ns = scaled / parts;
    if scaled % parts != 0 {
        Err(wrong("has fractions of a nanosecond"))
    } else if !WHOLE.contains(&ns) {
        Err(wrong("is out of range"))
    } else {
        Ok(ns)
    }
}

/// A number of nanoseconds in the largest unit that it is a whole number of.
pub(crate) fn duration_text(ns: i128) -> String {
    let (unit, scale) = UNITS.into_iter().find(|(_, scale)| ns % scale == 0).unwrap_or(("ns", 1));
    format!("{}{unit}", ns / scale)
}
