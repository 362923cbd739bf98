"""Functions whose every call is an operation: plain and async ones, and generators of both sorts.

While a generator is suspended, the operation isn't ambient: its consumer isn't a part of it.
"""

from __future__ import annotations

from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

from . import _ambient

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator
    from typing import Any, TypeVar

    from ._guard import Guard

    F = TypeVar("F", bound=Callable[..., Any])


def decorate(function: F, begin: Callable[[tuple[Any, ...], dict[str, Any]], Guard]) -> F:
    """`function`, with each call an operation; `begin` gives its guard for the arguments."""
    made: Any
    if isasyncgenfunction(function):
        made = _async_generator(function, begin)
    elif isgeneratorfunction(function):
        made = _generator(function, begin)
    elif iscoroutinefunction(function):
        made = _coroutine(function, begin)
    else:
        made = _plain(function, begin)
    wrapped: F = wraps(function)(made)  # type: ignore[assignment]
    return wrapped


def _plain(function: Callable[..., Any], begin: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with begin(args, kwargs) as guard:
            result = function(*args, **kwargs)
            guard._end_by(None, result)
            return result

    return call


def _coroutine(function: Callable[..., Any], begin: Any) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with begin(args, kwargs) as guard:
            result = await function(*args, **kwargs)
            guard._end_by(None, result)
            return result

    return call


def _generator(function: Callable[..., Any], begin: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        guard = begin(args, kwargs).begin()
        inner = function(*args, **kwargs)
        resume, value = inner.send, None
        try:
            while True:
                try:
                    with _Inside(guard):
                        item = resume(value)
                except StopIteration as stop:
                    guard._end_by(None)
                    return stop.value
                try:
                    resume, value = inner.send, (yield item)
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as thrown:
                    resume, value = inner.throw, thrown
        except BaseException as error:
            guard._end_by(error)
            raise

    return call


def _async_generator(function: Callable[..., Any], begin: Any) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        guard = begin(args, kwargs).begin()
        inner = function(*args, **kwargs)
        resume, value = inner.asend, None
        try:
            while True:
                try:
                    with _Inside(guard):
                        item = await resume(value)
                except StopAsyncIteration:
                    guard._end_by(None)
                    return
                try:
                    resume, value = inner.asend, (yield item)
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as thrown:
                    resume, value = inner.athrow, thrown
        except BaseException as error:
            guard._end_by(error)
            raise

    return call


class _Inside:
    """The operation is ambient within the block, and goes on behind it."""

    __slots__ = ("_frame", "_guard")

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def __enter__(self) -> None:
        self._frame = _ambient.enter(self._guard.emitter)

    def __exit__(self, *_: object) -> None:
        self._frame.leave()
