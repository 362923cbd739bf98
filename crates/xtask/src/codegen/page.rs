//! `docs/catalogue.md`: every kind for people, and what other systems' names mean here.

use std::fmt::Write;

use newswire::catalogue::{
    Alias, Elsewhere, FieldMap, FieldRow, Merge, Ours, Row, System, Unit, When, records, rows,
};

use super::names::families;
use super::{Generated, MARK};

const HEAD: &str = "
A kind is a dotted name; its payload has the fields below it, those marked *optional* absent where there is nothing
to say. Unknown fields are kept. The **class** of a field is what capture and redaction go by: *content* is what
people, models or tools said, *id* joins it to something else, *measure* is a quantity with its unit in the name,
*meta* is everything else. **Attribute** is that of OpenTelemetry's GenAI conventions. An integer is at most
2^53 - 1, except those in nanoseconds, which may need 64 bits.

`newswire kinds` lists the kinds on the command line, `newswire schema KIND` prints the JSON Schema of one; the same
files are in `schema/`.
";

pub(super) fn file() -> Generated {
    let mut out = format!("<!-- {MARK} from the catalogue. -->\n\n# The catalogue\n{HEAD}");
    let families = families();
    let links: Vec<_> =
        families.iter().map(|family| format!("[{0}](#{0}) ({1})", family.name, family.rows.len())).collect();
    let _ = writeln!(out, "\n{} kinds: {}.\n", rows().len(), links.join(", "));
    for family in &families {
        let _ = writeln!(out, "## {}\n", family.name);
        for row in &family.rows {
            kind(&mut out, row);
        }
    }
    out += "## Records\n\nTypes that fields of many payloads have.\n\n";
    for record in records() {
        let _ = writeln!(out, "### {}\n\n{}\n", record.name, record.docs);
        fields(&mut out, record.fields);
    }
    elsewhere(&mut out);
    Generated::new("docs/catalogue.md", out.trim_end().to_owned() + "\n")
}

fn kind(out: &mut String, row: &Row) {
    let _ = writeln!(out, "### {}\n\n{}\n", row.kind, row.docs);
    let component = match row.component {
        Some(scope) => format!("lifecycle of {} `{scope}`, ", article(scope.as_str())),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "Payload `{}`, {component}severity {}, {}. OpenTelemetry: {}. AG-UI: {}.\n",
        row.payload,
        row.severity,
        merge(row.merge),
        named(row.otel),
        named(row.agui)
    );
    fields(out, row.fields);
}

/// The article of a word that is spoken as it is spelled.
fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn merge(merge: Merge) -> String {
    match merge {
        Merge::Never => "never merged".to_owned(),
        Merge::LastWins => "merged to the last of a span".to_owned(),
        Merge::Concatenate { field, stream } => {
            format!("merged by joining `{field}` for each `{stream}`")
        }
        Merge::Add(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
            format!("merged by adding up {}", fields.join(", "))
        }
    }
}

fn named(elsewhere: Elsewhere) -> String {
    match elsewhere {
        Elsewhere::As(name) => format!("`{name}`"),
        Elsewhere::Absent(reason) => format!("none ({reason})"),
    }
}

fn fields(out: &mut String, fields: &[FieldRow]) {
    if fields.is_empty() {
        out.push_str("It has no fields.\n\n");
        return;
    }
    out.push_str("| field | type | class | attribute | what it is |\n|---|---|---|---|---|\n");
    for field in fields {
        let optional = if field.optional { ", optional" } else { "" };
        let attribute = field.otel.map(|attribute| format!("`{attribute}`")).unwrap_or_default();
        let _ = writeln!(
            out,
            "| `{}` | {}{optional} | {} | {attribute} | {} |",
            field.name,
            field.value,
            field.class.as_str(),
            cell(field.docs)
        );
    }
    out.push('\n');
}

/// What other systems' names mean here.
fn elsewhere(out: &mut String) {
    *out += "## Names of other systems\n\n\
        Each works in filters, in redaction rules, in `Event::named`, at an import and on the command line: with its\n\
        system before it (`picoclaw/agent.turn.start`), and plainly where it has one meaning and is no kind of ours.\n\
        Where one name has several rows, the condition on its own payload chooses; a filter takes them all. Fields\n\
        without a row are kept as attributes.\n\n";
    super::coverage::table(out);
    for system in System::ALL {
        let _ = writeln!(out, "### {}\n", system.as_str());
        *out += "| name | condition | kind here | fields there and here |\n|---|---|---|---|\n";
        for alias in system.names() {
            let _ = writeln!(out, "{}", meaning(alias));
        }
        for (what, maps) in
            [("envelope", field_maps(system.envelope())), ("own kinds", field_maps(system.custom()))]
        {
            if !maps.is_empty() {
                let _ = writeln!(out, "| *{what}* | | | {maps} |");
            }
        }
        out.push('\n');
    }
}

fn meaning(alias: &Alias) -> String {
    let condition = match alias.when {
        When::Always => String::new(),
        when => format!("`{when}`"),
    };
    let given: String = alias.given.iter().map(|(field, is)| format!(" with `{field}={is}`")).collect();
    format!(
        "| `{}` | {} | [`{kind}`](#{}){given} | {} |",
        cell(alias.name),
        cell(&condition),
        anchor(&alias.kind),
        cell(&field_maps(alias.fields())),
        kind = alias.kind
    )
}

fn field_maps(maps: impl Iterator<Item = FieldMap>) -> String {
    maps.map(field_map).collect::<Vec<_>>().join(", ")
}

fn field_map(map: FieldMap) -> String {
    let unit = match map.unit {
        Unit::Same => String::new(),
        unit => format!(" ({unit})"),
    };
    let reason = match map.ours {
        Ours::Attr(_, reason) if !reason.is_empty() => format!(" ({reason})"),
        _ => String::new(),
    };
    let ours = map.ours.to_string();
    match map.theirs == ours && unit.is_empty() {
        true => format!("`{ours}`"),
        false => format!("`{}`{unit} → `{ours}`{reason}", map.theirs),
    }
}

/// The anchor that a heading of that kind gets: dots are left out.
fn anchor(kind: &newswire::Kind) -> String {
    kind.as_str().replace('.', "")
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
