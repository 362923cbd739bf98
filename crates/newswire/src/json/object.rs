//! A JSON object that is put together from texts, numbers and pieces of other JSON.

use std::cell::Cell;

use super::raw::Raw;
use crate::event::{MAX_DEPTH, decimal, plain_prefix, write_string};

thread_local! {
    /// Memory that objects are written in, one after another: what is kept of each is a copy of the right size.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// How much memory is kept for the next object.
const MAX_SPARE_BYTES: usize = 1 << 18;

/// The members of an object that is being written, which becomes an event's payload. Their names are to have nothing
/// that JSON escapes.
///
/// ```
/// use newswire::json::{Index, Object};
/// use newswire::{Event, Kind};
///
/// let mut index = Index::default();
/// let record = index.read(r#"{"took":1.50}"#)?;
/// let mut payload = Object::default();
/// payload.text("name", "a \"tool\"").object("inner", |inner| {
///     inner.number("count", 7).raw("record", record);
/// });
/// let event = Event::builder(Kind::parse("deploy.finished")?).object(payload).build()?;
/// let json = r#"{"name":"a \"tool\"","inner":{"count":7,"record":{"took":1.50}}}"#;
/// assert_eq!(event.payload_json(), Some(json));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct Object {
    /// All that is written, the brace first.
    json: String,
    /// How many objects are open, this one included.
    open: usize,
    /// How deep it may be nested.
    depth: usize,
}

impl Default for Object {
    /// An object without members.
    fn default() -> Self {
        let mut json = SPARE.take();
        json.push('{');
        Self { json, open: 1, depth: 1 }
    }
}

impl Object {
    /// Adds a text.
    pub fn text(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.name(name);
        self.string(text);
        self
    }

    /// Adds a whole number.
    pub fn number(&mut self, name: &'static str, number: u64) -> &mut Self {
        self.name(name);
        let mut room = [0; 20];
        let digits = decimal(number, &mut room);
        self.json.push_str(std::str::from_utf8(digits).unwrap_or_default());
        self
    }

    /// Adds `true` or `false`.
    pub fn truth(&mut self, name: &'static str, truth: bool) -> &mut Self {
        self.name(name);
        self.json.push_str(if truth { "true" } else { "false" });
        self
    }

    /// Adds a piece of JSON as it stands, but for line breaks between its tokens.
    pub fn raw(&mut self, name: &'static str, raw: Raw<'_>) -> &mut Self {
        self.depth = self.depth.max(self.open + raw.depth_bound());
        self.name(name);
        self.json.push_str(&raw.on_one_line());
        self
    }

    /// Adds an object, of what `fill` adds to it.
    pub fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.name(name);
        self.json.push('{');
        self.open += 1;
        self.depth = self.depth.max(self.open);
        fill(self);
        self.open -= 1;
        self.json.push('}');
        self
    }

    /// Begins a member; its name has nothing to escape.
    fn name(&mut self, name: &'static str) {
        debug_assert_eq!(plain_prefix(name.as_bytes()), name.len(), "a name without escapes");
        self.json.push_str(if self.json.as_bytes().last() == Some(&b'{') { "\"" } else { ",\"" });
        self.json.push_str(name);
        self.json.push_str("\":");
    }

    fn string(&mut self, text: &str) {
        if plain_prefix(text.as_bytes()) == text.len() {
            self.json.push('"');
            self.json.push_str(text);
            self.json.push('"');
        } else {
            let mut escaped = Vec::new();
            write_string(&mut escaped, text);
            self.json.push_str(&String::from_utf8_lossy(&escaped));
        }
    }

    /// The whole object, and whether it is sure to be nested no deeper than an event's payload may be.
    pub(crate) fn finish(mut self) -> (Box<str>, bool) {
        self.json.push('}');
        let json = Box::from(&*self.json);
        if self.json.capacity() <= MAX_SPARE_BYTES {
            self.json.clear();
            SPARE.set(self.json);
        }
        (json, self.depth <= MAX_DEPTH)
    }
}
