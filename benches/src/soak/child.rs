//! This program again, as a process that is killed, fails or loses its disk.

use std::process::{Command, Stdio};

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

/// Runs it to its end; the figures that it tells, which have to be there.
pub(crate) fn figures(command: &mut Command, id: &str) -> Vec<f64> {
    let output = command.stderr(Stdio::inherit()).output().expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    told(&said, id).expect("figures")
}

/// The figures in a line of that goal's, such as `R17: 3 0.5`.
pub(crate) fn told(said: &str, id: &str) -> Option<Vec<f64>> {
    let figures = said.lines().find_map(|line| line.strip_prefix(id)?.strip_prefix(": "))?;
    Some(figures.split(' ').filter_map(|word| word.parse().ok()).collect())
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
