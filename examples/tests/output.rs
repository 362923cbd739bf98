//! Every example runs, and prints what stands in its `expected.txt`.

use std::path::Path;
use std::process::Command;

macro_rules! examples {
    ($($name:ident)+) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        $(#[test]
        fn $name() {
            prints_what_is_expected(stringify!($name), env!(concat!("CARGO_BIN_EXE_", stringify!($name))));
        })+
    };
}

examples! {
    chat_agent component_status cost_tracking custom_events debug_trace enrichment errors_and_retries
    live_view multi_subscriber nested_workflows own_constructors own_emitter performance_profiling pipeline
    retry_step streaming token_usage tool_loop
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn prints_what_is_expected(name: &str, program: &str) {
    let output = Command::new(program).output().expect("the example can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} failed: {errors}");
    assert_eq!(errors, "", "{name} complains");
    let path = folder().join(name).join("expected.txt");
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed == expected, "{} expects\n{expected}\nbut it printed\n{printed}", path.display());
}

#[test]
fn every_folder_with_a_program_is_tested() {
    let mut found: Vec<_> = std::fs::read_dir(folder())
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.join("main.rs").is_file())
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}
