//! `python/newswire/_core_methods.py` and `_guards.py`: the emitter's typed methods for the core kinds, and a
//! guard for each lifecycle among them.
//!
//! What is an argument by position follows from the table: what must be there, else what names the operation,
//! and the first thing that was said. Ids and everything else go by name.

use std::fmt::Write;

use newswire::Phase;
use newswire::catalogue::{Class, FieldRow, Row, rows};

use super::names::{pascal, type_in};
use super::python::{assert_plain, attribute};
use super::{Generated, MARK};

/// What every progress payload has behind the lifecycle's identity.
const PROGRESS: [&str; 4] = ["message", "current", "total", "data"];

/// What the guard itself says.
const OWN: [&str; 3] = ["duration_ns", "error", "reason"];

pub(super) fn files() -> [Generated; 2] {
    [methods(), guards()]
}

fn methods() -> Generated {
    let core: Vec<_> = rows().iter().filter(|row| row.is_core()).collect();
    let opened: Vec<_> = core.iter().filter(|row| row.phase == Some(Phase::Started)).collect();
    let mut out = head("the emitter's methods for the core kinds", &["Any"]);
    out += "    from ._native import Published\n    from .payloads import Failure, Usage\n\n";
    let mut names: Vec<_> = opened.iter().map(|row| guard_name(row)).collect();
    names.sort();
    let _ =
        writeln!(out, "from . import _native\nfrom ._guards import (\n    {},\n)\n", names.join(",\n    "));
    out += "\nclass CoreMethods:\n    \"\"\"A method for each core operation, which begins it, and for each other core kind.\"\"\"\n
    __slots__ = ()

    if TYPE_CHECKING:

        def wants(self, kind: str) -> bool: ...

        def emit(self, kind: str, payload: Any = None, /) -> Published: ...
";
    for row in core {
        match row.phase {
            None => emitted(&mut out, row),
            Some(Phase::Started) => opener(&mut out, row),
            Some(_) => {}
        }
    }
    Generated::new("python/newswire/_core_methods.py", out)
}

fn guards() -> Generated {
    let mut out = head("a guard for each core operation", &["Any"]);
    out += "    from .payloads import Failure, Usage\n\nfrom ._guard import Guard\n";
    let opened = rows().iter().filter(|row| row.phase == Some(Phase::Started) && row.is_core());
    for row in opened {
        guard(&mut out, row);
    }
    Generated::new("python/newswire/_guards.py", out)
}

/// A method that emits one event.
fn emitted(out: &mut String, row: &Row) {
    let fields: Vec<_> = row.fields.iter().collect();
    signature(out, &row.kind.replace('.', "_"), &fields, "Published");
    let _ = writeln!(out, "        \"\"\"{}\n\n        Emits `{}`.", row.docs, row.kind);
    docs(out, &fields);
    out.push_str("        \"\"\"\n");
    let _ = writeln!(
        out,
        "        if not self.wants(\"{0}\"):\n            return _native.UNWANTED\n        fields = {1}\n        return self.emit(\"{0}\", {{name: value for name, value in fields.items() if value is not None}})",
        row.kind,
        dictionary(&fields)
    );
}

/// A method that begins an operation.
fn opener(out: &mut String, row: &Row) {
    let fields: Vec<_> = row.fields.iter().collect();
    signature(out, &row.about().replace('.', "_"), &fields, &guard_name(row));
    let _ = writeln!(
        out,
        "        \"\"\"{}\n\n        Emits `{}` when it begins; the guard emits the rest.",
        row.docs, row.kind
    );
    docs(out, &fields);
    out.push_str("        \"\"\"\n");
    let identity = identity(row);
    let (own, others): (Vec<_>, Vec<_>) = fields.iter().partition(|field| identity.contains(&field.name));
    let _ = writeln!(
        out,
        "        identity = {}\n        started = {}\n        return {}(self, identity, started)  # type: ignore[arg-type]  # an emitter",
        dictionary(&own),
        dictionary(&others),
        guard_name(row)
    );
}

fn guard(out: &mut String, row: &Row) {
    let about = row.about();
    let identity = identity(row);
    let own = |phase: &str| -> Vec<&'static FieldRow> {
        station(about, phase)
            .fields
            .iter()
            .filter(|field| !identity.contains(&field.name) && !OWN.contains(&field.name))
            .collect()
    };
    let completed = own("completed");
    let outcome = completed.first().filter(|field| !field.optional);
    let _ = writeln!(
        out,
        "\n\nclass {}(Guard):\n    \"\"\"What `emitter.{}` gives.\"\"\"\n\n    __slots__ = ()\n    _ABOUT = \"{about}\"",
        guard_name(row),
        about.replace('.', "_")
    );
    // What a decorated function returns is the outcome only where that may be anything.
    if let Some(outcome) = completed.first().filter(|field| field.value == "json") {
        let _ = writeln!(out, "    _OUTCOME = \"{}\"", outcome.name);
    }
    method(
        out,
        "complete",
        "Ends it without error.",
        "completed",
        None,
        &completed,
        completed.first().copied(),
    );
    method(out, "fail", "Ends it with an error.", "failed", Some("error"), &own("failed"), None);
    let canceled = own("canceled");
    if !canceled.is_empty() {
        method(
            out,
            "cancel",
            "Ends it because it was refused, skipped or stopped.",
            "canceled",
            Some("reason"),
            &canceled,
            None,
        );
    }
    if let Some(outcome) = outcome {
        let _ = writeln!(
            out,
            "\n    def _complete_plainly(self) -> None:\n        self.cancel(\"it ended without `{}`\")",
            outcome.name
        );
    }
}

