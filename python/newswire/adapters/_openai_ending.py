"""How what has ended with an exception ended: failed, or canceled because somebody or something stopped it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._guard import failure, is_cancellation

if TYPE_CHECKING:
    from ._operations import Operation


def ending(error: BaseException) -> tuple[str, dict[str, Any]]:
    """The phase that it ended in, and what that event says."""
    if type(error).__name__.endswith("TripwireTriggered"):
        return "canceled", {"reason": str(error)}
    if is_cancellation(error):
        return "canceled", {"reason": type(error).__name__}
    # The SDK wraps what a tool raised.
    return "failed", {"error": failure(error.__cause__ or error)}


def raised(operation: Operation, error: BaseException | None) -> BaseException | None:
    """The exception that ends it: not one that was being handled when it began."""
    return None if error is operation.facts.get("handled") else error
