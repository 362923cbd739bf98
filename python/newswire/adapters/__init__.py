"""Adapters: an agent written with another framework shows up on the bus with one line.

    import newswire.adapters

    newswire.adapters.install()

Each module needs its framework, and none is loaded before it is asked for. docs/adapters.md says which versions are
tested and what becomes of each of the framework's hooks.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .._bus import Bus

# The adapters, by the package that each is for.
_FRAMEWORKS = {"langchain_core": "langchain", "agents": "openai_agents"}


def install(bus: Bus | None = None) -> list[str]:
    """Makes whatever is run by a framework that is installed here tell `bus` (the process's own, if none is given).

    Gives the names of the adapters, whose own `install` can be told more; frameworks are imported by it.
    """
    from importlib import import_module
    from importlib.util import find_spec

    installed = []
    for package, adapter in _FRAMEWORKS.items():
        if find_spec(package) is None:
            continue
        try:
            module = import_module(f".{adapter}", __name__)
        except ImportError as error:
            # Another package of that name, or another version than the adapter knows.
            _warn(adapter, error)
            continue
        module.install(bus)
        installed.append(adapter)
    return installed


def _warn(adapter: str, error: ImportError) -> None:
    import logging

    logging.getLogger("newswire").warning("the adapter %s can't be used: %s", adapter, error)
