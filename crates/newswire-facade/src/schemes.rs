//! The URL schemes that are built in, for every language alike.

use std::sync::OnceLock;

use newswire::{Attachment, Bus, Result};

/// Attaches what `url` names: `console:`, `file:` (a recording) or `sqlite:` (a store).
///
/// # Errors
/// Those of [`Bus::attach`]; an unknown scheme is answered with those that are built in.
///
/// ```
/// let bus = newswire::Bus::new();
/// let error = newswire_facade::attach(&bus, "kafka:events").unwrap_err();
/// assert!(error.to_string().contains("sqlite"), "{error}");
/// ```
pub fn attach(bus: &Bus, url: &str) -> Result<Attachment> {
    static REGISTERED: OnceLock<Result<()>> = OnceLock::new();
    REGISTERED
        .get_or_init(|| newswire_recording::register().and_then(|()| newswire_store::register()))
        .clone()?;
    bus.attach(url)
}
