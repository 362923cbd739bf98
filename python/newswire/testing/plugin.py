"""The pytest plugin: the fixture `newswire_bus`, and what happened beside a failed test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from ._recorded import RecordedBus

_SHOWN = pytest.StashKey[Any]()


@pytest.fixture
def newswire_bus(request: pytest.FixtureRequest) -> Generator[RecordedBus]:
    """A bus of the test's own, which keeps all that is published; also what `newswire.bus()` gives meanwhile."""
    # Not before a test asks for it: the plugin is loaded in every run of pytest.
    from .. import _bus
    from ._recorded import record

    with record(request.node.name) as bus:
        request.node.stash[_SHOWN] = bus
        before, _bus._default = _bus._default, bus
        try:
            yield bus
        finally:
            _bus._default = before
            for name in ("langchain", "openai_agents"):
                adapter = sys.modules.get(f"newswire.adapters.{name}")
                if adapter is not None:
                    adapter.uninstall(bus)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A failed test shows what happened on its bus, unless its failure does so already."""
    report = yield
    bus = item.stash.get(_SHOWN, None)
    if report.when == "call" and report.failed and bus is not None and "what happened:" not in str(report.longrepr):
        title = "what happened on newswire_bus"
        # Once, should the plugin be loaded by its entry point and by a conftest as well.
        if all(known != title for known, _ in report.sections):
            report.sections.append((title, bus.seen.tree() or "(nothing)"))
    return report
