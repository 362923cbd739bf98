//! All handles that C holds, a table for each type.

use std::time::Duration;

use newswire::{Attachment, Bus, Emitter, Filter, Listener, Receipt, Result};
use newswire_facade::{BadHandle, HandleType, Handles, Mutex, Play, Pull, Reader, Watching, to_json};

use crate::edge::Handle;
use crate::fault::Done;

pub(crate) static BUSES: Handles<Bus> = Handles::new(HandleType::Bus);
pub(crate) static EMITTERS: Handles<Emitter> = Handles::new(HandleType::Emitter);
pub(crate) static SUBSCRIPTIONS: Handles<Pull> = Handles::new(HandleType::Subscription);
pub(crate) static LISTENERS: Handles<Listener> = Handles::new(HandleType::Listener);
pub(crate) static ATTACHMENTS: Handles<Attachment> = Handles::new(HandleType::Attachment);
pub(crate) static VIEWS: Handles<Watching> = Handles::new(HandleType::View);
pub(crate) static RECEIPTS: Handles<Receipt> = Handles::new(HandleType::Receipt);
pub(crate) static READERS: Handles<Mutex<Reader>> = Handles::new(HandleType::Reader);
pub(crate) static PLAYERS: Handles<Play> = Handles::new(HandleType::Player);
pub(crate) static FILTERS: Handles<Filter> = Handles::new(HandleType::Filter);

/// Closes a handle of any type. What others are doing with it they end; nothing here waits for them.
pub(crate) fn close(handle: Handle) -> Done {
    match HandleType::of(handle)? {
        HandleType::Bus => drop(BUSES.remove(handle)?),
        HandleType::Emitter => drop(EMITTERS.remove(handle)?),
        // Others may wait on it, and hold it for that.
        HandleType::Subscription => SUBSCRIPTIONS.remove(handle)?.close(),
        HandleType::Listener => {
            LISTENERS.remove(handle)?.end(Duration::ZERO);
        }
        HandleType::Attachment => drop(ATTACHMENTS.remove(handle)?),
        HandleType::View => drop(VIEWS.remove(handle)?),
        HandleType::Receipt => drop(RECEIPTS.remove(handle)?),
        HandleType::Reader => drop(READERS.remove(handle)?),
        HandleType::Player => PLAYERS.remove(handle)?.command("stop")?,
        HandleType::Filter => drop(FILTERS.remove(handle)?),
    }
    Ok(())
}

/// The numbers of whatever has some, as JSON.
pub(crate) fn stats(handle: Handle) -> Done<String> {
    let stats = match HandleType::of(handle)? {
        HandleType::Bus => to_json(&BUSES.get(handle)?.stats())?,
        HandleType::Subscription => to_json(&SUBSCRIPTIONS.get(handle)?.stats()?)?,
        HandleType::Listener => listener(handle, |listener| to_json(&listener.stats()))?,
        HandleType::Attachment => to_json(&ATTACHMENTS.get(handle)?.stats())?,
        HandleType::View => to_json(&VIEWS.get(handle)?.listener().stats())?,
        found => return Err(BadHandle::Wrong { expected: HandleType::Bus, found }.into()),
    };
    Ok(stats)
}

/// Does something with a listener that is still there; no lock is held, since handlers that it has called may come
/// back to it.
pub(crate) fn listener<T>(handle: Handle, act: impl FnOnce(&Listener) -> Result<T>) -> Done<T> {
    Ok(act(&*LISTENERS.get(handle)?)?)
}
