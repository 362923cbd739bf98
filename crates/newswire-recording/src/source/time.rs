//! Times as recordings write them, as nanoseconds since the Unix epoch.

/// Reads the RFC 3339 form that recordings use: UTC, as `Z` or `+00:00`, up to nine digits after the second.
pub(crate) fn parse_utc(text: &str) -> Option<i64> {
    match usual(text) {
        Some(([year, month, day, hour, minute, second], millis)) => {
            moment([year, month, day], [hour, minute, second], millis * 1_000_000)
        }
        None => parse_any(text),
    }
}

/// The numbers of a time that is written to the millisecond, as most are.
fn usual(text: &str) -> Option<([i64; 6], i64)> {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        mo1,
        mo2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        b'.',
        f1,
        f2,
        f3,
        b'Z',
    ] = *text.as_bytes()
    else {
        return None;
    };
    let all_digits = [y1, y2, y3, y4, mo1, mo2, d1, d2, h1, h2, m1, m2, s1, s2, f1, f2, f3];
    if !all_digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |byte: u8| i64::from(byte & 0xf);
    let two = |tens: u8, ones: u8| digit(tens) * 10 + digit(ones);
    let year = two(y1, y2) * 100 + two(y3, y4);
    let numbers = [year, two(mo1, mo2), two(d1, d2), two(h1, h2), two(m1, m2), two(s1, s2)];
    Some((numbers, digit(f1) * 100 + two(f2, f3)))
}

fn parse_any(text: &str) -> Option<i64> {
    let utc = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (date, clock) = utc.split_once('T')?;
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut whole = whole.splitn(3, ':').map(number);
    let (hour, minute, second) = (whole.next()??, whole.next()??, whole.next()??);
    let missing = 9_usize.checked_sub(fraction.len())?;
    let nanos = number(fraction)? * 10_i64.pow(u32::try_from(missing).ok()?);
    moment([year, month, day], [hour, minute, second], nanos)
}

/// The moment of that date and time of day, if there is one.
fn moment([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3], nanos: i64) -> Option<i64> {
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    // The first second that can be told begins before the first moment that can be.
    i64::try_from(i128::from(seconds) * 1_000_000_000 + i128::from(nanos)).ok()
}

/// Seconds since the Unix epoch, as nanoseconds; zero is how recordings write that they don't know.
pub(crate) fn from_seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(1_000_000_000).filter(|nanos| *nanos != 0)
}

/// Milliseconds since the Unix epoch, as nanoseconds.
pub(crate) fn from_millis(millis: i64) -> Option<i64> {
    millis.checked_mul(1_000_000)
}

fn number(digits: &str) -> Option<i64> {
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, by years that begin in March.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_utc;

    #[test]
    fn times_are_read_to_the_nanosecond() {
        assert_eq!(parse_utc("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_utc("2025-11-20T23:33:50.805Z"), Some(1_763_681_630_805_000_000));
        assert_eq!(parse_utc("2024-02-29T12:00:00.000000001Z"), Some(1_709_208_000_000_000_001));
        assert_eq!(parse_utc("2026-06-17T17:44:34.3372451+00:00"), Some(1_781_718_274_337_245_100));
        assert_eq!(parse_utc("1969-12-31T23:59:59.5Z"), Some(-500_000_000));
        assert_eq!(parse_utc("1677-09-21T00:12:43.145224192Z"), Some(i64::MIN));
        assert_eq!(parse_utc("1677-09-21T00:12:43.145224191Z"), None);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "Z",
            "2025-02-29T00:00:00Z",
            "2025-11-20T24:00:00Z",
            "2025-11-20 23:33:50Z",
            "2025-1-2T0:0:0.Z",
        ] {
            assert_eq!(parse_utc(text), None, "{text}");
        }
        assert_eq!(parse_utc("99999-01-01T00:00:00Z"), None);
    }
}