/// A method of a guard that ends the operation.
fn method(
    out: &mut String,
    name: &str,
    says: &str,
    phase: &str,
    first: Option<&str>,
    fields: &[&'static FieldRow],
    outcome: Option<&'static FieldRow>,
) {
    let _ = writeln!(out, "\n    def {name}(\n        self,");
    match first {
        Some("error") => out.push_str("        error: str | BaseException | Failure,\n"),
        Some(reason) => {
            let _ = writeln!(out, "        {reason}: str | None = None,");
        }
        None => {}
    }
    parameters(out, outcome.as_slice(), fields);
    let _ = writeln!(out, "    ) -> None:\n        \"\"\"{says}");
    docs(out, fields);
    out.push_str("        \"\"\"\n");
    match first {
        Some("error") => {
            let _ = writeln!(
                out,
                "        fields: dict[str, Any] = {}\n        self._fail(error, fields)",
                dictionary(fields)
            );
        }
        Some(reason) => {
            let _ = writeln!(
                out,
                "        fields = {}\n        self._end(\"{phase}\", {{\"{reason}\": {reason}, **fields}})",
                dictionary(fields)
            );
        }
        None => {
            let _ = writeln!(
                out,
                "        fields: dict[str, Any] = {}\n        self._end(\"{phase}\", fields)",
                dictionary(fields)
            );
        }
    }
}

fn signature(out: &mut String, name: &str, fields: &[&'static FieldRow], result: &str) {
    let _ = writeln!(out, "\n    def {name}(\n        self,");
    parameters(out, &by_position(fields), fields);
    let _ = writeln!(out, "    ) -> {result}:");
}

/// What has to be there, else what names it; then the first thing that was said.
fn by_position(fields: &[&'static FieldRow]) -> Vec<&'static FieldRow> {
    let mut chosen: Vec<_> = fields.iter().copied().filter(|field| !field.optional).collect();
    if chosen.is_empty() {
        let names = ["name", "model", "provider"];
        chosen = fields.iter().copied().filter(|field| names.contains(&field.name)).collect();
    }
    let said = fields.iter().copied().find(|field| field.class == Class::Content);
    chosen.extend(said.filter(|said| chosen.iter().all(|field| field.name != said.name)));
    chosen
}

/// The parameters for these fields; those that aren't by position go by name.
fn parameters(out: &mut String, by_position: &[&'static FieldRow], fields: &[&'static FieldRow]) {
    for field in by_position {
        parameter(out, field);
    }
    let named: Vec<_> =
        fields.iter().filter(|field| by_position.iter().all(|one| one.name != field.name)).collect();
    if !named.is_empty() {
        out.push_str("        *,\n");
    }
    for field in named {
        parameter(out, field);
    }
}

fn parameter(out: &mut String, field: &FieldRow) {
    let value = type_in(field, "str", "int", "float", "bool", "Any");
    let default = match (field.optional, field.value) {
        (false, _) => "",
        (true, "json") => " = None",
        (true, _) => " | None = None",
    };
    let _ = writeln!(out, "        {}: {value}{default},", attribute(field));
}

fn docs(out: &mut String, fields: &[&'static FieldRow]) {
    if !fields.is_empty() {
        out.push('\n');
    }
    for field in fields {
        assert_plain(field);
        let _ = writeln!(out, "        - `{}`: {}", attribute(field), field.docs);
    }
}

/// The fields by their names on the wire, one a line where there are more than two.
fn dictionary(fields: &[&'static FieldRow]) -> String {
    let member = |field: &&'static FieldRow| format!("\"{}\": {}", field.name, attribute(field));
    let members: Vec<_> = fields.iter().map(member).collect();
    match members.len() {
        0..=2 => format!("{{{}}}", members.join(", ")),
        _ => format!("{{\n            {},\n        }}", members.join(",\n            ")),
    }
}

/// The fields that all events of the row's lifecycle share.
fn identity(row: &Row) -> Vec<&'static str> {
    station(row.about(), "progress")
        .fields
        .iter()
        .map(|field| field.name)
        .filter(|name| !PROGRESS.contains(name))
        .collect()
}

fn station(about: &str, phase: &str) -> &'static Row {
    let kind = format!("{about}.{phase}");
    rows().iter().find(|row| row.kind == kind).unwrap_or_else(|| panic!("there is no {kind}"))
}

fn guard_name(row: &Row) -> String {
    format!("{}Guard", pascal(&row.about().replace('.', "_")))
}

fn head(what: &str, typing: &[&str]) -> String {
    format!(
        "\"\"\"{MARK} from the catalogue: {what}.\"\"\"\n
from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import {}

",
        typing.join(", ")
    )
}
