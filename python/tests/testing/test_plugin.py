"""The plugin within a run of pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

import newswire

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A run of pytest that has the plugin, as an installed package brings it."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makeini("[pytest]\naddopts = -p newswire.testing.plugin -p no:cacheprovider\n")
    return pytester


def test_each_test_has_a_bus_of_its_own(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import newswire

        def test_one(newswire_bus):
            newswire_bus.emitter().emit("one.happened", {})
            assert newswire.bus() is newswire_bus
            newswire_bus.seen.happened("one.happened")

        def test_two(newswire_bus):
            newswire_bus.seen.never("one.happened")

        def test_without():
            assert newswire.bus().name == "default"
        """
    )
    run.runpytest_inprocess().assert_outcomes(passed=3)


def test_a_failed_expectation_shows_the_run_without_the_matchers_own_lines(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        def test_it(newswire_bus):
            with newswire_bus.emitter().run("cook"):
                pass
            newswire_bus.seen.tool("write").before("read")
        """
    )
    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*newswire_bus.seen.tool(*",
            "E*AssertionError: expected tool.call.started (name='write'), which didn't happen",
            "E*what happened:",
            "E*run cook*completed*",
        ]
    )
    result.stdout.no_fnmatch_line("*what happened on newswire_bus*")
    result.stdout.no_fnmatch_line("*_seen.py*")


def test_any_other_failure_shows_what_happened_beside_it(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        def test_it(newswire_bus):
            with newswire_bus.emitter().run("cook"):
                pass
            assert 1 == 2
        """
    )
    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*what happened on newswire_bus*", "*run cook*completed*"])


def test_the_plugin_loads_nothing_before_a_test_asks_for_a_bus(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(newswire.__file__).parents[1]))
    run.makepyfile(
        """
        import sys

        def test_it():
            loaded = [name for name in sys.modules if name.startswith("newswire")]
            assert "newswire._native" not in loaded, loaded
        """
    )
    run.runpytest_subprocess().assert_outcomes(passed=1)
