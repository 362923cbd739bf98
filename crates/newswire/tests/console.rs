//! The live view: what is shown of events, and that nothing in them can act on a terminal.

use std::io::{self, Write};

use newswire::{
    Console, ConsoleOptions, Correlation, Event, Gap, GapReason, Kind, Scope, ScopeField, Sink, SpanId,
};
use proptest::prelude::*;

fn event(kind: &str, payload: &str) -> Event {
    Event::builder(Kind::parse(kind).unwrap()).time_ns(0).json(payload).build().unwrap()
}

fn within(kind: &str, payload: &str, span: u64, parent: u64) -> Event {
    let mut correlation = Correlation::new();
    correlation.span = SpanId::new(span);
    correlation.parent_span = SpanId::new(parent);
    Event::builder(Kind::parse(kind).unwrap())
        .time_ns(0)
        .correlation(correlation)
        .json(payload)
        .build()
        .unwrap()
}

fn shown_with(options: ConsoleOptions, events: &[Event]) -> String {
    let mut shown = Vec::new();
    let mut console = Console::new(&mut shown, options);
    for event in events {
        console.event(event).unwrap();
    }
    console.close().unwrap();
    drop(console);
    String::from_utf8(shown).unwrap()
}

fn shown(events: &[Event]) -> String {
    shown_with(ConsoleOptions::default(), events)
}

