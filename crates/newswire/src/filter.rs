//! Which events a subscription wants.

use crate::error::Result;
use crate::event::Event;
use crate::kind::Kind;

/// Which events a subscription wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter(Option<String>);

impl Filter {
    /// Everything.
    pub fn all() -> Self {
        Self(None)
    }

    /// Reads the text syntax.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self((text != "*").then(|| text.to_owned())))
    }

    /// Whether `event` is wanted.
    pub fn matches(&self, event: &Event) -> bool {
        self.admits_kind(event.kind())
    }

    pub(crate) fn admits_kind(&self, kind: &Kind) -> bool {
        match &self.0 {
            None => true,
            Some(text) => match text.strip_suffix(".*") {
                Some(prefix) => kind.as_str().strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')),
                None => kind.as_str() == text,
            },
        }
    }
}

/// What can be given where a filter is wanted: a [`Filter`], or its text.
pub trait IntoFilter {
    /// The filter.
    ///
    /// # Errors
    /// `Invalid`, with the column, for text that is no filter.
    fn into_filter(self) -> Result<Filter>;
}

impl IntoFilter for Filter {
    fn into_filter(self) -> Result<Filter> {
        Ok(self)
    }
}

impl IntoFilter for &str {
    fn into_filter(self) -> Result<Filter> {
        Filter::parse(self)
    }
}
