"""Authorization codes: what the authorize page gives an app, good once and for a short while."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.clock import Clock
from infra.sandbox.quickbooks.oauth.refused import INVALID, NotGranted

CODE_LIFE = timedelta(minutes=10)  # "short-lived" is all that is documented; OAuth allows ten minutes at most


@dataclass(slots=True)
class Code:
    """What a person allowed."""

    app: str
    realm: str
    scopes: tuple[str, ...]
    redirect_uri: str
    nonce: str  # comes back in the id token
    expires: datetime
    used: bool = False


class Codes:
    """The codes of one sandbox, each remembered until it expires."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, Code] = {}  # in the order they were given

    def give(self, *, app: str, realm: str, scopes: tuple[str, ...], redirect_uri: str, nonce: str) -> str:
        """A new code."""
        now = self._clock.now()
        self._drop_expired(now)
        value = f"AB1{secrets.token_urlsafe(24)}"
        self._codes[value] = Code(app, realm, scopes, redirect_uri, nonce, now + CODE_LIFE)
        return value

    def find(self, value: str, *, app: str, redirect_uri: str) -> Code:
        """What was allowed, used or not. Raises NotGranted: no such code, another app's, or for another address."""
        code = self._codes.get(value)
        if code is None or code.expires <= self._clock.now() or (code.app, code.redirect_uri) != (app, redirect_uri):
            raise NotGranted("invalid_grant", INVALID)
        return code

    def _drop_expired(self, now: datetime) -> None:
        while self._codes:
            oldest = next(iter(self._codes))
            if self._codes[oldest].expires > now:
                return
            del self._codes[oldest]
