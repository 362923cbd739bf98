"""An adapter's mistakes are its own: they are counted and logged once, and the agent goes on."""

from __future__ import annotations

import logging
import threading
from functools import wraps

from ..errors import ClosedError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    H = TypeVar("H", bound=Callable[..., None])

_LOG = logging.getLogger("newswire")


class Faults:
    """Something whose faults are counted: `fault_count` says how many there were."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fault_count = 0
        self._logged: set[tuple[str, type]] = set()
        self._counting = threading.Lock()

    def _note_fault(self, hook: str, error: Exception) -> None:
        with self._counting:
            self.fault_count += 1
            known = (hook, type(error)) in self._logged
            self._logged.add((hook, type(error)))
        if not known:
            _LOG.error("the adapter %s failed in %s; the agent goes on", type(self).__name__, hook, exc_info=error)


def harmless(hook: H) -> H:
    """The same hook of an object with `Faults`, whose errors don't reach the framework."""

    @wraps(hook)
    def guarded(self: Faults, *args: Any, **kwargs: Any) -> None:
        try:
            hook(self, *args, **kwargs)
        except ClosedError:
            pass  # the program closed its bus: nobody is left to tell
        except Exception as error:
            self._note_fault(hook.__name__, error)

    return guarded  # type: ignore[return-value]
