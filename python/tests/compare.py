"""Compares results of scenarios with what is expected of them, and keeps the names that both share.

Objects are compared by the members that the expectation names, everything else whole.
"""

from __future__ import annotations

import re
from typing import Any

# What stands for a name, or for a member of what it names.
_NAME = re.compile(r"\$([a-z0-9_.]*)")


class Differs(Exception):
    """Something came to something else than expected."""


class Names(dict[str, Any]):
    """What has been named so far: ids, times and other values that no scenario can know beforehand."""

    def look_up(self, path: str) -> Any:
        """What `name`, or `name.member.0.member`, stands for."""
        name, *members = path.split(".")
        try:
            value = self[name]
            for member in members:
                value = value[int(member)] if isinstance(value, list) else value[member]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Differs(f"nothing is named {path!r} here") from None
        return value

    def replace(self, value: Any) -> Any:
        """`value` with what the names in it stand for; a handler's own steps are replaced when they are done."""
        if isinstance(value, str):
            whole = _NAME.fullmatch(value)
            if whole:
                return self.look_up(whole[1])
            return _NAME.sub(lambda name: str(self.look_up(name[1])), value)
        if isinstance(value, list):
            return [self.replace(item) for item in value]
        if isinstance(value, dict):
            if "$repeat" in value:
                text, times = value["$repeat"]
                return text * times
            return {name: item if name == "does" else self.replace(item) for name, item in value.items()}
        return value

    def compare(self, expected: Any, actual: Any, place: str = "the result") -> None:
        """Raises `Differs` where they differ; a name that is met for the first time is given to what stands there."""
        if self._is(expected, actual, place):
            return
        raise Differs(f"{place} should be {expected!r}, and is {actual!r}")

    def _is(self, expected: Any, actual: Any, place: str) -> bool:
        match expected:
            case "$_":
                return actual is not None
            case str() if expected.startswith("$"):
                return self._is_named(expected[1:], actual)
            case {"$not": refused}:
                try:
                    Names(self).compare(refused, actual)
                except Differs:
                    return True
                return False
            case {"$contains": part}:
                return isinstance(actual, str) and part in actual
            case {"$at_least": least}:
                return isinstance(actual, (int, float)) and actual >= least
            case {"$repeat": _}:
                return bool(self.replace(expected) == actual)
            case dict():
                if not isinstance(actual, dict):
                    return False
                for name, value in expected.items():
                    self.compare(value, actual.get(name), f"{place}.{name}")
                return True
            case list():
                if not isinstance(actual, list) or len(actual) != len(expected):
                    return False
                for at, (value, item) in enumerate(zip(expected, actual, strict=True)):
                    self.compare(value, item, f"{place}[{at}]")
                return True
        # Python takes true for 1.
        return bool(isinstance(expected, bool) == isinstance(actual, bool) and expected == actual)

    def _is_named(self, name: str, actual: Any) -> bool:
        if name.split(".")[0] in self:
            return bool(self.look_up(name) == actual)
        if actual is None:
            return False
        self[name] = actual
        return True
