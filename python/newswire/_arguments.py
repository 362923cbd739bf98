"""What is wrong with a call itself, told as everything else is: an `ArgumentError` that names the argument.

Python's own errors for it, and those of native code, say neither where nor what was expected. They are judged here,
after the fact, so that a call without fault pays for nothing but one frame.
"""

from __future__ import annotations

from .errors import ArgumentError, InvalidError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature
    from types import FunctionType
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])
    C = TypeVar("C", bound=type)

_WRONG = (TypeError, OverflowError, UnicodeEncodeError)
_COROUTINE, _GENERATOR = 0x80, 0x20

# What those of native functions are that have no annotations when they run.
_NATIVE = {
    "kind": "str", "path": "str | PathLike[str]", "filter": "str", "format": "str | None", "limit": "int | None",
    "strict": "bool", "start": "str", "bus": "str | None", "session": "str | None", "begins": "str",
    "newest": "int | None", "field": "str | None", "class_": "str | None", "kinds": "str | None",
    "matching": "str | None", "name": "str", "history": "int", "history_bytes": "int", "shared_bytes": "int",
    "workers": "int", "pending_requests": "int", "subscriptions": "int", "closed_kept": "int",
    "component_ids": "str", "payloads": "str",
}  # fmt: skip

# How people call what an annotation says.
_SAID = {
    "int": "an int",
    "str": "a str",
    "bool": "True or False",
    "None": "None",
    "str | type": "a str, or a payload class",
    "str | PathLike[str]": "a path",
}
_SECONDS = {"timeout", "max_pause", "coalesce", "max_wait"}


def told(function: F) -> F:
    """`function`, with `ArgumentError` for a call that it can't take."""
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if flags & _GENERATOR:
        return function
    call: Any
    if flags & _COROUTINE:

        async def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except _WRONG as error:
                raise _judged(function, args, kwargs, error) from error.__cause__
    else:

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except _WRONG as error:
                raise _judged(function, args, kwargs, error) from error.__cause__

    made: F = _like(call, function)
    return made


def all_told(*inherited: str, but: str = "") -> Callable[[C], C]:
    """Has all public methods of a class `told`, `but` one where each nanosecond counts, and inherited ones by name."""

    def tell(cls: C) -> C:
        methods = {name: getattr(cls, name) for name in inherited}
        methods |= {name: value for name, value in vars(cls).items() if _is_method(name, value)}
        methods.pop(but, None)
        for name, method in methods.items():
            setattr(cls, name, told(method))
        return cls

    return tell


def made_by(native: type) -> Any:
    """`__new__` of a class on top of `native`."""

    def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return native.__new__(cls, *args, **kwargs)
        except _WRONG as error:
            raise _judged(native, args, kwargs, error) from error.__cause__

    return __new__


def seconds(value: Any, path: str = "timeout") -> float:
    """A time to wait for; raises `ArgumentError` or `InvalidError` for what is none."""
    if not _fits(value, "float"):
        raise ArgumentError(_misfit(value), path=path, expected="seconds, 0 or more")
    if not value >= 0:
        raise InvalidError(f"{value} is no time that can be waited for", path=path, expected="seconds, 0 or more")
    return float(value)


def _is_method(name: str, value: Any) -> bool:
    # By its class's name: `types` isn't loaded for this.
    return type(value).__name__ == "function" and (name == "__init__" or not name.startswith("_"))


def _like(call: FunctionType, function: Any) -> Any:
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(call, name, getattr(function, name, None))
    call.__wrapped__ = function  # type: ignore[attr-defined]
    return call


