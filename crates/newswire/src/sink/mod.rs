//! Sinks take events out of the process; each is attached by URL: `bus.attach("console:")`.
//!
//! A scheme is whatever was registered under its name. The core brings `console`; other crates register
//! theirs explicitly with [`register_sink`], so that what a program links is what it can attach. A sink runs
//! as a handler, one call at a time, and gets internal events too.

mod attachment;
mod console;
mod turns;
mod url;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use attachment::{Attachment, AttachmentStats};
pub use console::{Console, ConsoleOptions, Visible, figures};
pub use url::{Param, SinkUrl};

use crate::bus::Bus;
use crate::delivery::Gap;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::options::{HandlerOptions, SubscribeOptions, cut_name};
use crate::store::Keeper;
use crate::sync::plain::Mutex;

/// Takes events out of the process, in some format.
///
/// Its calls come one at a time, in the order of the bus, from a worker thread.
pub trait Sink: Send {
    /// How it is to be served; one call at a time, with internal events.
    fn options(&self) -> HandlerOptions {
        HandlerOptions {
            queue: SubscribeOptions { internal: true, ..SubscribeOptions::default() },
            ..HandlerOptions::default()
        }
    }

    /// Takes an event.
    ///
    /// # Errors
    /// Whatever kept it from being taken; it is counted as failed, and the next one is tried.
    fn event(&mut self, event: &Event) -> Result<()>;

    /// Takes word that events are missing here.
    ///
    /// # Errors
    /// As [`Sink::event`].
    fn gap(&mut self, gap: &Gap) -> Result<()>;

    /// Hands on what it holds back.
    ///
    /// # Errors
    /// What could not be handed on.
    fn flush(&mut self) -> Result<()>;

    /// Ends it, after its last event; called once.
    ///
    /// # Errors
    /// What could not be handed on or ended properly.
    fn close(&mut self) -> Result<()> {
        self.flush()
    }
}

/// Makes a sink from a URL of the scheme that it is registered for.
pub type SinkFactory = fn(&SinkUrl) -> Result<Box<dyn Sink>>;

/// Makes a store's writing side from a URL of the scheme that it is registered for.
pub type StoreFactory = fn(&SinkUrl) -> Result<Box<dyn Keeper>>;

/// What a scheme stands for.
#[derive(Clone, Copy)]
enum Factory {
    Sink(SinkFactory),
    Store(StoreFactory),
}

/// How many schemes may be registered in a process.
const MAX_SCHEMES: usize = 256;

fn schemes() -> &'static Mutex<BTreeMap<String, Factory>> {
    static SCHEMES: OnceLock<Mutex<BTreeMap<String, Factory>>> = OnceLock::new();
    SCHEMES.get_or_init(|| {
        let console: SinkFactory = |url| console::open(url);
        Mutex::new(BTreeMap::from([("console".to_owned(), Factory::Sink(console))]))
    })
}

/// Makes URLs of `scheme` attachable in this process; a later registration replaces an earlier one.
///
/// # Errors
/// `Invalid`, with the column, where `scheme` isn't lower-case letters, digits and `+`, `-`, `.`; `TooLarge`
/// over 64 bytes; `Full` over 256 schemes.
pub fn register_sink(scheme: &str, factory: SinkFactory) -> Result<()> {
    register(scheme, Factory::Sink(factory))
}

/// Makes URLs of `scheme` attachable in this process, as stores.
///
/// # Errors
/// As [`register_sink`].
pub fn register_store(scheme: &str, factory: StoreFactory) -> Result<()> {
    register(scheme, Factory::Store(factory))
}

fn register(scheme: &str, factory: Factory) -> Result<()> {
    url::check_scheme(scheme)?;
    let mut schemes = schemes().lock();
    if schemes.len() >= MAX_SCHEMES && !schemes.contains_key(scheme) {
        let message = format!("{MAX_SCHEMES} schemes of sinks are registered, which is the limit");
        return Err(Error::new(ErrorKind::Full, message));
    }
    schemes.insert(scheme.to_owned(), factory);
    Ok(())
}

impl Bus {
    /// Attaches the sink or store that `url` names; it gets every event until it is detached or the bus closes.
    ///
    /// ```
    /// let bus = newswire::Bus::new();
    /// bus.attach("console:?width=120&color=never")?;
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid`, with the column, where the URL or a part of it is wrong, or its scheme is not built in;
    /// `TooLarge` over 4,096 bytes; whatever the sink says while it opens.
    pub fn attach(&self, url: &str) -> Result<Attachment> {
        let url = SinkUrl::parse(url)?;
        let factory = schemes().lock().get(url.scheme()).copied();
        let factory = factory.ok_or_else(|| {
            let names: Vec<_> = schemes().lock().keys().map(|name| format!("{name}:")).collect();
            Error::invalid(format!("no sink of scheme {:?} is built in", url.scheme()))
                .at_column(1)
                .expecting(format!("one of {}", names.join(", ")))
        })?;
        let name = cut_name(url.name());
        match factory {
            Factory::Store(factory) => self.attach_store(name, factory(&url)?),
            Factory::Sink(factory) => {
                let sink = factory(&url)?;
                let options = sink.options();
                self.attach_sink(name, sink, options)
            }
        }
    }

    /// Attaches a store. It keeps what is published from now on, in a new epoch of the bus; its seqs go on from
    /// the last stored one. From now on subscriptions can start in the past.
    ///
    /// # Errors
    /// `Invalid` where a store is attached already, or has events of this bus, which has begun to publish
    /// without it, or its queue has no room for every event; `TooLarge` where the name has more than
    /// [`SubscribeOptions::MAX_NAME`] bytes; `Closed`; what the store says while it opens.
    pub fn attach_store(&self, name: impl Into<String>, keeper: Box<dyn Keeper>) -> Result<Attachment> {
        Attachment::open_store(self, name.into(), keeper)
    }

    /// Attaches a sink that is there already, served as `options` say; [`Sink::options`] are its own wishes.
    ///
    /// # Errors
    /// What [`Bus::on_with`] says of the options; `TooLarge` where the name has more than
    /// [`SubscribeOptions::MAX_NAME`] bytes; `Closed`.
    pub fn attach_sink(
        &self,
        name: impl Into<String>,
        sink: Box<dyn Sink>,
        options: HandlerOptions,
    ) -> Result<Attachment> {
        Attachment::open(self, name.into(), sink, options)
    }
}
