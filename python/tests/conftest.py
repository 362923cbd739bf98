"""What all tests share: the package's own pytest plugin, which an installed package brings by itself."""

from __future__ import annotations

from newswire.testing.plugin import newswire_bus, pytest_runtest_makereport

__all__ = ["newswire_bus", "pytest_runtest_makereport"]
