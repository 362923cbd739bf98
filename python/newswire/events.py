"""Payloads of any class: the catalogue's, and an application's own dataclasses, TypedDicts and pydantic models."""

from __future__ import annotations

import sys

from ._payload import Payload, Record
from .errors import ArgumentError, InvalidError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    C = TypeVar("C", bound=type)

_KINDS: dict[type, str] = {}
_DECODERS: dict[str, Callable[[dict[str, Any]], Any]] = {}


def payload(kind: str) -> Callable[[C], C]:
    """Says of which kind a payload class is, so that events are published and subscribed to by it.

        @newswire.payload("deploy.finished")
        @dataclass
        class DeployFinished:
            service: str
            took_ns: int

        bus.publish(DeployFinished("api", 5))
        bus.on(DeployFinished, lambda event: print(event.payload.service))

    A dataclass, a TypedDict, a pydantic model, or any class with `to_dict()` and `from_dict()`.
    """

    if not isinstance(kind, str):
        raise ArgumentError(f"{kind!r} is no kind", path="kind", expected='a str, such as "deploy.finished"')

    def register(cls: C) -> C:
        from . import _native

        if not isinstance(cls, type):
            raise ArgumentError(f"{cls!r} is no payload class", expected="a class")
        decode = _told(_decoder(cls))
        _native.register_payload(kind, decode)
        if isinstance(getattr(cls, "KIND", None), str):
            # Its own or a payload's that it is a kind of: a publish looks there first.
            cls.KIND = kind  # type: ignore[attr-defined]
        _DECODERS[kind] = decode
        _KINDS[cls] = kind
        return cls

    return register


def kind_of(value: object) -> str:
    """The kind of a payload, or of a payload class."""
    cls = value if isinstance(value, type) else type(value)
    kind = _KINDS.get(cls) or getattr(cls, "KIND", None)
    if isinstance(kind, str):
        return kind
    raise ArgumentError(
        f"{cls.__qualname__} has no kind", expected=f'@newswire.payload("some.kind") on {cls.__qualname__}'
    )


def pattern_of(what: object) -> str:
    """The filter of what a subscription is for: a text, or a payload class."""
    if isinstance(what, str):
        return what
    if isinstance(what, type):
        return kind_of(what)
    expected = 'a text such as "tool.*", or a payload class'
    raise ArgumentError(f"{what!r} is no pattern", path="pattern", expected=expected)


def decoder_of(kind: str) -> Callable[[dict[str, Any]], Any] | None:
    """What makes an object of a payload of `kind`; None where a dictionary is all there is."""
    if (registered := _DECODERS.get(kind)) is not None:
        return registered
    from .payloads import class_of

    catalogued = class_of(kind)
    return None if catalogued is None else _told(catalogued.from_dict)


def encode(value: object) -> Any:
    """What JSON has of an object that isn't JSON itself.

    Raises `TypeError` for what has no form of its own there.
    """
    if isinstance(value, Record):
        return value.to_dict()
    if hasattr(type(value), "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]
    if _is_pydantic(type(value)):
        return value.model_dump(mode="json", by_alias=True)  # type: ignore[attr-defined]
    found = _natural(value)
    if found is None:
        raise TypeError(f"{type(value).__name__} is not JSON")
    return found


def _natural(value: Any) -> Any:
    """The usual text or number of what the standard library has, if whoever made the value has loaded it."""
    module, name = type(value).__module__, type(value).__name__
    if module == "datetime" and hasattr(value, "isoformat"):
        return value.isoformat()
    if module in ("uuid", "decimal", "ipaddress") or module.startswith("pathlib"):
        return str(value)
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(value, enum.Enum):
        return value.value
    if (module, name) in (("collections", "deque"), ("types", "SimpleNamespace")):
        return list(value) if name == "deque" else dict(vars(value))
    return None


def _told(decode: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """`decode`, saying of a payload that doesn't fit what every reader says of one."""

    def told(fields: dict[str, Any]) -> Any:
        try:
            return decode(fields)
        except (TypeError, ValueError) as error:
            raise InvalidError(str(error), path="payload") from error

    return told


def _decoder(cls: type) -> Callable[[dict[str, Any]], Any]:
    if issubclass(cls, Payload) or hasattr(cls, "from_dict"):
        from_dict: Callable[[dict[str, Any]], Any] = cls.from_dict
        return from_dict
    if hasattr(cls, "__dataclass_fields__"):
        names = {name for name, field in cls.__dataclass_fields__.items() if field.init}
        # Fields that a later version has added are left out, as they would be by one that doesn't know them.
        return lambda fields: cls(**{name: value for name, value in fields.items() if name in names})
    if _is_pydantic(cls):
        validate: Callable[[dict[str, Any]], Any] = cls.model_validate  # type: ignore[attr-defined]
        return validate
    if issubclass(cls, dict):  # a TypedDict
        return lambda fields: fields
    raise ArgumentError(
        f"{cls.__qualname__} is no payload class",
        expected="a dataclass, a TypedDict, a pydantic model, or from_dict() and to_dict()",
    )


def _is_pydantic(cls: type) -> bool:
    """Without loading pydantic: whoever has a model has loaded it."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)
