//! `python/newswire/payloads/`: a class for each payload, one module a family, loaded when first used.
//!
//! Plain classes with slots, since dataclasses take five times as long to import; a module a family, since
//! nobody needs them all.

use std::fmt::Write;

use newswire::catalogue::{FieldRow, Row, records};

use super::names::{Family, families, type_in};
use super::{Generated, MARK};

const FOLDER: &str = "python/newswire/payloads";

/// Where the records stand: a family's name never begins so.
const RECORDS: &str = "_records";

/// Words that can be fields but no attributes; such an attribute has an underscore behind it.
const KEYWORDS: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

const INIT_HEAD: &str = "
Each knows its kind: `ToolCallStarted.KIND`. A family's module is loaded when one of its classes is first
asked for, so that importing this package costs next to nothing.
\"\"\"

from __future__ import annotations

# Type checkers take it for true; `typing` itself would cost more to import than all of this.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from .._payload import Payload as Payload
    from .._payload import Record as Record
";

const INIT_TAIL: &str = "

def class_of(kind: str) -> type[Payload] | None:
    \"\"\"The class of a kind's payload; None for kinds that the catalogue doesn't have.\"\"\"
    name = _NAMES.get(kind)
    return None if name is None else _load(name)


def _load(name: str) -> type[Payload]:
    from importlib import import_module

    found: type[Payload] = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = found
    return found


if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _MODULES:
            return _load(name)
        raise AttributeError(f\"module {__name__!r} has no attribute {name!r}\")

    def __dir__():
        return sorted([*globals(), *_MODULES])
";

pub(super) fn files() -> Vec<Generated> {
    let families = families();
    let mut files: Vec<_> = families.iter().map(module).collect();
    files.push(records_module());
    files.push(init(&families));
    files
}

fn init(families: &[Family]) -> Generated {
    let mut out = format!("\"\"\"{MARK} from the catalogue: what events say, by kind.\n{INIT_HEAD}");
    let records: Vec<_> = records().iter().map(|record| record.name).collect();
    let modules = || {
        let rows = |family: &Family| family.rows.iter().map(|row| row.payload).collect::<Vec<_>>();
        [(RECORDS, records.clone())]
            .into_iter()
            .chain(families.iter().map(move |family| (family.name, rows(family))))
    };
    for (module, names) in modules() {
        for name in names {
            let _ = writeln!(out, "    from .{module} import {name} as {name}");
        }
    }
    out += "\n_MODULES = {\n    \"Payload\": \".._payload\",\n    \"Record\": \".._payload\",\n";
    for (module, names) in modules() {
        for name in names {
            let _ = writeln!(out, "    \"{name}\": \".{module}\",");
        }
    }
    out += "}\n\n_NAMES = {\n";
    for row in families.iter().flat_map(|family| &family.rows) {
        let _ = writeln!(out, "    \"{}\": \"{}\",", row.kind, row.payload);
    }
    out += "}\n";
    out += INIT_TAIL;
    Generated::new(format!("{FOLDER}/__init__.py"), out)
}

fn records_module() -> Generated {
    let mut out = head("the records that many payloads share", "Record");
    for record in records() {
        let _ = writeln!(out, "\n\nclass {}(Record):\n    \"\"\"{}", record.name, record.docs);
        body(&mut out, None, record.fields);
    }
    Generated::new(format!("{FOLDER}/{RECORDS}.py"), out)
}

fn module(family: &Family) -> Generated {
    let mut out = head(&format!("the payloads of `{}.*`", family.name), "Payload");
    let is_used =
        |name: &str| family.rows.iter().any(|row| row.fields.iter().any(|field| field.value == name));
    let used: Vec<_> = records().iter().map(|record| record.name).filter(|name| is_used(name)).collect();
    if !used.is_empty() {
        let _ = writeln!(out, "from .{RECORDS} import {}", used.join(", "));
    }
    for row in &family.rows {
        let _ = writeln!(out, "\n\nclass {}(Payload):\n    \"\"\"{}", row.payload, row.docs);
        let _ = writeln!(out, "\n    The payload of `{}`.", row.kind);
        body(&mut out, Some(row), row.fields);
    }
    Generated::new(format!("{FOLDER}/{}.py", family.name), out)
}

fn head(what: &str, base: &str) -> String {
    format!(
        "\"\"\"{MARK} from the catalogue: {what}.\"\"\"\n
from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

from .._payload import {base}
"
    )
}

/// The rest of a class whose docstring has been begun.
fn body(out: &mut String, row: Option<&Row>, fields: &[FieldRow]) {
    if !fields.is_empty() {
        out.push('\n');
    }
    for field in fields {
        assert_plain(field);
        let _ = writeln!(out, "    - `{}`: {}", attribute(field), field.docs);
    }
    out.push_str("    \"\"\"\n\n");
    let slots: Vec<_> = fields.iter().map(|field| format!("\"{}\"", attribute(field))).collect();
    let comma = if slots.len() == 1 { "," } else { "" };
    let _ = writeln!(out, "    __slots__ = ({}{comma})", slots.join(", "));
    if let Some(row) = row {
        let _ = writeln!(out, "    KIND = \"{}\"", row.kind);
    }
    let is_record = |field: &&FieldRow| records().iter().any(|record| record.name == field.value);
    let typed: Vec<_> = fields.iter().filter(is_record).collect();
    if !typed.is_empty() {
        let members: Vec<_> =
            typed.iter().map(|field| format!("\"{}\": {}", attribute(field), field.value)).collect();
        let _ = writeln!(out, "    _RECORDS = {{{}}}", members.join(", "));
    }
    if fields.is_empty() {
        return;
    }
    out.push_str("\n    def __init__(\n        self,\n");
    let value = |field: &FieldRow| type_in(field, "str", "int", "float", "bool", "Any");
    for field in fields.iter().filter(|field| !field.optional) {
        let _ = writeln!(out, "        {}: {},", attribute(field), value(field));
    }
    if fields.iter().any(|field| field.optional) {
        out.push_str("        *,\n");
    }
    for field in fields.iter().filter(|field| field.optional) {
        let none = if field.value == "json" { "" } else { " | None" };
        let _ = writeln!(out, "        {}: {}{none} = None,", attribute(field), value(field));
    }
    out.push_str("    ) -> None:\n");
    for field in fields {
        let _ = writeln!(out, "        self.{0} = {0}", attribute(field));
    }
}

/// Python's docstrings take its docs as they are.
pub(super) fn assert_plain(field: &FieldRow) {
    assert!(!field.docs.contains(['\\', '"']), "{}: its docs need escaping in Python", field.name);
}

/// The attribute of a field: its name, with an underscore behind it where that is a keyword.
pub(super) fn attribute(field: &FieldRow) -> String {
    let underscore = if KEYWORDS.contains(&field.name) { "_" } else { "" };
    format!("{}{underscore}", field.name)
}
