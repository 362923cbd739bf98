//! A field of an event, named in a filter or as a key.

/// A field of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field(pub(crate) Box<str>);
