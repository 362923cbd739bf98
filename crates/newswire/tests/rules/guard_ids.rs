//! What emitters and guards call the components that they are about, where a bus keeps agent-runtime's formats.

use std::collections::BTreeSet;

use newswire::catalogue::{Media, rows};
use newswire::{Bus, BusOptions, Check, Emitter, Event, Phase, Scope, ScopeField, Subscription};

fn rejecting() -> (Bus, Subscription) {
    let bus = Bus::with(BusOptions { component_ids: Check::Reject, ..BusOptions::default() }).unwrap();
    let all = bus.subscribe("*").unwrap();
    (bus, all)
}

fn seen(all: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| all.try_next().ok().flatten()).filter_map(|delivery| delivery.event()).collect()
}

/// Opens every guard that there is, lets it go on and drops it.
fn every_guard(emitter: &Emitter, name: &str) {
    macro_rules! guards {
        ($($open:ident($($arg:expr),*);)+) => {$(
            emitter.$open($($arg),*).progress("on its way").unwrap();
        )+};
    }
    guards! {
        agent(name, None);
        bus_close(name);
        channel_outbound(true, None, None);
        command(name, None, None);
        composition(name, None);
        composition_step(name, None);
        embedding_call(name, None, None);
        evaluation(name);
        hook(name, None, None);
        image_call(name, None, None);
        mcp_connection(name);
        mcp_tool_call(name, "tool", None, None);
        media_storage(name, Media::at("file:a"));
        memory(name, "search", None);
        middleware(name, None);
        model_call(name, None);
        peer_call(name, None, None);
        prompt_template(name, None);
        retrieval(name, None);
        run(name, None);
        service_launch(name, None, None);
        service_shutdown(name, None, None);
        service_reload(name, None, None);
        session(name);
        speech_call(name, None, None);
        stage(name, None);
        step(name, None);
        subturn(name, None);
        system(name, None);
        tag(name, None);
        task(name, None, None);
        tool_request(name, None);
        tool_call(name, None, None);
        tool_approval(name, None, None);
        tool_client(name, None, None);
        transcription_call(name, None, None);
        turn(name, None);
        validation(name);
        workflow(name, None);
    }
}

#[test]
fn a_bus_that_keeps_the_formats_takes_what_every_guard_calls_its_component() {
    for name in ["gpt-5", "", "a:b", "x:step:first", "system:", &"\u{e9}".repeat(1000)] {
        let (bus, mut all) = rejecting();
        let scoped = bus.emitter().with_scope(ScopeField::Agent, "a".repeat(Scope::MAX_ID_LEN)).unwrap();
        for emitter in [bus.emitter(), scoped] {
            every_guard(&emitter, name);
            let events = seen(&mut all);
            let begun: BTreeSet<_> = events.iter().map(|event| event.kind().to_string()).collect();
            let wanted = [Phase::Started, Phase::Progress, Phase::Canceled];
            let lives = rows().iter().filter(|row| row.phase.is_some_and(|phase| wanted.contains(&phase)));
            let missing: Vec<_> = lives.map(|row| row.kind).filter(|kind| !begun.contains(*kind)).collect();
            assert!(missing.is_empty(), "{name:?}: {missing:?}");
        }
    }
}

#[test]
fn an_id_that_is_made_up_has_the_format_of_its_scope_and_one_that_is_chosen_stays() {
    let (bus, mut all) = rejecting();
    let emitter = bus.emitter();
    let within = emitter.clone().with_scope(ScopeField::Agent, "planner").unwrap();
    let within = within.with_scope(ScopeField::Workflow, "etl").unwrap();
    drop(emitter.model_call("gpt-5", None));
    drop(within.model_call("gpt-5", None));
    drop(emitter.step("load", None));
    drop(within.step("load", None));
    drop(emitter.system("loop", None));
    drop(emitter.tool_call("search", None, None));
    drop(emitter.clone().with_component("planner:llm:7").unwrap().model_call("gpt-5", None));
    drop(emitter.clone().with_component("planner").unwrap().model_call("gpt-5", None));
    let ids: Vec<_> = seen(&mut all).iter().map(|event| event.component().unwrap().id().to_owned()).collect();
    let expected = [
        "gpt-5:llm:0",
        "planner:llm:0",
        "load:step:0",
        "etl:step:0",
        "system:loop",
        "search",
        "planner:llm:7",
    ];
    let expected: Vec<_> = expected.iter().flat_map(|id| [*id, *id]).collect();
    assert_eq!(ids, expected, "an id of one's own that breaks the format is refused");

    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    drop(bus.emitter().model_call("gpt-5", None));
    assert_eq!(seen(&mut all)[0].component().unwrap().id(), "gpt-5", "a bus that doesn't ask gets the name");
}
