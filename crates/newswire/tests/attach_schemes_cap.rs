//! The bound on schemes of sinks; alone, because it fills the process's table.

use newswire::{Console, ConsoleOptions, ErrorKind, Result, Sink, SinkUrl, register_sink};

fn factory(_: &SinkUrl) -> Result<Box<dyn Sink>> {
    Ok(Box::new(Console::new(std::io::sink(), ConsoleOptions::default())))
}

#[test]
fn schemes_are_bounded_in_number_and_one_that_is_there_can_be_replaced() {
    let refused = (0..300).find_map(|number| register_sink(&format!("many-{number}"), factory).err());
    assert_eq!(refused.unwrap().kind(), ErrorKind::Full);
    register_sink("many-0", factory).unwrap();
}
