//! Panics on purpose, which nobody has to read about.

use std::sync::Once;

/// The payload of a panic on purpose.
struct Planned;

/// Panics, as user code would; the hook runs, and stays silent about this one.
pub(crate) fn panic() -> ! {
    static SILENCED: Once = Once::new();
    SILENCED.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.payload().is::<Planned>() {
                report(panic);
            }
        }));
    });
    std::panic::panic_any(Planned)
}
