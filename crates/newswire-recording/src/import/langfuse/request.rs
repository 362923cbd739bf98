//! The tool calls that an answer asks for, in whatever shape its framework writes them.

use newswire::json::Raw;

use crate::source::Fields;

/// How deep an answer is looked into.
const MAX_DEPTH: usize = 32;

/// A call that is asked for.
pub(super) struct Request<'a> {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Option<Raw<'a>>,
}

/// The requests in `output`, in their order. They are what OpenAI's `tool_calls` are
/// (`{"id", "function": {"name", "arguments"}}`), what has a type that says so (`tool_call`, `function_call`,
/// `tool_use`), and Gemini's `function_call`.
pub(super) fn requests<'a>(fields: &Fields<'a>, output: Raw<'a>) -> Vec<Request<'a>> {
    let mut found = Vec::new();
    // Most answers have none, and needn't be taken apart.
    if ["\"arguments\"", "\"function_call\"", "\"tool_use\""].iter().any(|sign| output.get().contains(sign)) {
        search(fields, output, MAX_DEPTH, &mut found);
    }
    found
}

fn search<'a>(fields: &Fields<'a>, raw: Raw<'a>, depth: usize, found: &mut Vec<Request<'a>>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Ok(items) = fields.array(raw) {
        items.into_iter().for_each(|item| search(fields, item, depth, found));
    } else if raw.get().starts_with('{')
        && let Ok(object) = fields.object(raw)
    {
        match request(&object) {
            Some(request) => found.push(request),
            None => object.rest().for_each(|(_, inner)| search(fields, inner, depth, found)),
        }
    }
}

/// The request that an object is.
fn request<'a>(object: &Fields<'a>) -> Option<Request<'a>> {
    let id = ["call_id", "id"].iter().find_map(|name| word(object.peek(name)?));
    let inner = |name| object.peek(name).and_then(|raw| object.object(raw).ok());
    if let Some(function) = inner("function") {
        let arguments = function.peek("arguments")?;
        return Some(Request { id, name: word(function.peek("name")?)?, arguments: Some(arguments) });
    }
    if let Some(call) = inner("function_call") {
        let arguments = call.peek("args").or_else(|| call.peek("arguments"));
        return Some(Request { id, name: word(call.peek("name")?)?, arguments });
    }
    let sort = word(object.peek("type")?)?;
    if !["tool_call", "function_call", "tool_use"].contains(&sort.as_str()) {
        return None;
    }
    let arguments = object.peek("arguments").or_else(|| object.peek("input"));
    Some(Request { id, name: word(object.peek("name")?)?, arguments })
}

/// A text, or the last of a list of texts.
pub(super) fn word(raw: Raw<'_>) -> Option<String> {
    if raw.get().starts_with('[') {
        return serde_json::from_str::<Vec<String>>(raw.get()).ok()?.pop();
    }
    serde_json::from_str(raw.get()).ok()
}
