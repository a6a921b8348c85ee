"""How events are written, in both formats, and the headers that go with them."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from infra.sandbox.quickbooks.webhooks_events import CREATE, DELETE, EMAILED, MERGE, UPDATE, VOID, Event

VERBS = {CREATE: "created", UPDATE: "updated", DELETE: "deleted", MERGE: "merged", EMAILED: "emailed"}
USER_AGENT = "intuit_notification_server/0.1"
SCHEMA_VERSION = "0.1"


@dataclass(frozen=True, slots=True)
class Letter:
    """One body as it goes over the wire, the same at every attempt."""

    body: bytes
    headers: Mapping[str, str]


def classic(events: Sequence[Event]) -> bytes:
    """{"eventNotifications": [one for each company with its entities]}: names, ids and times, no content."""
    realms: dict[str, list[dict[str, str]]] = {}
    for event in events:
        realms.setdefault(event.realm, []).append(
            {
                "name": event.entity,
                "id": event.id,
                "operation": event.operation,
                "lastUpdated": _utc(event.changed).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            }
        )
    return _written(
        {
            "eventNotifications": [
                {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in realms.items()
            ]
        }
    )


def cloud_events(events: Sequence[Event], *, ids: Sequence[str], source: str, void_verb: str) -> bytes:
    """A list of CloudEvents, one for each event, in order; `ids` are theirs."""
    verbs = {**VERBS, VOID: void_verb}
    return _written(
        [
            {
                "specversion": "1.0",
                "id": one,
                "source": source,
                "type": f"qbo.{event.entity.lower()}.{verbs[event.operation]}.v1",
                "datacontenttype": "application/json",
                "time": _utc(event.noticed).strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
                "intuitentityid": event.id,
                "intuitaccountid": event.realm,
                "data": {},
            }
            for one, event in zip(ids, events, strict=True)
        ]
    )


def source_of(app: str) -> str:
    """The CloudEvents source of an app's webhooks: `intuit.` and 32 bytes in base64, which end in `=`."""
    return f"intuit.{b64encode(sha256(app.encode()).digest()).decode()}"


def letter(body: bytes, *, verifier_token: str, at: datetime, tid: str) -> Letter:
    """The body with its headers; the signature is over the raw bytes."""
    return Letter(
        body,
        {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            "intuit-signature": signature(body, verifier_token),
            "intuit-created-time": _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "intuit-t-id": tid,
            "intuit-notification-schema-version": SCHEMA_VERSION,
        },
    )


def signature(body: bytes, verifier_token: str) -> str:
    """base64(HMAC-SHA256(raw body, verifier token))."""
    return b64encode(hmac.digest(verifier_token.encode(), body, "sha256")).decode()


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _written(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
