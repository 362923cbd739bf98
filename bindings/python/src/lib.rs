//! The Python module `newswire._native`: what crosses between Python and the core, and no more.
//!
//! Its classes hold the core's own objects; Python guards types and lifetimes. What programs import is
//! `newswire`, which is written in Python on top of this.

mod ambient;
mod argument;
mod attach;
mod bell;
mod bus;
mod buses;
mod command;
mod convert;
mod decode;
mod emitter;
mod enrich;
mod error;
mod event;
mod fast;
mod filter;
mod gate;
mod handler;
mod kinds;
mod life;
mod listener;
mod make;
mod options;
mod payload;
mod pending;
mod publish;
mod published;
mod recording;
mod state;
mod stats;
mod subscription;
mod view;
mod wake;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::ambient::{OnLoop, current_event, on_loop, reset_ambient, set_ambient};
    #[pymodule_export]
    use crate::attach::{Attachment, Receipt};
    #[pymodule_export]
    use crate::bus::Bus;
    #[pymodule_export]
    use crate::command::run;
    #[pymodule_export]
    use crate::emitter::{Emitter, new_span, new_trace};
    #[pymodule_export]
    use crate::enrich::{Enricher, Enrichment};
    #[pymodule_export]
    use crate::event::Event;
    #[pymodule_export]
    use crate::filter::Filter;
    #[pymodule_export]
    use crate::life::{after_fork, shutdown};
    #[pymodule_export]
    use crate::listener::Listener;
    #[pymodule_export]
    use crate::payload::register_payload;
    #[pymodule_export]
    use crate::pending::Pending;
    #[pymodule_export]
    use crate::published::{Gap, Published};
    #[pymodule_export]
    use crate::recording::{Player, Recording, open_recording, play, read_runs, read_store};
    #[pymodule_export]
    use crate::subscription::Subscription;
    #[pymodule_export]
    use crate::view::View;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::life::only_the_main_interpreter(module.py())?;
        crate::fast::add_methods(module.py())?;
        module.add("UNWANTED", crate::published::Published::nobody(module.py())?)?;
        module.add("ambient", crate::ambient::variable(module.py())?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