def _judged(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> Exception:
    """What the call is told; `error` itself where that is about something else."""
    # The errors of Newswire are of these classes as well; what user code raises comes from a frame of its own.
    if type(error) not in _WRONG or not _is_raised_here(error):
        return error
    from inspect import signature

    try:
        takes = signature(function)
    except ValueError:
        return error
    try:
        given = takes.bind(*args, **kwargs).arguments
    except TypeError as why:
        return _unbound(takes, args, kwargs, why)
    for name, value in given.items():
        annotation = takes.parameters[name].annotation
        wanted = _NATIVE.get(name, "Any") if annotation is takes.empty else str(annotation)
        optional = takes.parameters[name].default is None
        if isinstance(value, str) and (fault := unwritable(value, name)):
            return fault
        if not (_fits(value, wanted) or (value is None and optional)):
            return ArgumentError(_misfit(value), path=name, expected=_said(name, wanted))
        if isinstance(error, OverflowError) and isinstance(value, int) and abs(value) >= 1 << 31:
            return ArgumentError("the integer is too large", path=name, expected="an int of 64 bits")
    return error


def _is_raised_here(error: Exception) -> bool:
    """Whether it comes from the call itself, or from what this package has called in native code."""
    at = error.__traceback__
    if at is None:
        return False
    while at.tb_next is not None:
        at = at.tb_next
    return str(at.tb_frame.f_globals.get("__name__")).partition(".")[0] == __name__.partition(".")[0]


def _unbound(takes: Signature, args: tuple[Any, ...], kwargs: dict[str, Any], why: TypeError) -> ArgumentError:
    names = [name for name in takes.parameters if name != "self"]
    named = [name for name in names if takes.parameters[name].kind in (1, 3)]  # those that may be given by name
    for name in kwargs:
        if name not in named:
            return ArgumentError(f"there is no keyword {name!r}", path=name, expected=near(name, named))
    for name in names:
        try:
            takes.bind_partial(*args, **kwargs)
        except TypeError:
            break
        parameter = takes.parameters[name]
        if name not in takes.bind_partial(*args, **kwargs).arguments and parameter.default is parameter.empty:
            return ArgumentError("it is missing", path=name, expected=f"an argument {name}")
    return ArgumentError(str(why), expected=", ".join(names) or "no argument")


def near(name: str, names: list[str]) -> str:
    """Which of them was meant; all, where none is like it."""
    from difflib import get_close_matches

    return ", ".join(get_close_matches(name, names, 1) or names) or "no keyword"


def unwritable(text: str, path: str) -> ArgumentError | None:
    """What is wrong with a text that UTF-8 can't hold, at the first character that is none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "the text has a lone surrogate, which is no character"
        return ArgumentError(message, path=path, column=error.start + 1, expected="text that UTF-8 can hold")
    return None


def _misfit(value: Any) -> str:
    return f"it can't be of type {type(value).__name__}"


def _said(name: str, wanted: str) -> str:
    if name in _SECONDS:
        return "seconds, 0 or more" + (" or None" if wanted.endswith("None") else "")
    if wanted in _SAID:
        return _SAID[wanted]
    return " or ".join(_SAID.get(one, one) for one in wanted.split(" | "))


def _fits(value: Any, wanted: str) -> bool:
    """Whether a value is what an annotation says, as far as that is looked at."""
    return any(_is(value, one.partition("[")[0]) for one in wanted.split(" | "))


def _is(value: Any, wanted: str) -> bool:
    match wanted:
        case "None":
            return value is None
        case "str" | "bool" | "type":
            return isinstance(value, {"str": str, "bool": bool, "type": type}[wanted])
        case "int":
            return hasattr(type(value), "__index__")
        case "float":
            # What has an index is a number as well.
            return hasattr(type(value), "__float__") or hasattr(type(value), "__index__")
        case "PathLike":
            return hasattr(type(value), "__fspath__")
        case "Callable":
            return callable(value)
        case "Iterable" | "Mapping" | "tuple" | "list":
            return hasattr(value, "keys" if wanted == "Mapping" else "__iter__")
        case "Event" | "Emitter" | "Bus":
            return type(value).__name__ == wanted or any(cls.__name__ == wanted for cls in type(value).__mro__)
    return True
