"""A note of every request: what was asked, what was answered, and what became of the answer."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from infra.sandbox.quickbooks.answers import Answer

MOST_ENTRIES = 500_000  # the oldest are forgotten first


@dataclass(slots=True)
class Entry:
    """One request. Filled while it is answered."""

    n: int
    at: datetime
    method: str
    path: str
    query: str
    user_agent: str
    intuit_tid: str
    body: bytes = b""
    realm: str | None = None
    entity: str | None = None
    operation: str | None = None
    object_id: str | None = None
    request_id: str | None = None
    status: int | None = None  # None: no answer was ever made
    fault_code: str | None = None
    sync_token: str | None = None
    replayed: bool = False
    answer_lost: bool = False
    app: str | None = None  # client id of the app whose token it was
    items: list[dict[str, str | bool | None]] | None = None  # of a batch, in the order of execution

    def note(self, answer: Answer) -> None:
        """What it is answered, as soon as that is made: the answer may still be late, or lost."""
        self.status, self.fault_code = answer.status, answer.fault_code
        self.entity = answer.entity or self.entity
        self.object_id = answer.object_id or self.object_id
        self.sync_token = answer.sync_token

    def shown(self) -> dict[str, Any]:
        """As the control API tells it: the body parsed if it is JSON, and the digest of its bytes."""
        told = {name: getattr(self, name) for name in self.__slots__ if name not in ("at", "body")}
        digest = sha256(self.body).hexdigest() if self.body else None
        return {**told, "at": self.at.isoformat(), "body_sha256": digest, "body": _parsed(self.body)}


class Journal:
    """The requests of one sandbox, in the order they arrived."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._made = 0

    def open(self, *, at: datetime, method: str, path: str, query: str, user_agent: str, intuit_tid: str) -> Entry:
        """Note a request that has just arrived."""
        self._made += 1
        entry = Entry(self._made, at, method, path, query, user_agent, intuit_tid)
        self._entries.append(entry)
        return entry

    def after(self, number: int, *, realm: str | None = None) -> Iterator[Entry]:
        """The requests after that number."""
        first = self._made - len(self._entries)
        for place in range(max(0, number - first), len(self._entries)):
            entry = self._entries[place]
            if realm in (None, entry.realm):
                yield entry

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self._entries.clear()


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
