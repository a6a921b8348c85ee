"""The envelope: CloudEvents 1.0 on Kafka in binary content mode, read into an `Event` and written from one.

Source: CloudEvents 1.0.2, Kafka protocol binding, sections 3.1 to 3.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudevents.core.bindings.kafka import to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas import attributes as checks
from schemas import exact, reading, registry, topics
from schemas.fields import Fact
from schemas.kinds import Kind, KlipboardId, TenantId
from schemas.unreadable import Problem, Reason, Unreadable

__all__ = ["Event", "Message", "Problem", "Reason", "Unreadable", "decode", "encode", "of_attributes", "outgoing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One Kafka record. `topic` is where it was read, or where it belongs."""

    topic: str
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    @property
    def size(self) -> int:
        """Bytes of key, headers (names and values) and value."""
        headers = sum(len(name.encode()) + len(value or b"") for name, value in self.headers)
        return len(self.key or b"") + headers + len(self.value or b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Any event, in or out: attributes checked, data both as it was sent and as its model."""

    id: str
    source: str
    type: str
    tenant: TenantId
    subject: str
    kind: Kind | None
    """What the subject is about; None when that is the tenant itself."""
    subject_id: KlipboardId
    time: datetime
    version: int | None
    schema_version: int
    traceparent: str | None
    data: Mapping[str, Any]
    """As sent, unknown fields included; numbers with a point are `Decimal`."""
    fact: Fact


def decode(message: Message, *, strict: bool = False) -> Event:
    """Read a Kafka message. `strict` refuses fields that the type does not have (a producer's view).

    Raises:
        Unreadable: with a reason and a sentence for a person; the message is then a dead letter.
    """
    if message.size > topics.MAX_MESSAGE:
        raise Unreadable(Reason.TOO_LARGE, _too_large(message.size))
    if message.value is None:
        raise Unreadable(Reason.NOT_DECODABLE, Problem("value", "is empty; send the event's data as a JSON object"))
    attributes = checks.of_headers(message.headers)
    tenant = attributes.get("tenantid", "")
    if tenant.strip() and message.key is not None and message.key != tenant.encode():
        raise Unreadable(Reason.WRONG_KEY, Problem("key", "differs from tenantid; the key is the tenant id in UTF-8"))
    return of_attributes(attributes, message.value, strict=strict)


def of_attributes(attributes: Mapping[str, Any], value: bytes, *, strict: bool) -> Event:
    """An event from its attributes by CloudEvents name, and its data as JSON. Raises Unreadable."""
    name, source, id_ = (checks.text(attributes, field) for field in ("type", "source", "id"))
    if not registry.versions(name):
        raise Unreadable(Reason.UNKNOWN_TYPE, Problem("type", f"{name!r} is not known here; {checks.known_types()}"))
    tenant = checks.tenant(attributes)
    whole = checks.text(attributes, "subject")
    subject = checks.subject(whole, tenant=tenant)
    event_type = checks.event_type(attributes, name=name, about=subject.about)
    return Event(
        id=id_,
        source=source,
        type=name,
        tenant=tenant,
        subject=whole,
        kind=subject.kind,
        subject_id=subject.id,
        time=checks.time(attributes.get("time")),
        version=checks.version(attributes.get("aggregateversion"), required=event_type.versioned),
        schema_version=event_type.version,
        traceparent=checks.traceparent(attributes.get("traceparent")),
        data=reading.content(value),
        fact=reading.fact(event_type, value, strict=strict),
    )


def encode(event: Event) -> Message:
    """Write an event for Kafka; the key is the tenant id, so a tenant's events keep their order.

    Raises:
        Unreadable: it is over 1 MiB (`too_large`).
    """
    binary = to_binary(
        CloudEvent(_written(event), exact.dumps(event.data).encode()), JSONFormat(), lambda _: event.tenant.encode()
    )
    key = binary.key.encode() if isinstance(binary.key, str) else binary.key
    message = Message(topic=_topic(event), key=key, headers=tuple(binary.headers.items()), value=binary.value)
    if message.size > topics.MAX_MESSAGE:
        raise Unreadable(Reason.TOO_LARGE, _too_large(message.size))
    return message


def outgoing(
    *,
    type: str,  # noqa: A002 - the attribute's name
    tenant: TenantId,
    subject: str,
    fact: Fact,
    id: str,  # noqa: A002 - the attribute's name
    time: datetime,
    version: int | None = None,
    source: str = "klipsync",
    traceparent: str | None = None,
) -> Event:
    """An event of our own, checked like everybody else's. Raises Unreadable, which here is a bug."""
    value = exact.dumps(fact.model_dump(mode="json", exclude_none=True)).encode()
    attributes = {
        "id": id,
        "source": source,
        "type": type,
        "subject": subject,
        "tenantid": tenant,
        "time": time,
        "aggregateversion": version,
        "traceparent": traceparent,
    }
    return of_attributes({name: held for name, held in attributes.items() if held is not None}, value, strict=True)


def _written(event: Event) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC),
        "datacontenttype": checks.CONTENT_TYPE,
        "dataschema": registry.dataschema(name=event.type, version=event.schema_version),
        "tenantid": event.tenant,
    }
    if event.version is not None:
        attributes["aggregateversion"] = event.version
    if event.traceparent is not None:
        attributes["traceparent"] = event.traceparent
    return attributes


def _topic(event: Event) -> str:
    about = event.subject.partition("/")[0]
    found = registry.find(name=event.type, version=event.schema_version, subject=about)
    if found is None:  # only an Event built by hand past the checks gets here
        raise Unreadable(Reason.UNKNOWN_TYPE, Problem("type", f"{event.type!r} about {about!r} has no topic"))
    return found.topic


def _too_large(size: int) -> Problem:
    return Problem("message", f"has {size} bytes; at most {topics.MAX_MESSAGE} pass (key, headers and value): split it")
