//! `newswire repair`: a store anew from what can be read of it.

use std::path::PathBuf;

use newswire::{Result, Visible};
use newswire_store::{RepairOptions, RepairReport, read_url};
use serde_json::json;

use crate::exit::OK;
use crate::input::store_url;
use crate::output::{Io, counted, grouped};

/// Builds a damaged store anew from all that can still be read of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire repair events.db
  newswire repair --always --json events.db | jq .aside

Nothing is deleted: the damaged file is set aside whole beside the new one, as events.db.damaged-000001. What is
lost becomes gaps. Where nothing is wrong, nothing is touched. No program may write the store meanwhile.")]
pub(crate) struct Repair {
    /// The store
    store: PathBuf,

    /// Builds it anew even where nothing is found to be wrong
    #[arg(long)]
    always: bool,
}

/// Repairs the store; of one whose head is damaged, nothing tells beforehand that it is one.
///
/// # Errors
/// Where nothing of a store can be found in the file, or somebody writes it.
pub(crate) fn repair(args: &Repair, io: &mut Io) -> Result<u8> {
    let path: PathBuf = match store_url(&args.store) {
        Some(url) => read_url(url)?.0,
        None => args.store.clone(),
    };
    let report = newswire_store::repair(&path, RepairOptions { always: args.always })?;
    tell(&args.store.display().to_string(), &report, io)?;
    Ok(OK)
}

fn tell(file: &str, report: &RepairReport, io: &mut Io) -> Result<()> {
    let RepairReport { aside, damage, events, lost, buses, .. } = report;
    if io.json {
        let buses: Vec<_> = buses
            .iter()
            .map(|bus| {
                let (name, events, lost) = (&bus.name, bus.events, bus.lost);
                json!({"bus": name, "events": events, "lost": lost, "first": bus.first, "last": bus.last})
            })
            .collect();
        let aside = aside.as_ref().map(|path| path.display().to_string());
        return io.print_json(&json!({
            "file": file, "repaired": aside.is_some(), "aside": aside, "damage": damage, "events": events,
            "lost": lost, "buses": buses,
        }));
    }
    let file = Visible(file);
    let mut text = String::new();
    for what in damage {
        text.push_str(&format!("{file}: {}\n", Visible(what)));
    }
    let has = format!("it has {} events", grouped(*events));
    text.push_str(&match aside {
        None => format!("{file}: nothing is wrong, {has}\n"),
        Some(aside) => {
            let aside = aside.display().to_string();
            let lost = counted(*lost, "event");
            format!("{file}: built anew, {has}, {lost} lost; the damaged file is {}\n", Visible(&aside))
        }
    });
    io.print(&text)
}
