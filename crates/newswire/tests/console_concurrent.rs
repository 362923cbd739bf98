//! The live view where several things happen at the same time: streams, runs; and through a real bus.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use newswire::catalogue::{Catalogued, Usage, message::MessageDelta};
use newswire::{
    Bus, Console, ConsoleOptions, Correlation, Event, Gap, GapReason, Kind, ScopeField, Sink, SpanId,
};

const SECOND: i64 = 1_000_000_000;

fn at(time_ns: i64, kind: &str, payload: &str, span: u64, parent: u64) -> Event {
    let mut correlation = Correlation::new();
    correlation.span = SpanId::new(span);
    correlation.parent_span = SpanId::new(parent);
    let builder = Event::builder(Kind::parse(kind).unwrap()).time_ns(time_ns).correlation(correlation);
    builder.json(payload).build().unwrap()
}

fn chunk_at(time_ns: i64, stream: &str, text: &str) -> Event {
    at(time_ns, "message.delta", &format!(r#"{{"message_id":"{stream}","text":"{text}"}}"#), 0, 0)
}

fn chunk(stream: &str, text: &str) -> Event {
    chunk_at(0, stream, text)
}

fn shown(width: usize, events: &[Event]) -> String {
    let mut shown = Vec::new();
    let mut console =
        Console::new(&mut shown, ConsoleOptions { width, color: false, ..ConsoleOptions::default() });
    for event in events {
        console.event(event).unwrap();
    }
    console.close().unwrap();
    drop(console);
    String::from_utf8(shown).unwrap()
}

#[test]
fn streams_that_are_written_at_the_same_time_have_one_line_each() {
    let chunks = (0..5).flat_map(|n| [chunk("a", &format!("a{n} ")), chunk("b", &format!("b{n} "))]);
    let done = at(0, "message.created", r#"{"text":"done"}"#, 0, 0);
    let events: Vec<_> = chunks.chain([done, chunk("b", "more")]).collect();
    let expected = "\
00:00:00.000 · message.delta  a0 a1 a2 a3 a4 
00:00:00.000 · message.delta  b0 b1 b2 b3 b4 
00:00:00.000 · message.created  done
00:00:00.000 · message.delta  more
";
    assert_eq!(shown(100, &events), expected);
}

#[test]
fn a_full_line_gives_way_to_the_next_stream_and_its_own_rest_is_not_shown() {
    let mut events = vec![chunk("a", "short "), chunk("b", "b0 ")];
    events.extend((0..10).flat_map(|n| [chunk("a", "word "), chunk("b", &format!("b{n} "))]));
    let expected = "\
00:00:00.000 · message.delta  short wor…
00:00:00.000 · message.delta  b0 b0 b1 …
";
    assert_eq!(shown(40, &events), expected);
}

#[test]
fn a_stream_to_which_nothing_comes_for_a_second_gives_way() {
    let events = [
        chunk_at(0, "a", "first"),
        chunk_at(SECOND / 2, "b", "second"),
        chunk_at(2 * SECOND, "b", " goes on"),
        chunk_at(2 * SECOND, "a", " again"),
    ];
    let mut shown = Vec::new();
    let mut console = Console::new(&mut shown, ConsoleOptions::default());
    events.iter().take(3).for_each(|event| console.event(event).unwrap());
    drop(console);
    let live = "00:00:00.000 · message.delta  first\n00:00:00.500 · message.delta  second goes on";
    assert_eq!(String::from_utf8(shown).unwrap(), live, "it is seen while it is written");
    let all = self::shown(100, &events);
    assert_eq!(all, format!("{live}\n00:00:02.000 · message.delta   again\n"));
}

#[test]
fn of_more_streams_than_are_told_apart_every_one_is_shown() {
    let events: Vec<_> = (0..1_000).map(|n| chunk(&format!("s-{n}"), &format!("text {n}"))).collect();
    let text = shown(100, &events);
    assert_eq!(text.lines().count(), 1_000);
    assert!((0..1_000).all(|n| text.contains(&format!("text {n}\n"))));
}

#[test]
fn a_gap_ends_all_lines_and_stands_where_the_loss_was() {
    let mut shown = Vec::new();
    let mut console = Console::new(&mut shown, ConsoleOptions::default());
    for event in [chunk("a", "half"), chunk("b", "other")] {
        console.event(&event).unwrap();
    }
    console.gap(&Gap { first: 3, last: 20, count: 12, reason: GapReason::Full }).unwrap();
    console.event(&chunk("a", "rest")).unwrap();
    console.close().unwrap();
    drop(console);
    let expected = "\
00:00:00.000 · message.delta  half
00:00:00.000 · message.delta  other
… 12 events missing (full)
00:00:00.000 · message.delta  rest
";
    assert_eq!(String::from_utf8(shown).unwrap(), expected);
}

#[test]
fn lines_say_whose_they_are_while_several_runs_are_at_work() {
    let named = r#"{"name":"weather"}"#;
    let text = shown(
        100,
        &[
            at(0, "run.started", named, 1, 0),
            at(0, "turn.started", r#"{"name":"1"}"#, 2, 1),
            at(0, "run.started", r#"{"name":"a part of it"}"#, 3, 2),
            at(0, "run.started", named, 4, 0),
            at(0, "message.delta", r#"{"text":"first"}"#, 0, 3),
            at(0, "message.delta", r#"{"text":"second"}"#, 0, 4),
            at(0, "deploy.finished", r#"{"version":"1.2"}"#, 0, 0),
            at(0, "run.failed", r#"{"name":"weather","error":{"message":"offline"}}"#, 4, 0),
            at(0, "run.completed", r#"{"name":"a part of it"}"#, 3, 2),
        ],
    );
    let expected = "\
00:00:00.000 … run weather
00:00:00.000   … turn 1
00:00:00.000     … run a part of it
00:00:00.000 [weather #2] … run weather
00:00:00.000 [weather]       · message.delta  first
00:00:00.000 [weather #2]   · message.delta  second
00:00:00.000 · deploy.finished  version=1.2
00:00:00.000 [weather #2] ✗ run weather  offline
00:00:00.000     ✓ run a part of it
";
    assert_eq!(text, expected);
}

#[test]
fn runs_that_never_end_are_forgotten_in_the_end() {
    let mut events: Vec<_> = (1..5_000)
        .map(|run| at(0, "run.started", &format!(r#"{{"name":"{}"}}"#, "\u{202e}x".repeat(30)), run, 0))
        .collect();
    events.push(at(0, "log.written", r#"{"text":"of the first"}"#, 0, 1));
    let text = shown(60, &events);
    assert!(text.lines().all(|line| line.chars().count() <= 60 && !line.contains('\u{202e}')));
    assert!(text.ends_with("00:00:00.000 · log.written  of the first\n"), "{:?}", text.lines().last());
}

#[test]
fn a_very_long_text_takes_one_line() {
    let long = "very ".repeat(90_000);
    let text = shown(
        80,
        &[
            at(0, "message.created", &format!(r#"{{"role":"user","content":"{long}"}}"#), 0, 0),
            chunk("a", &long),
            chunk("a", &long),
            at(0, "tool.call.failed", &format!(r#"{{"name":"{long}","error":"{long}"}}"#), 1, 0),
        ],
    );
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().all(|line| line.chars().count() == 80 && line.ends_with('…')), "{text}");
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_two_agents_stream_through_a_bus_is_one_text_a_call() {
    let (bus, captured) = (Bus::new(), Captured::default());
    let console = Console::new(
        captured.clone(),
        ConsoleOptions { width: 120, color: false, ..ConsoleOptions::default() },
    );
    let mut options = console.options();
    options.queue.buffer = 10_000;
    bus.attach_sink("console:", Box::new(console), options).unwrap();
    let agents = ["ann", "ben"].map(|name| {
        let emitter = bus.emitter().with_scope(ScopeField::Session, name).unwrap();
        let run = emitter.run(name, None);
        let call = run.emitter().model_call("m-1", "acme");
        (name, run, call)
    });
    for n in 0..300 {
        for (name, _, call) in &agents {
            let chunk = MessageDelta::new(format!("answer of {name}"), format!("{n}\u{1b}[2J "));
            let (agent, kind) = (call.emitter(), MessageDelta::KIND);
            // All of one moment: a stream gives way after a second, in which the machine may do something else.
            agent.publish(agent.event(kind).time_ns(0).serialize(&chunk).build().unwrap()).unwrap();
        }
    }
    for (name, run, call) in agents {
        let agent = run.emitter();
        let mut usage = Usage::tokens(12_345, 231);
        usage.cost_usd = Some(0.0206);
        call.complete(usage).unwrap();
        let tool = agent.tool_call("forecast", format!("call of {name}"), None);
        tool.fail("the service is \u{7}down").unwrap();
        run.complete(None).unwrap();
    }
    assert!(bus.close(Duration::from_secs(60)).complete);
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let count = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    assert_eq!((count("message.delta  0␛[2J 1␛[2J 2␛[2J"), count("message.delta")), (2, 2), "{text}");
    assert_eq!(count("✗ tool.call forecast"), 2);
    assert_eq!(count("the service is ␇down"), 2);
    assert_eq!(count("12k in  231 out  $0.0206"), 2, "{text}");
    assert_eq!(count("[ann]   ✓ model.call m-1"), 1, "{text}");
    assert_eq!(count("✓ run"), 2);
    assert!(!text.contains(['\u{1b}', '\u{7}']));
}

#[test]
fn what_a_view_that_is_too_slow_misses_is_a_line_in_its_place() {
    let (bus, captured) = (Bus::new(), Captured::default());
    let console = Console::new(captured.clone(), ConsoleOptions::default());
    let mut options = console.options();
    options.queue.buffer = 4;
    bus.attach_sink("console:", Box::new(console), options).unwrap();
    let stuck = captured.0.lock().unwrap();
    for n in 0..100 {
        let builder = Event::builder(Kind::parse("deploy.finished").unwrap());
        bus.publish(builder.json(format!(r#"{{"text":"number {n}"}}"#)).build().unwrap()).unwrap();
    }
    drop(stuck);
    assert!(bus.close(Duration::from_secs(60)).complete);
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let shown = lines.iter().filter(|line| line.contains("deploy.finished")).count();
    let missing: usize = lines
        .iter()
        .filter_map(|line| line.strip_prefix("… ")?.strip_suffix(" events missing (full)"))
        .map(|number| number.parse::<usize>().unwrap())
        .sum();
    assert_eq!(shown + missing, 100, "{text}");
    assert!(missing > 80, "{text}");
    assert!(lines[lines.len() - 4..].iter().all(|line| line.contains("number 9")), "{text}");
}
