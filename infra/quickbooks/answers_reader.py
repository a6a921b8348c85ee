"""An HTTP reply → what it means. Pure. Two envelopes: the API's own faults, and its gateway's in small letters."""

from collections.abc import Mapping
from typing import Any

from infra.quickbooks.transport import Reply
from schemas import exact
from schemas.quickbooks.answers import Accepted, Answer, Faulted, FaultError, Unanswered

GATEWAY_REFUSALS = frozenset({401, 403, 429})  # definite without a body too: the gateway passed nothing on
NEVER_REACHED_BOOKS = frozenset({401, 429})
SERVER_TROUBLE = 500


def read_answer(reply: Reply) -> Answer:
    """`Accepted`, `Faulted` or `Unanswered` (5xx, and whatever cannot be read)."""
    tid = reply.headers.get("intuit_tid") or reply.headers.get("intuit-tid") or ""
    if reply.status >= SERVER_TROUBLE:
        return Unanswered(reason=f"QuickBooks answered {reply.status}", status=reply.status, intuit_tid=tid)
    body = _object(reply.body)
    if (fault := _fault(reply.status, body, tid)) is not None:
        return fault
    if 200 <= reply.status < 300 and body is not None:  # noqa: PLR2004 - HTTP's class of success
        return Accepted(body=body, intuit_tid=tid)
    if reply.status in GATEWAY_REFUSALS:
        return Faulted(status=reply.status, errors=(), gateway=True, intuit_tid=tid)
    return Unanswered(reason=f"QuickBooks answered {reply.status} unreadably", status=reply.status, intuit_tid=tid)


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        parsed = exact.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _fault(status: int, body: Mapping[str, Any] | None, tid: str) -> Faulted | None:
    if body is None:
        return None
    if isinstance(fault := body.get("Fault"), dict):
        gateway = status in NEVER_REACHED_BOOKS
        return Faulted(status=status, errors=_errors(fault.get("Error"), status), gateway=gateway, intuit_tid=tid)
    if isinstance(fault := body.get("fault"), dict):
        return Faulted(status=status, errors=_errors(fault.get("error"), status), gateway=True, intuit_tid=tid)
    return None


def _errors(errors: object, status: int) -> tuple[FaultError, ...]:
    listed = errors if isinstance(errors, list) else []
    return tuple(_error(error, status) for error in listed if isinstance(error, dict))


def _error(error: Mapping[str, Any], status: int) -> FaultError:
    """A 401's detail quotes the access token ("Token expired: …"): it is dropped, as faults are stored and shown."""
    words = {name.lower(): "" if value is None else str(value) for name, value in error.items()}
    return FaultError(
        code=words.get("code", ""),
        message=words.get("message", ""),
        detail="" if status == 401 else words.get("detail", ""),  # noqa: PLR2004 - HTTP's Unauthorized
        element=words.get("element", ""),
    )
