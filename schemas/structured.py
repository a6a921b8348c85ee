"""One event as one line of JSON: the CloudEvents JSON event format, as `klipsync publish` reads it.

Source: CloudEvents 1.0.2, JSON event format, section 3. Integers there have 32 bits, so `aggregateversion` may be
written as text too.
"""

from datetime import UTC, datetime
from typing import Any, Final

from schemas import attributes as checks
from schemas import envelope, exact, reading, registry
from schemas.unreadable import Problem, Reason, Unreadable

MAX_LINE: Final = 4 * 1024 * 1024
"""Bytes of one line. An event may have 1 MiB; JSON's escapes can make a line longer than what it says."""

_MEMBERS: Final = frozenset({*checks.KNOWN, "datacontenttype", "data"})


def read(line: bytes | str) -> envelope.Event:
    """One line as an event, with a producer's strictness: unknown members and unknown fields are refused.

    Raises:
        Unreadable: naming each field that is wrong, and what to do.
    """
    if len(line) > MAX_LINE:
        raise Unreadable(Reason.TOO_LARGE, Problem("line", f"has more than {MAX_LINE} bytes; split the event"))
    members = reading.json_object(line, field="line")
    _refuse_members(members)
    checks.require(members)
    if "data" not in members:
        raise Unreadable(Reason.SCHEMA_VIOLATION, Problem("data", "is missing; add the event's content"))
    attributes = {name: value for name, value in members.items() if name != "data" and value is not None}
    attributes["time"] = _time(members["time"])
    return envelope.of_attributes(attributes, _json_bytes(members["data"]), strict=True)


def write(event: envelope.Event) -> str:
    """An event as one line, without the line's end. Reading it gives the same event."""
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "tenantid": event.tenant,
        "dataschema": registry.dataschema(name=event.type, version=event.schema_version),
        "data": event.data,
    }
    optional = {"aggregateversion": event.version, "traceparent": event.traceparent}
    return exact.dumps(members | {name: value for name, value in optional.items() if value is not None})


def _refuse_members(members: dict[str, Any]) -> None:
    unknown = sorted(set(members) - _MEMBERS)
    if unknown:
        hint = "is no attribute of klipsync's events; remove it or correct its name"
        raise Unreadable(Reason.BAD_ATTRIBUTE, *(Problem(name[:50], hint) for name in unknown[:5]))
    if members.get("specversion") not in (None, "", "1.0"):
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("specversion", 'must be "1.0"'))
    if members.get("datacontenttype") not in (None, checks.CONTENT_TYPE):
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("datacontenttype", "must be application/json or be left out"))


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _json_bytes(value: object) -> bytes:
    try:
        return exact.dumps(value).encode()
    except UnicodeEncodeError:
        hint = "holds half a surrogate pair; send whole characters"
        raise Unreadable(Reason.SCHEMA_VIOLATION, Problem("data", hint)) from None
