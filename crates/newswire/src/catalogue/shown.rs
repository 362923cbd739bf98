//! How names of other systems are shown, on the command line and in the reference page.

use std::fmt;

use super::elsewhere::When;

/// `Success=true`; nothing where there is no condition.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => Ok(()),
            Self::Is(field, wanted) => write!(f, "{field}={wanted}"),
            Self::Says(field, wanted) => write!(f, "{field}={wanted}"),
        }
    }
}
