//! Custom kinds that a program registers: one name, one type.

use newswire::catalogue::workflow::WorkflowStarted;
use newswire::{ErrorKind, Event, Filter, Kind, Payload};
use serde::{Deserialize, Serialize};

macro_rules! payload {
    ($($name:ident)+) => {$(
        #[derive(Clone, Serialize, Deserialize)]
        struct $name {}

        impl Payload for $name {
            fn kind(&self) -> Kind {
                Kind::parse("registered.thing").unwrap()
            }

            fn size_bound(&self) -> usize {
                2
            }
        }
    )+};
}

payload! { Hit Seen Miss Several Never Pipeline }

#[test]
fn registering_a_kind_once_more_for_its_type_changes_nothing() {
    let kind = Kind::register::<Hit>("cache.hit").unwrap();
    assert_eq!(kind, Kind::parse("cache.hit").unwrap());
    assert_eq!(Kind::register::<Hit>("cache.hit"), Ok(kind.clone()));
    assert_eq!(Hit::only_kind(), Some(kind));
}

#[test]
fn two_types_for_one_kind_are_an_error_that_names_both() {
    Kind::register::<Seen>("cache.seen").unwrap();
    let error = Kind::register::<Miss>("cache.seen").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "the kind cache.seen is that of registered_kinds::Seen, so registered_kinds::Miss can't have it; \
         expected a name of its own"
    );
    assert_eq!(Miss::only_kind(), None);
}

#[test]
fn a_kind_of_the_catalogue_is_nobody_elses() {
    let error = Kind::register::<Miss>("tool.call.started").unwrap_err();
    assert_eq!(
        error.message(),
        "the kind tool.call.started is that of the catalogue's ToolCallStarted, so registered_kinds::Miss can't \
         have it"
    );
}

#[test]
fn a_type_of_several_kinds_has_no_only_one() {
    Kind::register::<Several>("several.one").unwrap();
    Kind::register::<Several>("several.two").unwrap();
    assert_eq!(Several::only_kind(), None);
    assert_eq!(Never::only_kind(), None);
}

#[test]
fn a_name_against_the_grammar_registers_nothing() {
    let error = Kind::register::<Never>("Cache Hit").unwrap_err();
    assert_eq!((error.kind(), error.column()), (ErrorKind::Invalid, Some(1)));
}

#[test]
fn the_name_of_a_registered_kind_means_that_kind_also_where_other_systems_have_it() {
    let wants_theirs = || {
        let filter = Filter::parse("pipeline.started").unwrap();
        filter.matches(&Event::of(WorkflowStarted::new(None, None)).build().unwrap())
    };
    assert!(wants_theirs());
    let kind = Kind::register::<Pipeline>("pipeline.started").unwrap();
    assert!(!wants_theirs());
    let filter = Filter::parse("pipeline.started").unwrap();
    assert!(filter.matches(&Event::builder(kind.clone()).build().unwrap()));
    assert_eq!(filter.to_string().parse(), Ok(filter));
    let own = Event::named("pipeline.started", &serde_json::json!({"PipelineName": "load"})).unwrap();
    assert_eq!(own.build().unwrap().kind(), &kind);
    let theirs = Filter::parse("promptkit/pipeline.started").unwrap();
    assert!(theirs.matches(&Event::of(WorkflowStarted::new(None, None)).build().unwrap()));
}
