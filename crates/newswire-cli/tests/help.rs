//! Help, usage and completions.

mod common;

use common::{newswire, piped};
use newswire_cli::{OK, USAGE};

const COMMANDS: [&str; 17] = [
    "import",
    "record",
    "export",
    "ls",
    "play",
    "stats",
    "show",
    "grep",
    "tail",
    "diff",
    "check",
    "verify",
    "repair",
    "prune",
    "kinds",
    "schema",
    "completions",
];

#[test]
fn every_command_has_help_with_examples_and_says_what_it_is_for() {
    let (code, all, _) = newswire(&["--help"]);
    assert_eq!(code, OK);
    for command in COMMANDS {
        assert!(all.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {all}");
        let (code, out, err) = newswire(&[command, "--help"]);
        assert_eq!((code, err.as_str()), (OK, ""));
        assert!(out.contains("Examples:\n") && out.contains(&format!("  newswire {command}")), "{out}");
    }
    for code in ["0 ", "1 ", "2 ", "130 "] {
        assert!(all.contains(&format!("\n  {code}")), "{code}: {all}");
    }
}

#[test]
fn help_can_be_asked_for_before_the_command_as_well() {
    assert_eq!(piped(&["help"]), piped(&["--help"]));
    for command in COMMANDS {
        let (code, out, err) = piped(&["help", command]);
        assert_eq!((code, err), (OK, String::new()));
        assert_eq!(out, piped(&[command, "--help"]).1);
    }
    let (code, out, err) = piped(&["help", "statz"]);
    assert_eq!((code, out.as_str()), (USAGE, ""));
    assert!(err.contains("statz"), "{err}");
}

#[test]
fn wrong_usage_is_told_with_its_own_code() {
    for args in [
        &["stats"][..],
        &["grep", "*"],
        &["import", "x", "--strict", "--skip"],
        &["play", "x", "--json", "--text"],
        &["play", "x", "--speed", "fast"],
        &["play", "x", "--speed", "0"],
        &["stats", "x", "--by", "mood"],
        &["stats", "x", "--format", "csv"],
        &["completions", "ed"],
        &["grep", "*", "x", "-A", "1001"],
        &["stats", "x", "--max-line", "0"],
    ] {
        let (code, out, err) = piped(args);
        assert_eq!((code, out.as_str()), (USAGE, ""), "{args:?}");
        assert!(err.contains("--help"), "{args:?}: {err}");
    }
}

#[test]
fn numbers_below_zero_are_told_to_be_none_rather_than_taken_for_options() {
    for (args, said) in [
        (&["play", "x", "--speed", "-1"][..], "invalid value '-1' for '--speed <FACTOR|max>'"),
        (&["grep", "*", "x", "-A", "-1"], "-1 is not in 0..=1000"),
        (&["play", "x", "--from", "-5s"], "\"-5s\" is no place in a recording"),
    ] {
        let (code, _, err) = piped(args);
        assert_eq!(code, USAGE, "{err}");
        assert!(err.contains(said), "{err}");
    }
}

#[test]
fn what_is_no_place_in_a_recording_is_refused_with_an_example() {
    for option in ["--from", "--to"] {
        let (code, out, err) = newswire(&["play", "x", option, "noon"]);
        assert_ne!(code, OK);
        assert_eq!(out, "");
        assert!(
            err.contains("\"noon\" is no place in a recording at column 1; expected an offset such as 90s"),
            "{err}"
        );
    }
}

#[test]
fn completions_are_there_for_the_usual_shells_and_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, err) = piped(&["completions", shell]);
        assert_eq!((code, err.as_str()), (OK, ""));
        assert!(COMMANDS.iter().all(|command| script.contains(command)), "{shell}");
    }
}
