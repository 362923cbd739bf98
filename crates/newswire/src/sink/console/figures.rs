//! Quantities for people: durations, counts, bytes, money, the time of day.

use crate::event::write_time;

/// `0 s`, `480 ns`, `12 µs`, `3.4 ms`, `1.2 s`, `2m 05s`, `1h 02m`.
pub fn duration(nanos: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let value = nanos as f64 / unit as f64;
        if value < 9.95 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
    };
    let seconds = nanos / 1_000_000_000;
    match nanos {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => scaled(1_000, "µs"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => scaled(1_000_000_000, "s"),
        60_000_000_000..3_600_000_000_000 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `999`, `1.2k`, `35k`, `1.5M`.
pub fn count(number: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let value = number as f64 / unit as f64;
        if value < 9.95 { format!("{value:.1}{name}") } else { format!("{value:.0}{name}") }
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => scaled(1_000, "k"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "M"),
        _ => scaled(1_000_000_000, "G"),
    }
}

/// `512 B`, `1.2 KiB`, `35 MiB`.
pub fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 9.95 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
}

/// `$0`, `$0.0042`, `$1.25`.
pub fn money(usd: f64) -> String {
    match usd {
        _ if usd == 0.0 => "$0".to_owned(),
        _ if usd.abs() < 0.995 => format!("${usd:.4}"),
        _ => format!("${usd:.2}"),
    }
}

/// Two amounts together. What is no amount (an infinity, or no number) counts as nothing, and a sum that is too large
/// is the largest that there is: so one wrong figure spoils no total.
///
/// ```
/// use newswire::figures::sum;
///
/// assert_eq!(sum(0.5, 0.25), 0.75);
/// assert_eq!((sum(0.5, f64::NAN), sum(1e308, 1e308)), (0.5, f64::MAX));
/// ```
pub fn sum(one: f64, other: f64) -> f64 {
    let amount = |figure: f64| if figure.is_finite() { figure } else { 0.0 };
    (amount(one) + amount(other)).clamp(f64::MIN, f64::MAX)
}

/// Date and time in UTC, to the second: `2026-11-21 01:02:03`.
pub fn date_and_time(time_ns: i64) -> String {
    let written = write_time(time_ns);
    let text = String::from_utf8_lossy(written.get(..19).unwrap_or_default());
    text.replace('T', " ")
}

/// The time of day in UTC, to the millisecond.
pub fn time_of_day(time_ns: i64) -> String {
    let millis = time_ns.div_euclid(1_000_000).rem_euclid(86_400_000);
    let (seconds, millis) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_the_unit_that_reads_best() {
        let durations =
            [0, 480, 12_300, 3_449_000, 1_250_000_000, 59_960_000_000, 125_000_000_000, 3_720_000_000_000];
        assert_eq!(
            durations.map(duration),
            ["0 s", "480 ns", "12 µs", "3.4 ms", "1.2 s", "60 s", "2m 05s", "1h 02m"].map(str::to_owned)
        );
        assert_eq!(
            [999, 1_234, 35_000, 1_500_000].map(count),
            ["999", "1.2k", "35k", "1.5M"].map(str::to_owned)
        );
        assert_eq!([512, 1_234, 36 << 20].map(bytes), ["512 B", "1.2 KiB", "36 MiB"].map(str::to_owned));
        assert_eq!([0.0, 0.0042, 1.25].map(money), ["$0", "$0.0042", "$1.25"].map(str::to_owned));
    }

    #[test]
    fn a_date_stands_with_its_time() {
        assert_eq!(date_and_time(1_763_681_630_805_999_999), "2025-11-20 23:33:50");
        assert_eq!(date_and_time(i64::MIN), "1677-09-21 00:12:43");
    }

    #[test]
    fn the_time_of_day_holds_before_1970_too() {
        assert_eq!(time_of_day(1_763_681_630_805_999_999), "23:33:50.805");
        assert_eq!(time_of_day(-1), "23:59:59.999");
        assert_eq!(time_of_day(i64::MIN).len(), 12);
    }
}
