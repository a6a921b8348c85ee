"""The only maker of ids: each is derived from what it names, so that whoever repeats a step makes the same id again."""

import hashlib
from typing import Any, Final, NewType

from mapping.names import normalised
from schemas import exact
from schemas.kinds import Kind, KlipboardId, TenantId

RequestId = NewType("RequestId", str)
"""32 hex characters that let QuickBooks recognise a repeated write (it takes 50, and 36 in a batch)."""

SHARDS: Final = 12
"""Parts of the outbox, each relayed by one worker at a time."""

MARKER_PREFIX: Final = "klipsync:"


def digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """SHA-256 of a JSON value, as 64 hex characters; the order of an object's keys does not matter."""
    return hashlib.sha256(exact.dumps(value).encode()).hexdigest()


def item_id(name: str, account: str | None = None) -> KlipboardId:
    """The record id of the item behind an invoice's line: every spelling of a name is one item.

    For now the account code makes no other item, because every sale posts to the tenant's one income account.
    """
    del account
    return KlipboardId(_short("item", normalised(name)))


def create_request_id(*, realm: str, kind: Kind, id: KlipboardId, generation: int, refusals: int) -> RequestId:  # noqa: A002 - the record's id
    """The request id of a create. The body is no part of it: an edit before the retry must not make a second object."""
    return RequestId(_short("create", realm, kind.value, id, generation, refusals))


def update_request_id(
    *,
    realm: str,
    verb: str,
    kind: Kind,
    id: KlipboardId,  # noqa: A002 - the record's id
    generation: int,
    refusals: int,
    token: str,
    body: bytes,
) -> RequestId:
    """The request id of a write to an object that exists: another body or sync token is another request."""
    content = hashlib.sha256(body).hexdigest()
    return RequestId(_short(verb, realm, kind.value, id, generation, refusals, token, content))


def attempt_id(request_id: str) -> str:
    """The key of the attempt that carries a request id: repeats of a request are one attempt."""
    return _short("attempt", request_id)


def marker(*, tenant: TenantId, kind: Kind, id: KlipboardId) -> str:  # noqa: A002 - the record's id
    """The last line of PrivateNote: it says, inside QuickBooks, which Klipboard record an object came from."""
    return MARKER_PREFIX + _short("marker", tenant, kind.value, id)[:24]


def outcome_event_id(*, tenant: TenantId, subject: str, type: str, returnversion: int) -> str:  # noqa: A002 - CloudEvents' word
    """The id of an outcome event: the same outcome told twice is one event for its readers."""
    return _short("outcome", tenant, subject, type, returnversion)


def return_event_id(*, tenant: TenantId, subject: str, type: str, returnversion: int) -> str:  # noqa: A002 - CloudEvents' word
    """The id of an event that tells what happened in QuickBooks."""
    return _short("return", tenant, subject, type, returnversion)


def dead_letter_id(cluster: str, topic: str, partition: int, offset: int) -> str:
    """The id of a message put aside: where it stood says which it is, however often it is read."""
    return _short("dead-letter", cluster, topic, partition, offset)


def shard(tenant: TenantId | None) -> int:
    """The part of the outbox, 0 to 11, that keeps a tenant's messages in order. What has no tenant is in part 0."""
    return 0 if tenant is None else int(_short("shard", tenant), 16) % SHARDS


def _short(*parts: str | int) -> str:
    """128 bits of SHA-256 over the parts, told apart by JSON: no two lists of parts share a text."""
    return digest(list(parts))[:32]
