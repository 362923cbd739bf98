"""What every generated payload and record can do; the generated classes only say which fields they have.

Importing this loads no other module: payloads are imported by programs that must start fast.
"""

from __future__ import annotations

# Type checkers take it for true; `typing` would cost more to import than all of this.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, ClassVar, Self


class Record:
    """Named fields, absent ones `None`, that become a dictionary and come back from one.

    Fields that this version doesn't know are kept in `extra` and written again.
    """

    __slots__ = ("_extra",)
    _RECORDS: ClassVar[Mapping[str, type[Record]]] = {}
    _extra: Mapping[str, Any]

    @property
    def extra(self) -> Mapping[str, Any]:
        """The fields that this version doesn't know, by their names on the wire."""
        return getattr(self, "_extra", {})

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """What the JSON of a payload says, once parsed.

        Raises `TypeError` where a required field is missing. Values aren't checked: the core does that.
        """
        known = {}
        rest = dict(fields)
        for slot in cls.__slots__:
            name = slot.rstrip("_")
            if name in rest:
                value = rest.pop(name)
                record = cls._RECORDS.get(slot)
                known[slot] = value if record is None or value is None else record.from_dict(value)
        made = cls(**known)
        if rest:
            made._extra = rest
        return made

    def to_dict(self) -> dict[str, Any]:
        """The payload as JSON has it: absent fields left out."""
        return {
            slot.rstrip("_"): value.to_dict() if isinstance(value, Record) else value for slot, value in self._present()
        } | dict(self.extra)

    def _present(self) -> Iterator[tuple[str, Any]]:
        for slot in self.__slots__:
            value = getattr(self, slot)
            if value is not None:
                yield slot, value

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # fields can be set

    def __repr__(self) -> str:
        fields = [f"{slot}={value!r}" for slot, value in self._present()]
        fields += [f"{name}={value!r}" for name, value in self.extra.items()]
        return f"{type(self).__name__}({', '.join(fields)})"


class Payload(Record):
    """What an event says; a class of its own for each kind."""

    __slots__ = ()
    KIND: ClassVar[str]
