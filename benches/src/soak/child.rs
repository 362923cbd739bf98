//! This program again, as a process that is killed, fails or loses its disk.

use std::process::Command;

const ROLE: &str = "NEWSWIRE_SOAK_ROLE";

/// This program in another role. Among tests, it is the test that plays it.
pub(crate) fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program has a path"));
    if cfg!(test) {
        command.args(["--exact", "soak::tests::a_child_plays_its_role", "--nocapture"]);
    }
    command.env(ROLE, role);
    command
}

/// Plays the role that this process was started for; false where it has none.
pub(crate) fn play() -> bool {
    let Ok(role) = std::env::var(ROLE) else { return false };
    match &*role {
        "r10" => super::r10::child(),
        "r11" => super::r11::child(),
        "r12" => super::r12::child(),
        "r14" => super::r14::child(),
        "s5" => crate::goals::s5_large::child(),
        "r17" => super::r17::child(),
        "r44" => super::r44::child(),
        other => panic!("no role is called {other}"),
    }
    true
}
