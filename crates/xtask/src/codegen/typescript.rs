//! `node/src/payloads.ts`: types only, so that importing them costs nothing at run time.
//!
//! Names are in the language's case. What the schema marks int64 is a bigint, everything else a number.

use std::fmt::Write;

use newswire::catalogue::{FieldRow, records, rows};

use super::names::{camel, type_in};
use super::{Generated, MARK};

const HEAD: &str = "\
/** Any JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * The payload of every kind, open for an application's own:
 *
 *     declare module \"newswire/payloads\" {
 *       interface EventMap { \"deploy.finished\": { readonly version: string } }
 *     }
 */
export interface EventMap {
";

pub(super) fn file() -> Generated {
    let mut out = format!("// {MARK} from the catalogue: what events say, by kind.\n\n{HEAD}");
    for row in rows() {
        let _ = writeln!(out, "  \"{}\": {};", row.kind, row.payload);
    }
    out += "}\n\n/** A kind whose payload is known. */\nexport type Kind = keyof EventMap;\n";
    for record in records() {
        interface(&mut out, record.docs, record.name, record.fields);
    }
    for row in rows() {
        interface(&mut out, &format!("{} The payload of `{}`.", row.docs, row.kind), row.payload, row.fields);
    }
    Generated::new("node/src/payloads.ts", out)
}

fn interface(out: &mut String, docs: &str, name: &str, fields: &[FieldRow]) {
    let _ = writeln!(out, "\n/** {docs} */\nexport interface {name} {{");
    for field in fields {
        let integer = if field.is_int64() { "bigint" } else { "number" };
        let value = type_in(field, "string", integer, "number", "boolean", "Json");
        let mark = if field.optional { "?" } else { "" };
        let _ = writeln!(out, "  /** {} */\n  readonly {}{mark}: {value};", field.docs, camel(field.name));
    }
    out.push_str("}\n");
}
