"""What an agent did, as a test asks for it; with pytest or without.

    def test_the_agent_looks_before_it_writes(newswire_bus):
        newswire.adapters.langchain.install(newswire_bus)
        graph.invoke(question)

        seen = newswire_bus.seen
        seen.no_failures()
        seen.tool("read").before("write")
        seen.tools("read", "write")
        seen.at_most(3, "model.call.started")
        seen.cost_under(0.05)

A failed expectation shows what happened as a tree, the offending lines marked. pytest finds the fixture by itself;
elsewhere `with newswire.testing.record() as bus:` gives the same bus. Nothing is loaded before it is used: pytest
loads the plugin in every run.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from ._matches import Matches as Matches
    from ._recorded import RecordedBus as RecordedBus
    from ._recorded import record as record
    from ._seen import Seen as Seen
    from ._tree import tree as tree

_HOME = {"Matches": "_matches", "RecordedBus": "_recorded", "record": "_recorded", "Seen": "_seen", "tree": "_tree"}

__all__ = ["Matches", "RecordedBus", "Seen", "record", "tree"]

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _HOME:
            from importlib import import_module

            found = getattr(import_module(f".{_HOME[name]}", __name__), name)
            globals()[name] = found
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
