//! How events of one stream become one: what the catalogue's merge rule does to their payloads.
//!
//! Texts are joined as they stand in their JSON, escapes and all, so nothing is decoded and a long stream
//! costs its length, not its square. Only the payload is merged; of the envelope's fields those that differ
//! from chunk to chunk (id, causation, attributes) are the last one's, the time is the first one's.

use crate::catalogue::{self, Class, Merge, Row};
use crate::event::{Body, Event, Merged, Scan, measure, write_string};

/// A member of a payload: its name, and its value as JSON.
type Member = (Box<str>, String);

/// Events that are becoming one; of a single one at first.
pub(crate) struct OpenMerge {
    rule: Merge,
    /// The members that tell streams apart.
    stream: Vec<Member>,
    members: Vec<Member>,
    last: Event,
    first_seq: u64,
    first_time_ns: i64,
    count: u64,
    bytes: usize,
}

impl OpenMerge {
    /// Whether the event's kind has chunks that are merged.
    pub(crate) fn could_begin(event: &Event) -> bool {
        catalogue::row_of(event.kind()).is_some_and(|row| row.merge != Merge::Never)
    }

    /// Begins with one event; gives it back where its kind, or what it carries, can't be merged.
    pub(crate) fn begin(event: Event) -> Result<Self, Event> {
        let row = catalogue::row_of(event.kind()).filter(|row| row.merge != Merge::Never);
        let parts = row.filter(|_| event.merged().is_none()).and_then(|row| {
            let members = members(event.payload_json()?)?;
            Some((row.merge, stream_of(row, &event, &members)?, members))
        });
        let Some((rule, stream, members)) = parts else { return Err(event) };
        Ok(Self {
            rule,
            stream,
            members,
            first_seq: event.seq(),
            first_time_ns: event.time_ns(),
            count: 1,
            bytes: event.size(),
            last: event,
        })
    }

    pub(crate) fn first_seq(&self) -> u64 {
        self.first_seq
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.last.seq()
    }

    /// How many events it is made of.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// An upper bound of its size as JSON, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes in a later chunk; gives it back where it is of another stream.
    pub(crate) fn join(&mut self, chunk: Self) -> Option<Self> {
        let joined = (self.stream == chunk.stream && is_alike(&self.last, &chunk.last))
            .then(|| joined(self.rule, &mut self.members, &chunk.members))
            .flatten();
        if joined.is_none() {
            return Some(chunk);
        }
        self.last = chunk.last;
        self.count += chunk.count;
        self.bytes += chunk.bytes;
        None
    }

    /// The merged event; the very one where it stayed alone.
    pub(crate) fn finish(self) -> Event {
        if self.count == 1 {
            return self.last;
        }
        let mut event = self.last;
        let data = event.data_mut();
        data.time_ns = self.first_time_ns;
        if self.rule != Merge::LastWins {
            data.body = Body::json(object(&self.members));
        }
        data.rare.get_or_insert_default().merged =
            Some(Merged { first_seq: self.first_seq, count: self.count });
        // Every chunk's own envelope is in the sum, so the bound holds where measuring could not.
        data.size = measure(data).unwrap_or(u32::try_from(self.bytes).unwrap_or(u32::MAX));
        event
    }
}

/// The members that two events of one stream have in common; `None` where the event is of no stream.
fn stream_of(row: &Row, event: &Event, members: &[Member]) -> Option<Vec<Member>> {
    let value = |name: &str| members.iter().find(|(present, _)| **present == *name).map(|(_, value)| value);
    let is_among = |names: &[&str], (name, _): &&Member| names.contains(&&**name);
    match row.merge {
        Merge::Never => None,
        Merge::LastWins => {
            event.correlation().span?;
            let is_id =
                |name: &str| row.fields.iter().any(|field| field.name == name && field.class == Class::Id);
            Some(members.iter().filter(|(name, _)| is_id(name)).cloned().collect())
        }
        Merge::Concatenate { field, stream } => {
            value(field).filter(|value| value.starts_with('"'))?;
            value(stream).filter(|value| value.starts_with('"'))?;
            Some(members.iter().filter(|member| is_among(&[stream], member)).cloned().collect())
        }
        Merge::Add(fields) => {
            Some(members.iter().filter(|member| !is_among(fields, member)).cloned().collect())
        }
    }
}

/// Whether two events say the same about everything that a merge doesn't cover.
fn is_alike(one: &Event, other: &Event) -> bool {
    let ids = |event: &Event| {
        let mut ids = event.correlation().clone();
        ids.causation = None;
        ids
    };
    one.kind() == other.kind()
        && one.scope() == other.scope()
        && one.source() == other.source()
        && one.component() == other.component()
        && one.severity() == other.severity()
        && one.internal() == other.internal()
        && one.message() == other.message()
        && one.tags().eq(other.tags())
        && ids(one) == ids(other)
}

