//! Events whose line is longer than a line may be, though they came from one that was not: on a bus they got a longer
//! `seq`, and what writers may leave out is written out.

use newswire::Event;

/// The same event in fewer bytes: without its `seq`, the zeros of its time, and a severity that is its kind's own.
pub(super) fn shortened(event: &Event) -> String {
    let line = event.to_json();
    let whole = match line.split_once(',') {
        Some((seq, rest)) if seq.starts_with(r#"{"seq":"#) => format!("{{{rest}"),
        _ => line,
    };
    let severity = format!(r#","severity":"{}""#, event.severity().as_str());
    let brief = without_zeros(&whole).unwrap_or_else(|| whole.clone());
    let candidates = [brief.replacen(&severity, "", 1), brief, whole.replacen(&severity, "", 1)];
    candidates.into_iter().find(|short| says(short, &whole)).unwrap_or(whole)
}

/// Whether it is read as the event that is written so.
fn says(short: &str, whole: &str) -> bool {
    Event::from_json(short).is_ok_and(|event| event.to_json() == whole)
}

/// The line with the zeros at the end of its time left out.
fn without_zeros(line: &str) -> Option<String> {
    const BEFORE: &str = r#"","time":""#;
    let begin = line.find(BEFORE)? + BEFORE.len();
    let (before, rest) = line.split_at_checked(begin)?;
    let (time, after) = rest.split_once('Z')?;
    Some(format!("{before}{}Z{after}", time.trim_end_matches('0').trim_end_matches('.')))
}
