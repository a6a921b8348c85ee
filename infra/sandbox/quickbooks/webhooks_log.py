"""A note of every attempt to deliver a body."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from infra.sandbox.quickbooks.wire import Doc

MOST_ATTEMPTS = 10_000  # the oldest are forgotten first


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One POST to an endpoint. `at` and `next_try` are the sandbox's time."""

    subscription: str
    delivery: int  # attempts of one body share the number
    attempt: int  # from 1
    duplicate: bool  # whether this body had been taken before
    at: datetime
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None  # None: no answer
    error: str | None
    outcome: str  # taken, again, dropped, or off: the endpoint is given up
    next_try: datetime | None

    def shown(self) -> Doc:
        """As the control API tells it: the body as text, for its signature, and parsed."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {
            **told,
            "headers": dict(self.headers),
            "at": self.at.isoformat(),
            "body": json.loads(self.body),
            "raw_body": self.body.decode(),
            "next_try": None if self.next_try is None else self.next_try.isoformat(),
        }


class AttemptLog:
    """The attempts of all subscriptions, oldest first."""

    def __init__(self) -> None:
        self._attempts: deque[Attempt] = deque(maxlen=MOST_ATTEMPTS)

    def note(self, attempt: Attempt) -> None:
        """It has just been made."""
        self._attempts.append(attempt)

    def of(self, subscription: str | None = None) -> list[Attempt]:
        """Those of one subscription, or all."""
        return [one for one in self._attempts if subscription in (None, one.subscription)]

    def clear(self) -> None:
        """Forget all."""
        self._attempts.clear()
