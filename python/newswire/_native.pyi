"""The native module: what crosses between Python and the core. Programs import `newswire`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar, Token
from datetime import datetime
from os import PathLike
from types import GenericAlias
from typing import Any, Final, Generic, Self, final

from typing_extensions import TypeVar, disjoint_base

__all__ = [
    "UNWANTED",
    "Attachment",
    "Bus",
    "Emitter",
    "Enricher",
    "Enrichment",
    "Event",
    "Filter",
    "Gap",
    "Listener",
    "OnLoop",
    "Pending",
    "Player",
    "Published",
    "Receipt",
    "Recording",
    "Subscription",
    "View",
    "__version__",
    "after_fork",
    "ambient",
    "current_event",
    "new_span",
    "new_trace",
    "on_loop",
    "open_recording",
    "play",
    "read_runs",
    "read_store",
    "register_payload",
    "reset_ambient",
    "run",
    "set_ambient",
    "shutdown",
]

_P = TypeVar("_P", default=Any)

__version__: Final[str]
UNWANTED: Final[Published]
"""What every publish says that nobody wanted."""
ambient: Final[ContextVar[Event | None]]
"""The event that the running task handles; set it by `set_ambient`."""

@final
class Event(Generic[_P]):
    """An immutable record of something that happened: a view on the core's, which decodes what is asked for."""

    __match_args__ = ("kind", "payload")
    def __new__(
        cls,
        kind: str | Any,
        payload: Any = None,
        /,
        *,
        id: str | None = None,
        time_ns: int | None = None,
        source: str | tuple[str, str] | None = None,
        scope: Mapping[str, str] | None = None,
        correlation: Mapping[str, str] | None = None,
        component: tuple[str, str] | None = None,
        severity: str | None = None,
        message: str | None = None,
        tags: Iterable[str] | None = None,
        attrs: Mapping[str, Any] | None = None,
        internal: bool = False,
    ) -> Self: ...
    @staticmethod
    def from_json(json: str | bytes, /) -> Event: ...
    @property
    def id(self) -> str: ...
    @property
    def seq(self) -> int | None: ...
    @property
    def origin(self) -> tuple[str, int, int] | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def time(self) -> datetime:
        """When it happened, to the microsecond, in UTC."""

    @property
    def source(self) -> str | None: ...
    @property
    def source_name(self) -> str | None: ...
    @property
    def scope(self) -> Mapping[str, str]: ...
    @property
    def correlation(self) -> Mapping[str, str]: ...
    @property
    def component(self) -> tuple[str, str] | None: ...
    @property
    def phase(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def severity(self) -> str: ...
    @property
    def message(self) -> str | None: ...
    @property
    def tags(self) -> frozenset[str]: ...
    @property
    def attrs(self) -> Mapping[str, Any]: ...
    @property
    def internal(self) -> bool: ...
    @property
    def size(self) -> int:
        """An upper bound of its size as JSON, in bytes."""

    @property
    def merged(self) -> tuple[int, int] | None:
        """`(first_seq, count)` of the events that it was merged from."""

    @property
    def payload(self) -> _P:
        """What the event says: an object of the kind's class, else what its JSON says."""

    def json(self) -> str: ...
    def payload_json(self) -> str | None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def field(self, name: str, /) -> str | None:
        """The value of a field by its name in filters, such as `session` or `payload.user.id`, as text."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...

@final
class Gap:
    """Events that a subscription should have got and didn't."""

    __match_args__ = ("first", "last", "count", "reason")
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def reason(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Published:
    """What became of a published event; `seq` is `None` where nobody wanted it and it was never built."""

    @property
    def seq(self) -> int | None: ...
    @property
    def matched(self) -> int: ...
    @property
    def delivered(self) -> int: ...
    @property
    def deferred(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    @property
    def blocked(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Pending:
    """Something that will be: a receipt, an answer, a close, room for an event, the next items of a subscription."""

    def poll(self, wake: Callable[[], object] | None, /) -> tuple[bool, Any]:
        """`(True, result)`, or `(False, None)`: then `wake` is called once, from any thread, when it is worth looking
        again. A result is taken by this, and by this only."""

    def wait(self, timeout: float | None = None) -> Any:
        """Waits for the result, with the interpreter's lock released; Ctrl-C interrupts."""

    def cancel(self) -> None:
        """Gives it up."""

@disjoint_base
class Bus:
    """Takes events, gives each its sequence number, hands them to subscriptions."""

    def __new__(
        cls,
        name: str = "",
        *,
        history: int = 0,
        history_bytes: int = ...,
        shared_bytes: int = ...,
        workers: int = 64,
        pending_requests: int = 1024,
        subscriptions: int = 65536,
        closed_kept: int = 64,
        component_ids: str = "off",
        payloads: str = "off",
    ) -> Self: ...
    @property
    def name(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def publish(self, what: Event[Any] | str | Any, /, **payload: Any) -> Published: ...
    def try_publish(self, what: Event[Any] | str | Any, /, **payload: Any) -> Published: ...
    def publish_batch(self, events: Iterable[Event[Any]], /) -> list[Published]:
        """Publishes events at consecutive sequence numbers; all are checked before the first is published."""

    def publish_durable(self, what: Event[Any] | str | Any, /, **payload: Any) -> Receipt: ...
    def publishing(self, what: Event[Any] | str | Any, /, **payload: Any) -> Pending: ...
    def wants(self, kind: str, /) -> bool:
        """Whether anybody could want events of `kind`."""

    def interest(self) -> memoryview:
        """Which kinds anybody could want, a bit each: read in place, and true at every moment."""

    def on(
        self,
        pattern: str,
        handler: Callable[[Event[Any]], Any] | None,
        *,
        mode: str = "locked",
        key: str | None = None,
        concurrency: int | None = None,
        when_full: str = "drop_oldest",
        buffer: int = 1024,
        buffer_bytes: int = ...,
        max_wait: float = 1.0,
        timeout: float | None = None,
        once: bool = False,
        priority: int = 0,
        start: str | None = None,
        internal: bool = False,
        coalesce: float | None = None,
        weak: bool = False,
        name: str = "",
        on_gap: Callable[[Gap], Any] | None = None,
        set_aside_after: int | None = None,
    ) -> Any:
        """The `Listener` of a handler; without one, the `Subscription` of a handler that its owner calls, who settles
        each event."""

    def pull(
        self,
        pattern: str,
        *,
        when_full: str = "drop_oldest",
        buffer: int = 1024,
        buffer_bytes: int = ...,
        max_wait: float = 1.0,
        start: str | None = None,
        internal: bool = False,
        coalesce: float | None = None,
        priority: int = 0,
        name: str = "",
    ) -> Subscription: ...
    def request(self, event: Event[Any], timeout: float, /) -> Pending:
        """Publishes a question; what will be is the first event that replies to it."""

    def wait_for(self, pattern: str, timeout: float, /) -> Pending:
        """What will be is the first event from now on that matches."""

    def attach(self, url: str, /) -> Attachment:
        """Attaches what the URL names."""

    def watch(self, view: str, /, *, options: str = "") -> View:
        """Has the ready-made view of that name watch from now on; `options` is JSON."""

    def enrich(self, enricher: Callable[[Enrichment], Any], /) -> Enricher:
        """Has `enricher` complete events that are published through Python, before they have their place."""

    def redact(
        self,
        *,
        field: str | None = None,
        class_: str | None = None,
        kinds: str | None = None,
        matching: str | None = None,
    ) -> None:
        """Masks a field, or a class of fields, in every event from now on."""

    def position(self) -> str:
        """The position after the last event, as text."""

    def stats(self) -> dict[str, Any]: ...
    def closing(self, timeout: float, /) -> Pending:
        """Closes the bus, which has begun when this returns; what will be is the report."""

    def _close(self, timeout: float, /) -> dict[str, Any]:
        """Closes the bus, and waits for the report up to `timeout` seconds; inside a handler and on an event loop's
        thread it gives what can be said at once."""

@final
class Subscription:
    """A bounded queue of matching events, pulled in batches."""

    def next_batch(self, max: int = 256, timeout: float | None = None) -> list[Event[Any] | Gap]:
        """Waits for at least one item, up to `timeout` seconds, and takes what is there; `[]` when the time is over."""

    def try_next_batch(self, max: int = 256) -> list[Event[Any] | Gap]:
        """Takes what is there now."""

    def waiting(self, max: int = 256) -> Pending:
        """What will be is the next batch, `[]` when the subscription has ended."""

    def settle(self, outcome: str, count: int = 1, said: str | None = None) -> None:
        """Says how so many events ended, in the order of taking: `handled`, `failed`, `timed_out`, `skipped` or
        `discarded`; of one that failed, what is to be kept of it."""

    def position(self) -> str:
        """The position below which all has been delivered, as text."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def resize(self, buffer: int, buffer_bytes: int) -> None: ...
    def stats(self) -> dict[str, Any]: ...
    def close(self) -> None:
        """Ends the subscription; what is queued is discarded."""

@final
class Listener:
    """A handler's place on a bus. Dropping it changes nothing: the bus keeps the handler."""

    @property
    def active(self) -> bool:
        """Whether calls may still begin."""

    def unsubscribe(self, timeout: float = 1.0) -> str:
        """Ends the subscription: no call begins after this. Waits, up to `timeout` seconds, for calls that have begun;
        not inside a handler, nor on an event loop's thread. Says `quiet` or `still_running`."""

    def unsubscribing(self, timeout: float = 1.0) -> Pending:
        """The awaitable form of `unsubscribe`."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def resize(self, buffer: int, buffer_bytes: int) -> None: ...
    def stats(self) -> dict[str, Any]: ...

@final
class Attachment:
    """A sink's or store's place on a bus; dropping it leaves it attached."""

    @property
    def name(self) -> str: ...
    def stats(self) -> dict[str, Any]: ...
    def lag(self) -> int:
        """How many events wait for it."""

    def flush(self, timeout: float = 5.0) -> None:
        """Waits until all that was published is on the disk."""

    def flushing(self, timeout: float, /) -> Pending:
        """What will be is the moment when all that was published is on the disk."""

    def detach(self) -> None:
        """Takes it off the bus, and ends it."""

@final
class Receipt:
    """Word of one event that it is durable, or won't be."""

    @property
    def published(self) -> Published: ...
    @property
    def outcome(self) -> bool | None:
        """`True` where it is durable, `None` while there is no word; raises what kept it from becoming so."""

    def pending(self) -> Pending:
        """What will be is the word."""

@final
class View:
    """A view that watches a bus, until it is stopped or dropped."""

    def snapshot(self) -> str:
        """What has been learned until now, as JSON."""

    def stop(self) -> None: ...

@final
class Enrichment:
    """An event on its way to be published, in the hands of an enricher."""

    @property
    def event(self) -> Event[Any]: ...
    def attr(self, key: str, value: Any) -> None: ...
    def tag(self, tag: str) -> None: ...
    def scope(self, name: str, id: str) -> None: ...
    def source(self, source: str | tuple[str, str]) -> None: ...
    def severity(self, severity: str) -> None: ...
    def message(self, message: str) -> None: ...
    def payload(self, payload: Any) -> None: ...

@final
class Enricher:
    """An enricher's place on a bus; dropping it leaves the enricher there."""

    def remove(self) -> None: ...

@final
class Emitter:
    """A bus plus fixed context."""

    def __new__(
        cls,
        bus: Bus,
        *,
        scope: Mapping[str, str] | None = None,
        source: str | tuple[str, str] | None = None,
        correlation: Mapping[str, str] | None = None,
        tags: Iterable[str] | None = None,
        attrs: Mapping[str, Any] | None = None,
        component: str | None = None,
    ) -> Self: ...
    def emit(
        self,
        kind: str | Any,
        payload: Any = None,
        /,
        *,
        label: str | None = None,
        message: str | None = None,
        span: str | None = None,
        parent: str | None = None,
        **fields: Any,
    ) -> Published: ...
    def event(
        self,
        kind: str | Any,
        payload: Any = None,
        /,
        *,
        label: str | None = None,
        id: str | None = None,
        time_ns: int | None = None,
        severity: str | None = None,
        message: str | None = None,
        tags: Iterable[str] | None = None,
        attrs: Mapping[str, Any] | None = None,
        internal: bool = False,
    ) -> Event[Any]: ...
    def wants(self, kind: str, /) -> bool:
        """Whether anybody could want events of `kind`."""

@final
class Filter:
    """A filter, parsed; its text is the canonical one."""

    def __new__(cls, text: str, /) -> Self: ...
    def matches(self, event: Event[Any], /) -> bool: ...

@final
class Recording:
    """What is in a recording or store, in order: an iterator of events and gaps."""

    def __iter__(self) -> Iterator[Event[Any] | Gap]: ...
    def __next__(self) -> Event[Any] | Gap: ...
    def report(self) -> dict[str, Any] | None:
        """What has been read so far: records, events, what was skipped; `None` of a store."""

@final
class Player:
    """A recording that is being played into a bus; dropping it stops the play."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self) -> None: ...
    def stop(self) -> None: ...
    def seek(self, place: str, /) -> None:
        """Goes on at a time, or at an offset such as `90s`."""

    def set_speed(self, speed: float | None, /) -> None: ...
    def position(self) -> dict[str, Any]: ...
    def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits for the end, and gives what it came to; Ctrl-C interrupts the wait."""

    def pending(self) -> Pending:
        """What will be is the end."""

@final
class OnLoop:
    """A mark on the thread that made it: an event loop runs here, and nothing waits."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *raised: object) -> None: ...
    def close(self) -> None:
        """Takes the mark off."""

def register_payload(kind: str, decode: Callable[[dict[str, Any]], Any], /) -> None:
    """Has payloads of `kind` become what `decode` makes of their dictionary."""

def current_event() -> Event[Any] | None:
    """The event being handled."""

def set_ambient(event: Event[Any] | None, /) -> Token[Event[Any] | None]:
    """Has what the running task publishes be caused by `event`; returns a token for `reset_ambient`."""

def reset_ambient(token: Token[Event[Any] | None], /) -> None:
    """Ends what `set_ambient` began."""

def on_loop() -> OnLoop:
    """Marks this thread as one that runs an event loop, until the mark is closed."""

def new_span() -> str: ...
def new_trace() -> str: ...
def after_fork() -> None:
    """In a forked child: what there was is the parent's, and ids are drawn anew."""

def shutdown(timeout: float) -> None:
    """Closes all buses, within `timeout` seconds; no native thread calls into Python afterwards."""

def run(args: Sequence[str], /) -> int:
    """Runs the command that `args` are for, on the process's own streams; gives the exit code."""

def open_recording(
    path: str | PathLike[str],
    *,
    strict: bool = True,
    format: str | None = None,
    filter: str = "",
    limit: int | None = None,
) -> Recording:
    """Opens a recording of any format that is read; `strict` ends at the first broken record."""

def read_store(
    path: str | PathLike[str], *, filter: str = "", start: str = "earliest", limit: int | None = None, bus: str = ""
) -> Recording:
    """Reads what a store has: of one bus, or of all."""

def read_runs(
    path: str | PathLike[str],
    *,
    bus: str | None = None,
    session: str | None = None,
    begins: str = "",
    newest: int | None = None,
) -> list[dict[str, Any]]:
    """The runs that a store has, the newest last."""

def play(
    bus: Bus,
    source: str | PathLike[str],
    *,
    speed: float | None = 1.0,
    filter: str = "",
    max_pause: float | None = None,
    begin: str = "",
    end: str = "",
    paused: bool = False,
) -> Player:
    """Plays a recording or store into a bus, on a thread of its own; `speed` `None` is as fast as it goes."""
