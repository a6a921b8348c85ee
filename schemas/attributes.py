"""CloudEvents attributes: read from Kafka headers, and each checked for what it must be."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas import registry
from schemas.fields import INT64_MAX
from schemas.kinds import Kind, KlipboardId, TenantId
from schemas.unreadable import Problem, Reason, Unreadable

CONTENT_TYPE: Final = "application/json"
REQUIRED: Final = ("specversion", "id", "source", "type", "subject", "time")
"""Beside `tenantid`, and `aggregateversion` for records; these two have reasons of their own when missing."""
KNOWN: Final = frozenset({*REQUIRED, "dataschema", "tenantid", "aggregateversion", "traceparent"})

MAX_ATTRIBUTE: Final = 255
MAX_ID: Final = 200
_VERSION: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_TIME_HINT: Final = "is no time; write RFC 3339 with a zone, such as 2026-03-02T09:30:00Z"


class Subject(NamedTuple):
    """What an event is about: `invoice/17` in two halves."""

    about: str
    id: KlipboardId

    @property
    def kind(self) -> Kind | None:
        """None when the event is about the tenant itself."""
        return None if self.about == registry.TENANT else Kind(self.about)


def of_headers(headers: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """The attributes we know, by name. Headers of others (tracing, other extensions) are left alone.

    Raises Unreadable.
    """
    ours = _ours(headers)
    _refuse_other_forms(ours)
    # Before the library reads them, because it makes up an id and a time where there is none.
    require({name.removeprefix("ce_"): value for name, value in ours.items()})
    try:
        return dict(from_binary(KafkaMessage(ours, None, b"{}"), JSONFormat(), CloudEvent).get_attributes())
    except UnicodeDecodeError:
        raise Unreadable(Reason.NOT_DECODABLE, Problem("headers", "are no UTF-8; encode header values so")) from None
    except CloudEventValidationError as error:
        raise Unreadable(Reason.BAD_ATTRIBUTE, *map(_library_problem, sorted(error.errors))) from None
    except (ValueError, OverflowError):
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("time", _TIME_HINT)) from None


def require(attributes: Mapping[str, object]) -> None:
    """All of `REQUIRED` are there and not empty. Raises Unreadable, naming each that is missing."""
    missing = [Problem(name, "is missing; set this attribute") for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise Unreadable(Reason.BAD_ATTRIBUTE, *missing)


def text(attributes: Mapping[str, Any], field: str, *, limit: int = MAX_ATTRIBUTE) -> str:
    """A required text of at most `limit` characters, none of them a control character. Raises Unreadable."""
    value = attributes.get(field)
    if value is None or value == "":
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem(field, "is missing; set this attribute"))
    if not isinstance(value, str):
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem(field, "must be text; put it in quotes"))
    if len(value) > limit:
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem(field, f"is longer than {limit} characters; shorten it"))
    if any(ord(letter) < ord(" ") or "\ud800" <= letter <= "\udfff" for letter in value):
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem(field, "holds NUL or another control character; remove it"))
    return value


def tenant(attributes: Mapping[str, Any]) -> TenantId:
    """Whose event this is. Raises Unreadable (`no_tenant_id`)."""
    value = attributes.get("tenantid")
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Unreadable(Reason.NO_TENANT_ID, Problem("tenantid", "is missing; say whose event this is"))
    return TenantId(text(attributes, "tenantid", limit=MAX_ID))


def subject(value: str, *, tenant: TenantId) -> Subject:
    """`invoice/17` in its halves; `tenant/<id>` must name the event's own tenant. Raises Unreadable."""
    about, _, id_ = value.partition("/")
    if not about or not id_ or len(id_) > MAX_ID:
        hint = f"must be a kind, a slash and an id of 1 to {MAX_ID} characters, such as invoice/17"
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("subject", hint))
    if about == registry.TENANT and id_ != tenant:
        hint = "names another tenant than tenantid; make them equal"
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("subject", hint))
    return Subject(about, KlipboardId(id_))


def event_type(attributes: Mapping[str, Any], *, name: str, about: str) -> registry.EventType:
    """The released type that `type`, `dataschema` and `subject` name together. Raises Unreadable."""
    version = _schema_version(attributes.get("dataschema"), name=name)
    if version not in registry.versions(name):
        known = ", ".join(str(number) for number in registry.versions(name))
        hint = f"names version {version} of {name}; known are {known}: deploy klipsync first, or send one of these"
        raise Unreadable(Reason.UNKNOWN_VERSION, Problem("dataschema", hint))
    found = registry.find(name=name, version=version, subject=about)
    if found is None:
        wanted = " or ".join(f"{kind}/<id>" for kind in registry.subjects(name=name, version=version))
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("subject", f"of {name} must be {wanted}, not {about!r}"))
    return found


def time(value: object) -> datetime:
    """When it happened, in UTC. Raises Unreadable."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("time", _TIME_HINT))
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("time", "is outside the years 1 to 9999; correct it")) from None


def version(value: object, *, required: bool) -> int | None:
    """`aggregateversion`: digits, at most 64 bits; JSON may hold it as an integer too. Raises Unreadable."""
    if value is None:
        if required:
            hint = "is missing; send an integer that grows with every change of this thing"
            raise Unreadable(Reason.NO_VERSION, Problem("aggregateversion", hint))
        return None
    digits = "" if isinstance(value, bool) else str(value)
    if _VERSION.fullmatch(digits) is None or int(digits) > INT64_MAX:
        hint = f"must be an integer from 0 to {INT64_MAX} (64 bits), in plain digits"
        raise Unreadable(Reason.NO_VERSION, Problem("aggregateversion", hint))
    return int(digits)


def traceparent(value: object) -> str | None:
    """A malformed one is ignored, as W3C Trace Context section 3.2.2 wants."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def known_types() -> str:
    """All type names, for the sentence about one that nobody knows."""
    return "known are " + ", ".join(sorted({event.name for event in registry.EVENTS}))


def _ours(headers: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for raw, value in headers:
        name = raw.lower()
        if name != "content-type" and not (name.startswith("ce_") and name.removeprefix("ce_") in KNOWN):
            continue
        if name in found:
            raise Unreadable(Reason.NOT_DECODABLE, Problem(name, "comes twice among the headers; send it once"))
        found[name] = value or b""  # Kafka allows a header without a value
    return found


def _refuse_other_forms(headers: Mapping[str, bytes]) -> None:
    content_type = headers.get("content-type", CONTENT_TYPE.encode()).split(b";")[0].strip().lower()
    if content_type == b"application/cloudevents+json":
        hint = "is structured mode; send binary mode: attributes in ce_* headers, the data alone as the value"
        raise Unreadable(Reason.NOT_DECODABLE, Problem("content-type", hint))
    if content_type != CONTENT_TYPE.encode():
        raise Unreadable(Reason.NOT_DECODABLE, Problem("content-type", "must be application/json"))


def _library_problem(field: str) -> Problem:
    return Problem(field, _TIME_HINT if field == "time" else "is not as CloudEvents 1.0 wants it; correct it")


def _schema_version(value: object, *, name: str) -> int:
    """Version 1 where nothing is said: that is what an event without a dataschema has always meant."""
    if value is None:
        return 1
    found = re.fullmatch(rf"urn:klipsync:{re.escape(name)}:([1-9][0-9]{{0,3}})", str(value), re.ASCII)
    if found is None:
        hint = f"must be {registry.dataschema(name=name, version=1)} for this type, or be left out"
        raise Unreadable(Reason.BAD_ATTRIBUTE, Problem("dataschema", hint))
    return int(found.group(1))
