"""Newswire, the event bus of AI-agent runtimes.

    import newswire

    bus = newswire.bus()
    bus.attach("console:")
    with bus.emitter(session_id="s-1").run("weather") as run:
        with run.emitter.tool_call("forecast", {"city": "Lisbon"}) as call:
            call.complete({"sky": "clear"})

Everything is loaded when first used.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from ._bus import Bus as Bus
    from ._bus import bus as bus
    from ._native import Enrichment as Enrichment
    from ._native import Event as Event
    from ._native import Filter as Filter
    from ._native import Gap as Gap
    from ._native import Published as Published
    from ._native import __version__ as __version__
    from ._native import current_event as current_event
    from ._native import new_span as new_span
    from ._native import new_trace as new_trace
    from ._native import open_recording as open_recording
    from ._native import read_runs as read_runs
    from .attachment import Attachment as Attachment
    from .attachment import Receipt as Receipt
    from .emitter import Emitter as Emitter
    from .errors import ArgumentError as ArgumentError
    from .errors import ClosedError as ClosedError
    from .errors import FullError as FullError
    from .errors import InvalidError as InvalidError
    from .errors import IoError as IoError
    from .errors import NewswireError as NewswireError
    from .errors import OutOfRangeError as OutOfRangeError
    from .errors import PayloadError as PayloadError
    from .errors import TimedOutError as TimedOutError
    from .errors import TooLargeError as TooLargeError
    from .errors import WouldDeadlockError as WouldDeadlockError
    from .events import payload as payload
    from .handlers import Listener as Listener
    from .log import LogHandler as LogHandler
    from .pending import Pending as Pending
    from .player import Player as Player
    from .player import play as play
    from .player import read_store as read_store
    from .subscription import Subscription as Subscription
    from .views import CallMeter as CallMeter
    from .views import Census as Census
    from .views import LatencyProfile as LatencyProfile
    from .views import RunTable as RunTable
    from .views import StatusTracker as StatusTracker
    from .views import TraceTree as TraceTree
    from .views import UsageMeter as UsageMeter

_MODULES = {
    "_native": (
        "Enrichment Event Filter Gap Published __version__ current_event new_span new_trace open_recording read_runs"
    ),
    "_bus": "Bus bus",
    "attachment": "Attachment Receipt",
    "emitter": "Emitter",
    "errors": (
        "ArgumentError ClosedError FullError InvalidError IoError NewswireError OutOfRangeError PayloadError"
        " TimedOutError TooLargeError WouldDeadlockError"
    ),
    "events": "payload",
    "handlers": "Listener",
    "log": "LogHandler",
    "pending": "Pending",
    "player": "Player play read_store",
    "subscription": "Subscription",
    "views": "CallMeter Census LatencyProfile RunTable StatusTracker TraceTree UsageMeter",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = sorted(_HOME)

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _HOME:
            from importlib import import_module

            found = getattr(import_module(f".{_HOME[name]}", __name__), name)
            if type(found).__name__ == "builtin_function_or_method":
                from ._arguments import told

                found = told(found)
            globals()[name] = found
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted([*globals(), *_HOME])
