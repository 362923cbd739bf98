//! `newswire kinds` and `newswire schema`: the catalogue on the command line, under any of its names.

use std::fmt;

use newswire::catalogue::{Alias, Elsewhere, Row, When, aliases, kinds_meant, rows, schema};
use newswire::{Error, Event, Filter, Kind, Result};
use serde::Serialize;

use crate::exit::OK;
use crate::output::Io;

/// Lists the kinds of the catalogue, with what other systems call them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire kinds 'tool.*'
  newswire kinds picoclaw/agent.tool.exec_end
  newswire kinds --json | jq -r .payload")]
pub(crate) struct Kinds {
    /// A kind, a pattern such as tool.*, or a name of another system: system/name
    pattern: Option<String>,
}

/// Prints the JSON Schema of a kind's payload; without a kind, that of the event around it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire schema tool.call.started
  newswire schema picoclaw/agent.tool.exec_end | jq .title

A name that can mean several kinds gives all their schemas, one after another, and a line each where
programs read them. A plain name stands for all that it means, here and in any system.")]
pub(crate) struct Schema {
    /// A kind, a pattern such as tool.*, or a name of another system: system/name
    kind: Option<String>,
}

/// Lists the kinds that a pattern means, with what other systems call them.
pub(crate) fn kinds(args: &Kinds, io: &mut Io) -> Result<u8> {
    let found = match args.pattern.as_deref().map_or_else(|| Ok(rows().iter().collect()), meant) {
        Ok(found) => found,
        Err(error) => return Ok(io.refuse(&error)),
    };
    let width = found.iter().map(|row| row.kind.len()).max().unwrap_or_default();
    let lines = found.into_iter().map(|row| match io.json {
        true => serde_json::to_string(&Line::of(row)).unwrap_or_default(),
        false => {
            let names: Vec<_> = names(row).map(|alias| Name(alias).to_string()).collect();
            format!("{:width$}  {}", row.kind, names.join(", ")).trim_end().to_owned()
        }
    });
    let text: String = lines.map(|line| line + "\n").collect();
    io.print(&text)?;
    Ok(OK)
}

/// Prints the schema of every kind that a name can mean; without one, that of the envelope.
pub(crate) fn schema(args: &Schema, io: &mut Io) -> Result<u8> {
    let schemas: Vec<String> = match args.kind.as_deref().map(meant) {
        Some(Ok(found)) => found.into_iter().map(schema::of_payload).collect(),
        Some(Err(error)) => return Ok(io.refuse(&error)),
        None => vec![schema::of_event()],
    };
    for schema in schemas {
        let schema = if io.json { on_one_line(&schema) } else { schema };
        io.print(&schema)?;
    }
    Ok(OK)
}

/// A schema as a line, its members in their order. No text in it has a line break that isn't escaped.
fn on_one_line(schema: &str) -> String {
    schema.lines().map(str::trim_start).collect::<String>() + "\n"
}

/// The rows that are meant by a kind, a pattern of kinds or a name of another system.
fn meant(name: &str) -> Result<Vec<&'static Row>> {
    let is_meant: Box<dyn Fn(&Row) -> bool> = if name.contains('*') && !name.contains('/') {
        let filter = Filter::kind(name)?;
        Box::new(move |row| is_kept(&filter, row))
    } else {
        let kinds = kinds_meant(name)?;
        Box::new(move |row| kinds.iter().any(|kind| kind.as_str() == row.kind))
    };
    let found: Vec<_> = rows().iter().filter(|row| is_meant(row)).collect();
    match found.is_empty() {
        true => Err(Error::invalid(format!("the catalogue has no kind {name:?}")).expecting(
            "a kind, a pattern such as tool.*, or another system's name: `newswire kinds` lists them",
        )),
        false => Ok(found),
    }
}

fn is_kept(filter: &Filter, row: &Row) -> bool {
    let event = Kind::parse(row.kind).and_then(|kind| Event::builder(kind).build());
    event.is_ok_and(|event| filter.matches(&event))
}

/// What other systems call a kind.
fn names(row: &Row) -> impl Iterator<Item = &'static Alias> {
    aliases().iter().filter(|alias| alias.kind.as_str() == row.kind)
}

/// A name of another system, its condition behind it.
struct Name(&'static Alias);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.system.as_str(), self.0.name)?;
        match self.0.when {
            When::Always => Ok(()),
            when => write!(f, " ({when})"),
        }
    }
}

/// A row as a line of JSON.
#[derive(Serialize)]
struct Line {
    kind: &'static str,
    payload: &'static str,
    docs: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    otel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agui: Option<&'static str>,
    names: Vec<String>,
}

impl Line {
    fn of(row: &Row) -> Self {
        let named = |elsewhere| match elsewhere {
            Elsewhere::As(name) => Some(name),
            Elsewhere::Absent(_) => None,
        };
        Self {
            kind: row.kind,
            payload: row.payload,
            docs: row.docs,
            component: row.component.map(|scope| scope.as_str()),
            phase: row.phase.map(|phase| phase.as_str()),
            severity: row.severity.as_str(),
            otel: named(row.otel),
            agui: named(row.agui),
            names: names(row).map(|alias| Name(alias).to_string()).collect(),
        }
    }
}
