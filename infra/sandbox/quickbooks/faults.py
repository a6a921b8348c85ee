"""Faults as they are raised: by a name of the table, which gives code, wording, element and HTTP status.

A new fault is a row in `request_faults.py` (requests, queries, the gateway) or `book_faults.py` (objects, bookkeeping).
"""

from dataclasses import dataclass, field

from infra.sandbox.quickbooks.book_faults import OBJECT_FAULTS, RULE_FAULTS
from infra.sandbox.quickbooks.request_faults import GATEWAY_FAULTS, QUERY_FAULTS, REQUEST_FAULTS, FaultRow


@dataclass(frozen=True, slots=True)
class FaultError:
    """One entry of `Fault.Error`, ready to be written."""

    code: str
    message: str
    detail: str
    element: str | None = None


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - a refusal is an answer of QuickBooks, not an error of the sandbox
    """QuickBooks refuses the request; the errors say why. Change the request, or what it needs, and send it again."""

    errors: tuple[FaultError, ...]
    status: int = 400
    type: str = "ValidationFault"
    timed: bool = True
    headers: dict[str, str] = field(default_factory=dict)


FAULTS: dict[str, FaultRow] = {**REQUEST_FAULTS, **QUERY_FAULTS, **OBJECT_FAULTS, **RULE_FAULTS, **GATEWAY_FAULTS}


def fault_error(name: str, /, **words: object) -> FaultError:
    """One error of the table, with its template filled."""
    row = FAULTS[name]
    element = None if row.element is None else row.element.format(**words)
    return FaultError(row.code, row.message, row.detail.format(**words), element)


def refusal(name: str, /, **words: object) -> Refusal:
    """The fault of that name as an exception to raise."""
    row = FAULTS[name]
    return Refusal((fault_error(name, **words),), status=row.status, type=row.type, timed=row.timed)


def not_modelled(what: str) -> Refusal:
    """The sandbox does not know how QuickBooks answers `what`; it says so instead of inventing an answer."""
    return refusal("not_modelled", what=what)
