//! `newswire verify`: every problem of stores.

use std::path::PathBuf;

use newswire::{Result, Visible};
use newswire_store::{Store, Verified};
use serde_json::json;

use crate::exit::{FAILED, INTERRUPTED, OK};
use crate::input::store_to_read;
use crate::output::{Io, counted, grouped};

/// Compares all of a store with its checksums, and tells every problem
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire verify events.db
  newswire verify --json events.db | jq 'select(.level == \"error\")'

The exit code is 1 where anything is damaged. The store is only read, and may be written meanwhile.")]
pub(crate) struct Verify {
    /// Stores
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,
}

/// Verifies all stores.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn verify(args: &Verify, io: &mut Io) -> Result<u8> {
    let mut code = OK;
    for file in &args.stores {
        if io.is_stopped() {
            return Ok(INTERRUPTED);
        }
        let name = file.display().to_string();
        match store_to_read(file).and_then(|(_, store)| store.verify()) {
            Ok(verified) => {
                tell(&name, &verified, io)?;
                if !verified.damaged.is_empty() || !verified.structure.is_empty() {
                    code = FAILED;
                }
            }
            Err(error) => {
                io.tell(&error.to_string());
                code = FAILED;
            }
        }
    }
    Ok(code)
}

fn tell(file: &str, verified: &Verified, io: &mut Io) -> Result<()> {
    let Verified { good, damaged, structure, .. } = verified;
    for what in structure {
        match io.json {
            true => io.print_json(&json!({"level": "error", "file": file, "message": what}))?,
            false => io.print(&format!("{}: {}\n", Visible(file), Visible(what)))?,
        }
    }
    for damage in damaged {
        let (bus, seq, what) = (&damage.bus, damage.seq, &damage.what);
        match io.json {
            true => io.print_json(
                &json!({"level": "error", "file": file, "bus": bus, "seq": seq, "message": what}),
            )?,
            false => io.print(&format!("{}: {}:{seq}: {}\n", Visible(file), Visible(bus), Visible(what)))?,
        }
    }
    let errors = (damaged.len() + structure.len()) as u64;
    match io.json {
        true => {
            io.print_json(&json!({"level": "verdict", "file": file, "good_events": good, "errors": errors}))
        }
        false => {
            let text = format!(
                "{}: {} events are as they were stored, {}\n",
                Visible(file),
                grouped(*good),
                counted(errors, "error")
            );
            io.print(&text)
        }
    }
}
