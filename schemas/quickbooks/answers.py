"""What one HTTP request to QuickBooks came to, seen from this side: four shapes, no exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultError:
    """One entry of a fault. Match on `code` alone: the texts are in the user's language."""

    code: str
    message: str
    detail: str = ""
    element: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """HTTP 200 with the object, query answer or change feed in `body` (decimals are `Decimal`)."""

    body: Mapping[str, Any]
    intuit_tid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """QuickBooks (or its gateway, then nothing reached the books) refused, with a readable fault."""

    status: int
    errors: tuple[FaultError, ...]
    gateway: bool
    intuit_tid: str = ""

    @property
    def code(self) -> str:
        """The first error's code; empty when there was none."""
        return self.errors[0].code if self.errors else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverLeft:
    """No byte of the request can have reached QuickBooks (no connection, no token)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """It may or may not have been executed: a time-out, a cut connection, a 5xx or an unreadable answer."""

    reason: str
    status: int | None = None
    intuit_tid: str = ""


Answer = Accepted | Faulted | NeverLeft | Unanswered
