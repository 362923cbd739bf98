//! What happens when a process has interned all the kinds it may; alone in its process for that reason.

use newswire::{Event, Kind};

#[test]
fn kinds_past_the_cap_work_as_text() {
    let kind = |n: usize| Kind::parse(&format!("flood.kind_{n}")).unwrap();
    let first = kind(0);
    for n in 0..2 * Kind::INTERNED {
        assert_eq!(kind(n).as_str(), format!("flood.kind_{n}"));
    }
    assert_eq!(Kind::known().len(), Kind::INTERNED);
    assert_eq!(kind(0), first);

    let (late, same, other) = (Kind::parse("late.kind"), Kind::parse("late.kind"), Kind::parse("late.other"));
    assert_eq!(late, same);
    assert_ne!(late, other);
    assert_ne!(late.as_ref().unwrap(), &first);

    let event = Event::builder(late.unwrap()).build().unwrap();
    assert_eq!(Event::from_json(event.to_json()).unwrap().kind(), &same.unwrap());
}
