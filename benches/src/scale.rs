//! How thorough a run is.

/// How many rounds and how much work in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Enough to see that everything works; its figures mean little.
    Short,
    /// What goals are judged by.
    Full,
}

impl Scale {
    /// `full`, or `short` where that will do.
    pub(crate) fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }

    /// How many rounds a contest has.
    pub(crate) fn rounds(self) -> usize {
        self.pick(1, 11)
    }
}
