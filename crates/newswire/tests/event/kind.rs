//! Names of kinds.

use std::sync::Barrier;

use newswire::Kind;

#[test]
fn well_formed_names_are_taken_as_they_stand() {
    for name in ["a", "log", "tool.call.started", "a.b.c.d.e.f.g", "x_1.y_2__", &"k".repeat(128)] {
        assert_eq!(Kind::parse(name).unwrap().as_str(), name);
    }
}

#[test]
fn a_bad_name_is_refused_where_it_goes_wrong() {
    let names = [
        ("", 1),
        (".", 1),
        (".a", 1),
        ("a.", 2),
        ("a..b", 3),
        ("Tool.call", 1),
        ("tool.Call", 6),
        ("tool.1call", 6),
        ("tool._call", 6),
        ("tool call", 5),
        ("tool-call", 5),
        ("tool.call\n", 10),
        ("tool.call\0", 10),
        ("é.call", 1),
        ("tool.é", 6),
        ("tool.*", 6),
    ];
    for (name, column) in names {
        let error = Kind::parse(name).unwrap_err();
        assert_eq!(error.column(), Some(column), "{name:?}: {error}");
        assert!(error.expected().is_some(), "{name:?}");
    }
}

#[test]
fn a_name_that_is_too_long_is_refused_at_the_first_character_too_many() {
    assert_eq!(Kind::parse(&"k".repeat(129)).unwrap_err().column(), Some(129));
    assert_eq!(Kind::parse(&"é".repeat(1_000_000)).unwrap_err().column(), Some(65));
}

#[test]
fn threads_that_meet_over_new_names_agree_on_them() {
    let (threads, names) = (8, 50);
    let start = Barrier::new(threads);
    let seen: Vec<Vec<Kind>> = std::thread::scope(|scope| {
        let parse = || {
            start.wait();
            (0..names).map(|n| Kind::parse(&format!("met.kind_{n}")).unwrap()).collect()
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(parse)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(seen.iter().all(|kinds| *kinds == seen[0]));
    for (n, kind) in seen[0].iter().enumerate() {
        assert_eq!(kind.as_str(), format!("met.kind_{n}"));
    }
    let known = Kind::known();
    assert!(seen[0].iter().all(|kind| known.iter().filter(|other| *other == kind).count() == 1));
}

#[test]
fn a_kind_is_small() {
    assert!(size_of::<Kind>() <= 16);
}
