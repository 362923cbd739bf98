//! Numbers of other systems in their units, and ours.

use serde_json::{Number, Value};

use super::document::Object;
use crate::catalogue::{System, Unit};

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// The value as ours, if its unit allows it.
pub(super) fn to_ours(unit: Unit, theirs: &Value) -> Option<Value> {
    match unit {
        Unit::Same => Some(theirs.clone()),
        Unit::Millis => nanos(theirs, MILLISECOND),
        Unit::Seconds => nanos(theirs, SECOND),
        Unit::TimeSpan => read_span(theirs.as_str()?).map(Value::from),
    }
}

/// The value as theirs, for their field of that name.
pub(super) fn to_theirs(system: System, theirs: &str, unit: Unit, ours: &Value) -> Option<Value> {
    match unit {
        Unit::Same => Some(ours.clone()),
        Unit::Millis if is_whole(system, theirs) => Some(Value::from(ours.as_u64()? / MILLISECOND)),
        Unit::Millis => float_or_whole(ours.as_u64()?, MILLISECOND),
        // Seconds are floats wherever they are counted.
        Unit::Seconds => float(ours.as_u64()?, SECOND),
        Unit::TimeSpan => Some(write_span(ours.as_u64()?).into()),
    }
}

fn nanos(theirs: &Value, each: u64) -> Option<Value> {
    if let Some(whole) = theirs.as_u64() {
        return whole.checked_mul(each).map(Value::from);
    }
    let nanos = (theirs.as_f64()? * each as f64).round();
    // Beyond 2^53 not every number has a float, and no duration there is measured so closely.
    (0.0..=9_007_199_254_740_992.0).contains(&nanos).then(|| Value::from(nanos as u64))
}

/// Whether milliseconds are an integer there: always in Go, and in one field of agent-runtime.
fn is_whole(system: System, theirs: &str) -> bool {
    matches!(system, System::PromptKit | System::PicoClaw) || theirs == "execution_time_ms"
}

fn float_or_whole(nanos: u64, each: u64) -> Option<Value> {
    if nanos.is_multiple_of(each) { Some(Value::from(nanos / each)) } else { float(nanos, each) }
}

fn float(nanos: u64, each: u64) -> Option<Value> {
    Number::from_f64(nanos as f64 / each as f64).map(Value::Number)
}

/// Reads a duration of .NET, `[d.]hh:mm:ss[.fffffff]`; ours are never negative.
fn read_span(text: &str) -> Option<u64> {
    let (clock, fraction) = match text.rsplit_once(':')? {
        (_, seconds) if seconds.contains('.') => text.rsplit_once('.')?,
        _ => (text, "0"),
    };
    let (days, clock) = clock.split_once('.').unwrap_or(("0", clock));
    let mut parts = clock.split(':').map(|part| (part.len() == 2).then(|| digits(part)).flatten());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let within = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none() && fraction.len() <= 7;
    let ticks = digits(fraction)? * 10u64.pow(7u32.checked_sub(fraction.len() as u32)?);
    let seconds = digits(days)?.checked_mul(86_400)?.checked_add(hours * 3600 + minutes * 60 + seconds)?;
    within.then_some(seconds)?.checked_mul(SECOND)?.checked_add(ticks * 100)
}

fn digits(text: &str) -> Option<u64> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

/// Writes a duration as .NET does, to 100 ns.
fn write_span(nanos: u64) -> String {
    let (seconds, ticks) = (nanos / SECOND, nanos % SECOND / 100);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let days = if days == 0 { String::new() } else { format!("{days}.") };
    let fraction = if ticks == 0 { String::new() } else { format!(".{ticks:07}") };
    format!("{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

/// The integer that a float is, where it is one and no digit is lost.
pub(super) fn whole(value: &Value) -> Option<Value> {
    let float = value.as_f64().filter(|_| value.is_f64())?;
    // Above 2^53 a float may stand for several integers.
    let exact = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
    exact.then(|| Value::from(float as u64))
}

/// What stands at a dotted path.
pub(super) fn at<'v>(object: &'v Object, path: &str) -> Option<&'v Value> {
    match path.split_once('.') {
        None => object.get(path),
        Some((name, rest)) => object.get(name).and_then(Value::as_object).and_then(|inner| at(inner, rest)),
    }
}

/// Sets what stands at a dotted path, making objects on the way; nothing where something else is in the way.
pub(super) fn set(object: &mut Object, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(object.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let inner = object.entry(name).or_insert_with(|| Object::new().into());
            if let Value::Object(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duration_of_dotnet_is_read_and_written() {
        for (text, nanos) in [
            ("00:00:00", 0),
            ("00:00:01.2340000", 1_234_000_000),
            ("1.02:03:04.0000001", 93_784_000_000_100),
            ("213503.23:34:33.7095500", 18_446_744_073_709_550_000),
        ] {
            assert_eq!(read_span(text), Some(nanos), "{text}");
            assert_eq!(write_span(nanos), text);
        }
        for text in [
            "",
            "1",
            "00:00",
            "24:00:00",
            "0:00:00",
            "-00:00:01",
            "00:00:00.12345678",
            "00:00:00.",
            "9999999999.00:00:00",
        ] {
            assert_eq!(read_span(text), None, "{text}");
        }
    }

    #[test]
    fn milliseconds_stay_whole_where_they_are_an_integer() {
        let nanos = json!(1_500_000);
        let theirs = |system, name, nanos: &Value| to_theirs(system, name, Unit::Millis, nanos);
        assert_eq!(theirs(System::PicoClaw, "duration_ms", &nanos), Some(json!(1)));
        assert_eq!(theirs(System::AgentRuntime, "execution_time_ms", &nanos), Some(json!(1)));
        assert_eq!(theirs(System::AgentRuntime, "duration_ms", &nanos), Some(json!(1.5)));
        assert_eq!(theirs(System::AgentRuntime, "duration_ms", &json!(2_000_000)), Some(json!(2)));
        assert_eq!(to_ours(Unit::Millis, &json!(-1)), None);
        assert_eq!(to_ours(Unit::Seconds, &json!(0.25)), Some(json!(250_000_000)));
        assert_eq!(to_ours(Unit::Seconds, &json!(u64::MAX)), None);
    }
}
