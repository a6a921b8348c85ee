"""The AsyncAPI 3 document: topics, keys, headers and messages, for tools that draw or generate from it."""

from collections.abc import Sequence
from typing import Any, Final

from schemas import topics
from schemas.fields import INT64_MAX
from schemas.registry import EventType

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 255}
_KEY: Final = {"type": "string", "minLength": 1, "maxLength": 200, "description": "The tenant id in UTF-8."}


def document(events: Sequence[EventType]) -> dict[str, Any]:
    """The whole document. We receive what is on the inbound topics, and send the rest."""
    used = [topic for topic in topics.ALL if topic in topics.CARRIES]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "klipsync events",
            "version": "1",
            "description": "CloudEvents 1.0 on Kafka in binary content mode, keyed by tenant id.",
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, events) for topic in used},
        "operations": {f"{_action(topic)}.{topic}": _operation(topic) for topic in used},
        "components": {"messages": {event.schema_name: _message(event) for event in events}},
    }


def _action(topic: str) -> str:
    return "receive" if topic in topics.INBOUND else "send"


def _operation(topic: str) -> dict[str, Any]:
    return {"action": _action(topic), "channel": {"$ref": f"#/channels/{topic}"}}


def _channel(topic: str, events: Sequence[EventType]) -> dict[str, Any]:
    names = [event.schema_name for event in events if event.topic == topic]
    return {
        "address": topic,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": topic, "partitions": 12, "bindingVersion": "0.5.0"}},
    }


def _message(event: EventType) -> dict[str, Any]:
    return {
        "name": event.name,
        "contentType": "application/json",
        "headers": _headers(event),
        "payload": {"schemaFormat": "application/schema+json", "schema": {"$ref": f"./{event.schema_name}.json"}},
        "bindings": {"kafka": {"key": _KEY, "bindingVersion": "0.5.0"}},
    }


def _headers(event: EventType) -> dict[str, Any]:
    subject = "|".join(event.subjects)
    properties: dict[str, Any] = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _TEXT,
        "ce_source": _TEXT,
        "ce_type": {"const": event.name},
        "ce_subject": {"type": "string", "maxLength": 255, "pattern": f"^({subject})/.+$"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_tenantid": _KEY,
        "ce_dataschema": {"const": event.dataschema},
        "ce_traceparent": {"type": "string"},
        "content-type": {"const": "application/json"},
    }
    required = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_tenantid"]
    if event.versioned:
        description = f"Digits, from 0 to {INT64_MAX}; grows with every change of the thing."
        properties["ce_aggregateversion"] = {"type": "string", "pattern": "^[0-9]+$", "description": description}
        required.append("ce_aggregateversion")
    return {"type": "object", "properties": properties, "required": required}