/// Merges `later` into `members`; `None`, and nothing is changed, where that can't be done.
fn joined(rule: Merge, members: &mut Vec<Member>, later: &[Member]) -> Option<()> {
    let mut result = Vec::new();
    for (name, value) in later {
        let before = members.iter().find(|(present, _)| present == name).map(|(_, value)| value);
        match (rule, before) {
            // Joined in place below: a copy for each chunk would make a long stream dear.
            (Merge::Concatenate { field, .. }, Some(_)) if **name == *field => {}
            (Merge::Add(fields), Some(before)) if fields.contains(&&**name) => {
                result.push((name, sum(before, value)?));
            }
            _ => result.push((name, value.clone())),
        }
    }
    if let Merge::Concatenate { field, .. } = rule {
        let piece =
            later.iter().find(|(name, _)| **name == *field).and_then(|(_, text)| text.strip_prefix('"'));
        let whole = members.iter_mut().find(|(name, _)| **name == *field);
        let ((_, whole), piece) = (whole?, piece?);
        whole.pop();
        whole.push_str(piece);
    }
    for (name, value) in result {
        match members.iter_mut().find(|(present, _)| present == name) {
            Some((_, present)) => *present = value,
            None => members.push((name.clone(), value)),
        }
    }
    Some(())
}

/// The sum of two numbers: exact for whole ones.
fn sum(one: &str, other: &str) -> Option<String> {
    if let (Ok(one), Ok(other)) = (one.parse::<i128>(), other.parse::<i128>()) {
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        return one.checked_add(other).filter(|sum| range.contains(sum)).map(|sum| sum.to_string());
    }
    let sum = one.parse::<f64>().ok()? + other.parse::<f64>().ok()?;
    sum.is_finite().then(|| serde_json::to_string(&sum).ok()).flatten()
}

/// The members of an object, each name once; of the same name the last one counts.
fn members(json: &str) -> Option<Vec<Member>> {
    let mut scan = Scan::new(json);
    let mut members: Vec<Member> = Vec::new();
    if !scan.take(b'{') {
        return None;
    }
    while let Some(name) = scan.member().ok()? {
        let value = scan.value().ok()?;
        match members.iter_mut().find(|(present, _)| **present == *name) {
            Some((_, present)) => value.text.clone_into(present),
            None => members.push((name.into(), value.text.to_owned())),
        }
    }
    Some(members)
}

fn object(members: &[Member]) -> Box<str> {
    let mut json = vec![b'{'];
    for (name, value) in members {
        if json.len() > 1 {
            json.push(b',');
        }
        write_string(&mut json, name);
        json.push(b':');
        json.extend_from_slice(value.as_bytes());
    }
    json.push(b'}');
    String::from_utf8(json).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(rule: Merge, one: &str, other: &str) -> Option<String> {
        let mut whole = members(one)?;
        joined(rule, &mut whole, &members(other)?)?;
        Some(object(&whole).into())
    }

    #[test]
    fn whole_numbers_are_added_exactly_and_others_as_floats() {
        let rule = Merge::Add(&["n", "x"]);
        let one = r#"{"n":9007199254740993,"x":0.5,"unit":"t"}"#;
        let other = r#"{"n":2,"x":0.25,"unit":"t"}"#;
        assert_eq!(merged(rule, one, other).unwrap(), r#"{"n":9007199254740995,"x":0.75,"unit":"t"}"#);
    }

    #[test]
    fn what_can_not_be_added_is_not_merged() {
        let rule = Merge::Add(&["n"]);
        assert_eq!(merged(rule, r#"{"n":18446744073709551615}"#, r#"{"n":1}"#), None);
        assert_eq!(merged(rule, r#"{"n":1e308}"#, r#"{"n":1e308}"#), None);
        assert_eq!(merged(rule, r#"{"n":"1"}"#, r#"{"n":1}"#), None);
    }

    #[test]
    fn texts_are_joined_with_their_escapes() {
        let rule = Merge::Concatenate { field: "text", stream: "id" };
        let one = r#"{"id":"a","text":"say \"hi\"\n"}"#;
        let other = r#"{"text":"\ud83d\ude00","id":"a","role":"tool"}"#;
        let whole = merged(rule, one, other).unwrap();
        assert_eq!(whole, r#"{"id":"a","text":"say \"hi\"\n\ud83d\ude00","role":"tool"}"#);
    }
}
