//! Times as text: RFC 3339 with nine digits, for every number of nanoseconds that an event can hold.
//!
//! Our own, since it stands on the hot path of every sink and needs neither time zones nor a calendar
//! beyond the proleptic Gregorian one. An `i64` of nanoseconds reaches from 1677 to 2262.

use crate::error::{Error, Result};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// The length of a written time.
pub(crate) const TIME_LEN: usize = 30;

/// `time_ns` since the Unix epoch as `2026-11-21T01:02:03.123456789Z`.
pub(crate) fn write_time(time_ns: i64) -> [u8; TIME_LEN] {
    let seconds = time_ns.div_euclid(SECOND);
    let nanos = time_ns.rem_euclid(SECOND) as u32;
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY) as u32;
    let [y1, y2] = two(year / 100);
    let [y3, y4] = two(year % 100);
    let [mo1, mo2] = two(month);
    let [d1, d2] = two(day);
    let [h1, h2] = two(second / 3600);
    let [m1, m2] = two(second / 60 % 60);
    let [s1, s2] = two(second % 60);
    let [n1, n2] = two(nanos / 10_000_000);
    let [n3, n4] = two(nanos / 100_000 % 100);
    let [n5, n6] = two(nanos / 1000 % 100);
    let [n7, n8] = two(nanos / 10 % 100);
    let n9 = b'0' + (nanos % 10) as u8;
    [
        y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', n1, n2,
        n3, n4, n5, n6, n7, n8, n9, b'Z',
    ]
}

/// The last two decimal digits of `number`.
fn two(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// Year, month and day of a day counted from 1970-01-01, within the years that an `i64` reaches.
///
/// Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms": the
/// divisions are by constants, and a year begins in March so that leap days come last.
fn date(days: i64) -> (u32, u32, u32) {
    let since_march_0000 = (days + 719_468) as u32;
    let quarters = 4 * since_march_0000 + 3;
    let century = quarters / 146_097;
    let in_century = (quarters % 146_097) | 3;
    let scaled = 2_939_745 * u64::from(in_century);
    let year = 100 * century + (scaled >> 32) as u32;
    let day_of_year = (scaled as u32) / 2_939_745 / 4;
    let scaled = 2141 * day_of_year + 197_913;
    let (month, day) = (scaled >> 16, (scaled & 0xffff) / 2141 + 1);
    if day_of_year >= 306 { (year + 1, month - 12, day) } else { (year, month, day) }
}

/// The day of a date, counted from 1970-01-01.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let day_of_year = (153 * since_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Reads an RFC 3339 time with any offset and up to nine digits of fraction.
///
/// A leap second is the first of the next minute, as in Unix time.
///
/// # Errors
/// `Invalid` for other text, for dates that don't exist, and beyond the years that an `i64` reaches.
pub(crate) fn parse_time(text: &str) -> Result<i64> {
    let range = "a time of RFC 3339, such as 2026-11-21T01:02:03.123456789Z, from 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z";
    let wrong = |what| {
        let shown: String = text.chars().take(40).collect();
        Error::invalid(format!("{shown:?} {what}")).expecting(range)
    };
    let ns = Reader(text.as_bytes()).time().ok_or_else(|| wrong("is no time"))?;
    i64::try_from(ns).map_err(|_| wrong("is out of range"))
}

/// The second that was read last, which most times share with the one before: its text, and when it began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Second {
    text: [u8; SECOND_LEN],
    begin_ns: i64,
}

/// The length of a time up to the fraction's digits.
const SECOND_LEN: usize = TIME_LEN - 10;

impl Second {
    /// Reads a time that has nine digits of fraction and no offset, as ours have.
    pub(super) fn parse_time(&mut self, text: &str) -> Option<i64> {
        let (second, rest) = text.as_bytes().split_first_chunk::<SECOND_LEN>()?;
        let (b'Z', digits) = rest.split_last()? else { return None };
        let nanos = Reader(digits).digits(9).filter(|_| digits.len() == 9)?;
        if self.text != *second {
            let begin_ns = parse_time(text).ok()?.checked_sub(nanos)?;
            *self = Self { text: *second, begin_ns };
        }
        self.begin_ns.checked_add(nanos)
    }
}

/// What is left to read.
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn time(mut self) -> Option<i128> {
        let (year, _, month, _, day) =
            (self.digits(4)?, self.one_of(b"-")?, self.digits(2)?, self.one_of(b"-")?, self.digits(2)?);
        self.one_of(b"Tt")?;
        let (hour, _, minute, _, second) =
            (self.digits(2)?, self.one_of(b":")?, self.digits(2)?, self.one_of(b":")?, self.digits(2)?);
        let nanos = if self.0.starts_with(b".") { self.fraction()? } else { 0 };
        let offset = self.offset()?;
        let leap_second = second == 60 && minute == 59;
        let exists = (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && (second < 60 || leap_second)
            && self.0.is_empty();
        let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
        exists.then(|| i128::from(seconds) * i128::from(SECOND) + i128::from(nanos))
    }

    fn one_of(&mut self, choices: &[u8]) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        choices.contains(&byte).then_some(byte)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, byte| match byte {
            b'0'..=b'9' => Some(number * 10 + i64::from(byte - b'0')),
            _ => None,
        })
    }

    fn fraction(&mut self) -> Option<i64> {
        self.one_of(b".")?;
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let missing = u32::try_from(9usize.checked_sub(count)?).ok()?;
        if count == 0 { None } else { Some(self.digits(count)? * 10i64.pow(missing)) }
    }

    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, _, minutes) = (self.digits(2)?, self.one_of(b":")?, self.digits(2)?);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_one_second_are_those_that_are_read_one_by_one() {
        let mut second = Second::default();
        for text in [
            "2026-11-21T01:02:03.000000000Z",
            "2026-11-21T01:02:03.999999999Z",
            "2026-11-21T01:02:60.000000001Z",
            "2016-12-31T23:59:60.500000000Z",
            "1969-12-31T23:59:59.123456789Z",
            "1677-09-21T00:12:43.145224192Z",
            "2262-04-11T23:47:16.854775807Z",
            "2262-04-11T23:47:16.854775808Z",
            "2026-11-21T01:02:03.12345678aZ",
            "2026-11-21T01:02:03.123456789z",
            "2026-11-21T01:02:03.12345+01:00",
            "2026-11-21T01:02:03,123456789Z",
        ] {
            for _ in 0..2 {
                let read = second.parse_time(text);
                assert!(read.is_none() || read == parse_time(text).ok(), "{text}");
                assert_eq!(
                    read.is_some(),
                    parse_time(text).is_ok() && text.ends_with('Z') && &text[..4] != "1677",
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn each_day_follows_the_one_before_it() {
        let (mut year, mut month, mut day) = (1677, 9, 21);
        for number in i64::MIN.div_euclid(SECOND * DAY)..=i64::MAX.div_euclid(SECOND * DAY) {
            assert_eq!(date(number), (year, month, day));
            assert_eq!(days(year.into(), month.into(), day.into()), number);
            day += 1;
            if i64::from(day) > days_of_month(year.into(), month.into()) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (2262, 4, 12));
    }
}
