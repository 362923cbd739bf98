//! One sample and more of every kind and shape: what they become, and that little of them is left over.

use std::collections::BTreeSet;

use newswire::catalogue::{System, row_of};
use newswire::{Event, Form};
use serde_json::Value;

use super::{dialect, json, misfit, samples};

fn read(system: System, line: &str) -> Event {
    dialect(system).read(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// What the event keeps of its document.
fn kept(system: System, event: &Event) -> Value {
    json(event.attr(system.as_str()).expect("what the dialect keeps").get())
}

#[test]
fn every_sample_is_written_again_as_it_was() {
    for (system, line) in samples() {
        let event = read(system, line);
        let written = dialect(system).write(&event).unwrap_or_default();
        assert_eq!(json(&written), json(line), "{}", event.kind());
    }
}

#[test]
fn there_is_a_sample_of_every_name_and_form() {
    for system in System::ALL {
        let (mut names, mut forms) = (BTreeSet::new(), BTreeSet::new());
        for (_, line) in samples().filter(|(of, _)| of == system) {
            let kept = kept(*system, &read(*system, line));
            names.insert(kept["name"].as_str().expect("a name").to_owned());
            forms.insert(kept["form"].as_str().unwrap_or("event").to_owned());
        }
        let missing: Vec<_> =
            system.names().iter().map(|alias| alias.name).filter(|n| !names.contains(*n)).collect();
        assert!(missing.is_empty(), "no sample of {missing:?}");
        let wanted: BTreeSet<_> =
            dialect(*system).forms().iter().map(|form| form.as_str().to_owned()).collect();
        assert_eq!(forms, wanted, "{system:?}");
    }
}

#[test]
fn a_sample_of_every_row_is_read_as_its_kind() {
    for system in System::ALL {
        let kinds: BTreeSet<_> = samples()
            .filter(|(of, _)| of == system)
            .map(|(_, line)| {
                let event = read(*system, line);
                (
                    kept(*system, &event)["name"].as_str().unwrap_or_default().to_owned(),
                    event.kind().to_string(),
                )
            })
            .collect();
        let missing: Vec<_> = system
            .names()
            .iter()
            .filter(|alias| !kinds.contains(&(alias.name.to_owned(), alias.kind.to_string())))
            .map(|alias| format!("{} as {}", alias.name, alias.kind))
            .collect();
        assert!(missing.is_empty(), "{system:?}: {missing:#?}");
    }
}

/// Whoever wants the payload typed gets it: every field that must be there is there.
#[test]
fn the_payload_of_a_sample_has_what_its_kind_must_have() {
    for (system, line) in samples() {
        let event = read(system, line);
        let Some(row) = row_of(event.kind()) else { continue };
        let payload = json(event.payload_json().expect("a payload"));
        for field in row.fields.iter().filter(|field| !field.optional) {
            assert!(payload.get(field.name).is_some(), "{} lacks {}: {line}", event.kind(), field.name);
        }
        for name in payload.as_object().expect("an object").keys() {
            assert!(row.fields.iter().any(|field| field.name == name), "{} has {name}", event.kind());
        }
        assert_eq!(misfit(system, &event), None, "{line}");
    }
}

/// What the samples have that their kind here has no place for.
const LEFT_OVER: &[&str] =
    &["agentruntime workflow.completed processed_rows", "praxis dsl.command_received message"];

#[test]
fn what_the_samples_leave_over_is_little() {
    let mut left = BTreeSet::new();
    for (system, line) in samples() {
        let event = read(system, line);
        let kept = kept(system, &event);
        let rest = &kept["rest"];
        let data = match (system, kept["form"].as_str().unwrap_or_default()) {
            _ if row_of(event.kind()).is_none() => continue,
            // Messages are told by their event's names, of which they have others beside.
            (System::Praxis, "message") | (System::AiTaskAgent, "sse" | "camel_case") => continue,
            (System::PromptKit, "store_line") => &rest["event"]["data"],
            (System::PromptKit, "event" | "documented") => &rest["Data"],
            (System::PicoClaw, _) => &rest["payload"],
            (System::AiTaskAgent, _) => rest,
            _ => &rest["data"],
        };
        for (name, _) in data.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            left.insert(format!("{} {} {name}", system.as_str(), kept["name"].as_str().unwrap_or_default()));
        }
    }
    assert_eq!(left.iter().map(String::as_str).collect::<Vec<_>>(), LEFT_OVER);
}

#[test]
fn a_sample_can_be_written_in_the_other_forms() {
    for (system, line) in samples() {
        let event = read(system, line);
        for form in dialect(system).forms() {
            let Some(written) = dialect(system).write_as(&event, *form) else { continue };
            if *form == Form::Message {
                continue;
            }
            let again =
                dialect(system).read_value(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(again.kind(), event.kind(), "{form:?} of {line}");
            assert_eq!(dialect(system).write_value(&again), Some(written));
        }
    }
}

/// Kinds under a system's prefix aside, whose names there are kept in what is masked.
#[test]
fn a_sample_without_its_content_is_written_as_its_system_reads_it() {
    let bus = newswire::Bus::new();
    bus.redact(newswire::Redaction::class(newswire::catalogue::Class::Content)).expect("room");
    let mut all = bus.subscribe("*").expect("a subscription");
    let events = samples().map(|(system, line)| (system, read(system, line)));
    // No subscriber gets what is internal.
    for (system, event) in events.filter(|(_, event)| !event.internal()) {
        bus.publish(event).expect("room");
        let event = all.try_next().expect("open").and_then(|delivery| delivery.event()).expect("the event");
        match dialect(system).write(&event) {
            Some(written) => assert_eq!(read(system, &written).kind(), event.kind()),
            None => assert!(row_of(event.kind()).is_none(), "{}", event.kind()),
        }
    }
}
