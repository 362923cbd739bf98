"""What classes and functions need of `typing` when they are made, without loading it.

Type checkers see the real ones.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Generic as Generic
    from typing import overload as overload
else:

    class Generic:
        """Stands for `typing.Generic`: subscripted, it stays what it is."""

        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls

    def overload(function):
        """Stands for `typing.overload`: the last definition counts."""
        return function
