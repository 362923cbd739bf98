"""What the adapters' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def no_export() -> Iterator[None]:
    """The OpenAI Agents SDK without its own exporter, which would want a key and a network."""
    from agents.tracing import set_trace_processors

    from newswire.adapters import openai_agents

    openai_agents.uninstall()
    set_trace_processors([])
    # The adapter adds its processor once in a process's life; a test that takes all away has it add it again.
    openai_agents._processor = None
    yield
    openai_agents.uninstall()
    set_trace_processors([])