#[test]
fn without_the_time_the_same_events_are_the_same_text() {
    let options = ConsoleOptions { time: false, ..ConsoleOptions::default() };
    let text = shown_with(options, &[event("tool.call.started", r#"{"name":"ls"}"#)]);
    assert_eq!(text, " … tool.call ls\n");
}

#[test]
fn a_sessions_own_event_tells_which_session_it_is_about() {
    let scope = Scope::new().with(ScopeField::Session, "s-1").unwrap();
    let started = Event::builder(Kind::parse("session.started").unwrap()).scope(scope.clone());
    let called =
        Event::builder(Kind::parse("tool.call.started").unwrap()).scope(scope).json(r#"{"name":"ls"}"#);
    let options = ConsoleOptions { time: false, ..ConsoleOptions::default() };
    let text = shown_with(options, &[started.build().unwrap(), called.build().unwrap()]);
    assert_eq!(text, " … session s-1\n … tool.call ls\n");
}

#[test]
fn events_are_indented_by_the_spans_they_belong_to() {
    let text = shown(&[
        within("run.started", r#"{"name":"weather"}"#, 1, 0),
        within("turn.started", r#"{"name":"1","index":0}"#, 2, 1),
        within("tool.call.started", r#"{"name":"forecast"}"#, 3, 2),
        within("message.created", r#"{"role":"tool","text":"asking"}"#, 0, 3),
        within("log.written", r#"{"text":"in the call itself"}"#, 3, 2),
        within(
            "tool.call.failed",
            r#"{"name":"forecast","error":{"message":"offline"},"duration_ns":1500000000}"#,
            3,
            2,
        ),
        within("turn.completed", r#"{"name":"1","index":0}"#, 2, 1),
        event("deploy.finished", r#"{"version":"1.2"}"#),
    ]);
    let expected = "\
00:00:00.000 … run weather
00:00:00.000   … turn 1
00:00:00.000     … tool.call forecast
00:00:00.000       · message.created tool  asking
00:00:00.000       · log.written  in the call itself
00:00:00.000     ✗ tool.call forecast  1.5 s  offline
00:00:00.000   ✓ turn 1
00:00:00.000 · deploy.finished  version=1.2
";
    assert_eq!(text, expected);
}

#[test]
fn tokens_cost_and_custom_measures_are_shown_with_their_units() {
    let wide = ConsoleOptions { width: 120, color: false, ..ConsoleOptions::default() };
    let text = shown_with(
        wide,
        &[event(
            "model.call.completed",
            r#"{"model":"m-1","duration_ns":806000000,"usage":{"input_tokens":12345,"cache_read_tokens":10000,
            "output_tokens":231,"cost_usd":0.0206},"first_chunk_ns":90000000,"body_bytes":2048}"#,
        )],
    );
    let expected = "00:00:00.000 ✓ model.call m-1  806 ms  12k in  10k cached  231 out  $0.0206  body 2.0 KiB  first \
                    chunk 90 ms\n";
    assert_eq!(text, expected);
}

#[test]
fn payloads_of_any_shape_are_shown() {
    let text = shown(&[
        event("odd.one", "null"),
        event("odd.two", "[1,2]"),
        event("odd.three", r#""plain""#),
        event("odd.four", r#"{"a\tb":1}"#),
        event("odd.five", r#"{"error":null,"text":"\ud83d\ude00"}"#),
        event("odd.six", r#"{"usage":"much","duration_ns":-1}"#),
    ]);
    assert_eq!(text.lines().count(), 6);
    assert!(text.contains("odd.two  [1,2]") && text.contains("odd.three  plain"), "{text}");
}

#[test]
fn chunks_of_one_stream_grow_one_line() {
    let chunk = |stream: &str, text: &str| {
        event("message.delta", &format!(r#"{{"stream":"{stream}","text":"{text}"}}"#))
    };
    let text = shown(&[
        chunk("a", "Good "),
        chunk("a", "mor"),
        chunk("a", "ning"),
        chunk("b", "Hello"),
        event("message.created", r#"{"text":"done"}"#),
        chunk("b", " again"),
    ]);
    let expected = "\
00:00:00.000 · message.delta  Good morning
00:00:00.000 · message.delta  Hello
00:00:00.000 · message.created  done
00:00:00.000 · message.delta   again
";
    assert_eq!(text, expected);
}

#[test]
fn a_growing_line_is_written_as_it_grows_and_cut_once() {
    let mut shown = Vec::new();
    let mut console =
        Console::new(&mut shown, ConsoleOptions { width: 40, color: false, ..ConsoleOptions::default() });
    let chunk = event("message.delta", r#"{"text":"word "}"#);
    for _ in 0..50 {
        console.event(&chunk).unwrap();
    }
    console.flush().unwrap();
    drop(console);
    let text = String::from_utf8(shown).unwrap();
    assert_eq!(text, "00:00:00.000 · message.delta  word word…\n");
    assert_eq!(text.trim_end().chars().count(), 40);
}

#[test]
fn gaps_say_how_much_is_missing_and_why() {
    let mut shown = Vec::new();
    let mut console = Console::new(&mut shown, ConsoleOptions::default());
    console.event(&event("message.delta", r#"{"text":"half"}"#)).unwrap();
    console.gap(&Gap { first: 3, last: 20, count: 12, reason: GapReason::Full }).unwrap();
    console.gap(&Gap { first: 21, last: 21, count: 1, reason: GapReason::Stalled }).unwrap();
    drop(console);
    let text = String::from_utf8(shown).unwrap();
    let expected =
        "00:00:00.000 · message.delta  half\n… 12 events missing (full)\n… 1 event missing (stalled)\n";
    assert_eq!(text, expected);
}

#[test]
fn a_reader_that_goes_away_is_no_error_but_a_full_disk_is() {
    struct Broken(io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let one = event("run.started", "{}");
    let mut unread = Console::new(Broken(io::ErrorKind::BrokenPipe), ConsoleOptions::default());
    assert!(unread.event(&one).is_ok() && unread.event(&one).is_ok() && unread.close().is_ok());
    let mut full = Console::new(Broken(io::ErrorKind::StorageFull), ConsoleOptions::default());
    assert_eq!(full.event(&one).unwrap_err().kind(), newswire::ErrorKind::Io);
}

#[test]
fn spans_past_the_bound_are_forgotten_but_not_those_in_use() {
    let mut events = vec![within("run.started", "{}", 1, 0)];
    events.extend((2..20_000).map(|span| within("step.started", "{}", span, 1)));
    let text = shown(&events);
    assert!(text.lines().skip(1).all(|line| line.starts_with("00:00:00.000   … step")));
}

const OWN_CODES: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];

/// What may act on a terminal or hide in it, written down independently of the implementation.
fn acts(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || [0xad, 0x61c, 0x180e, 0xfeff].contains(&code)
        || (0xe0000..=0xe0fff).contains(&code)
}

fn hostile_text() -> impl Strategy<Value = String> {
    let bad = prop::sample::select(vec![
        "\x1b[2J",
        "\x1b]0;owned\x07",
        "\x1b]52;c;aGk=\x1b\\",
        "\x1bP1$r\x1b\\",
        "\u{9b}31m",
        "\u{9d}",
        "\u{85}",
        "\x7f",
        "\0",
        "\r",
        "\n",
        "\u{8}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{e0041}",
        "\u{2028}",
        "\u{ad}",
        "漢字",
        "e\u{301}\u{301}",
        "👩\u{200d}🚀",
    ]);
    let piece = prop_oneof![3 => bad.prop_map(str::to_owned), 1 => ".{0,6}", 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Five hostile texts a case: ten thousand in all, each in a place where events carry foreign text.
    #[test]
    fn no_foreign_control_character_reaches_the_output(
        texts in prop::array::uniform5(hostile_text()), color in any::<bool>(), width in 40usize..200,
    ) {
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let [name, text, error, key, chunk] = texts.each_ref().map(|text| json(text));
        let events = [
            event("tool.call.failed", &format!(r#"{{"name":{name},"error":{error}}}"#)),
            event("message.created", &format!(r#"{{"role":{name},"text":{text}}}"#)),
            event("custom.thing", &format!(r#"{{{key}:{text},"other":{{{key}:{text}}}}}"#)),
            event("message.delta", &format!(r#"{{"stream":{name},"text":{chunk}}}"#)),
            event("message.delta", &format!(r#"{{"stream":{name},"text":{chunk}}}"#)),
            Event::builder(Kind::parse("log.written").unwrap()).message(&*texts[1]).build().unwrap(),
        ];
        let mut output = shown_with(ConsoleOptions { width, color, ..ConsoleOptions::default() }, &events);
        if color {
            OWN_CODES.iter().for_each(|code| output = output.replace(code, ""));
        }
        prop_assert_eq!(output.lines().count(), 5, "one line an event: {:?}", output);
        for line in output.split('\n') {
            prop_assert!(!line.contains(acts), "{:?}", line);
            prop_assert!(line.chars().count() <= width, "{:?}", line);
        }
    }
}
