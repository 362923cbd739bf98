"""`logging` onto the bus: what programs log becomes `log.written`.

The other way round needs nothing: what goes wrong in handlers, and gaps, are logged under `newswire`.
"""

from __future__ import annotations

import logging

from . import _ambient
from .errors import ClosedError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from ._bus import Bus
    from .emitter import Emitter


class LogHandler(logging.Handler):
    """Publishes log records, as a part of the operation that is open where they are written.

        logging.getLogger().addHandler(newswire.LogHandler(newswire.bus()))

    Newswire's own records are left out, since each could bring the next. Of a closed bus it is silent.
    """

    def __init__(self, bus: Bus | Emitter, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        from .emitter import Emitter

        self._emitter = bus if isinstance(bus, Emitter) else bus.emitter()

    def emit(self, record: logging.LogRecord) -> None:
        """Publishes the record."""
        if record.name == "newswire" or record.name.startswith("newswire."):
            return
        try:
            if self._emitter.wants("log.written"):
                self._publish(record)
        except ClosedError:
            # Programs log on when their bus is closed, and in children that have inherited it.
            return
        except Exception:
            self.handleError(record)

    def _publish(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        around = _ambient.emitter()
        emitter = self._emitter if around is None else self._emitter.with_context(parent=around)
        emitter.log_written(text, logger=record.name, level=record.levelname.lower())
