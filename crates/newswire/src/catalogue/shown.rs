//! How names of other systems are shown, on the command line and in the reference page.

use std::fmt;

use super::elsewhere::{Given, Ours, Unit, When};

/// `Success=true`; nothing where there is no condition.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => Ok(()),
            Self::Is(field, wanted) => write!(f, "{field}={wanted}"),
            Self::Says(field, wanted) => write!(f, "{field}={wanted}"),
            Self::OneOf(field, any) => write!(f, "{field} in ({})", any.join(", ")),
            Self::Has(field) => write!(f, "has {field}"),
            Self::Filled(field) => write!(f, "{field} not empty"),
            Self::Counts(field) => write!(f, "{field} a number"),
            Self::All(conditions) => {
                let all: Vec<_> = conditions.iter().map(Self::to_string).collect();
                f.write_str(&all.join(" and "))
            }
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(truth) => write!(f, "{truth}"),
            Self::Says(text) => f.write_str(text),
        }
    }
}

/// A path from the payload on; from the envelope on with its member's name.
impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload("") => f.write_str("payload"),
            Self::Payload(path) | Self::Envelope(path) => f.write_str(path),
            Self::Scope(field) => write!(f, "scope.{}", field.as_str()),
            Self::Correlation(field) => write!(f, "correlation.{}", field.as_str()),
            Self::Kind => f.write_str("kind"),
            Self::Attr("", _) => f.write_str("attrs"),
            Self::Attr(name, _) => write!(f, "attrs.{name}"),
        }
    }
}

/// The unit's short name; nothing where it is ours.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "",
            Self::Millis => "ms",
            Self::Seconds => "s",
            Self::TimeSpan => "hh:mm:ss",
        })
    }
}
