"""Tokens: one grant a company, access tokens that expire, refresh tokens that roll."""

import secrets
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from infra.clock import Clock
from infra.sandbox.quickbooks.switches import Switches

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
REFRESH_LIFE = timedelta(days=100)  # counted anew at each use
SAME_VALUE = timedelta(hours=24)  # a refresh within this time returns the same refresh token


class NotGranted(Exception):  # noqa: N818 - an answer of the token endpoint, not an error of the sandbox
    """The token endpoint refuses. `args` are the error's name and its description."""


@dataclass(slots=True)
class Grant:
    """The refresh tokens of one company."""

    realm: str
    value: str
    made: datetime
    used: datetime
    older: dict[str, datetime] = field(default_factory=dict)  # former values and when they die


class Tokens:
    """All tokens of one sandbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._grants: dict[str, Grant] = {}
        self._access: dict[str, tuple[str, datetime]] = {}

    def grant(self, realm: str, switches: Switches) -> tuple[str, str]:
        """A new consent for a company: (access token, refresh token). An older one dies."""
        now = self._clock.now()
        self._grants[realm] = Grant(realm, _fresh("RT"), now, now)
        return self._new_access(realm, switches), self._grants[realm].value

    def refresh(self, value: str, switches: Switches) -> dict[str, str | int]:
        """The token endpoint's answer to a refresh. Raises NotGranted."""
        now = self._clock.now()
        grant = next((one for one in self._grants.values() if self._accepts(one, value, now)), None)
        if grant is None:
            raise NotGranted("invalid_grant", "Token invalid")
        self._roll(grant, now, switches)
        grant.used = now
        return {
            "token_type": "bearer",
            "access_token": self._new_access(grant.realm, switches),
            "expires_in": switches.access_token_seconds,
            "refresh_token": grant.value,
            "x_refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }

    def realm_of(self, access_token: str) -> str | None:
        """The company an access token was given for; None when it is unknown or expired."""
        realm, expires = self._access.get(access_token, (None, self._clock.now()))
        return realm if expires > self._clock.now() else None

    def expire(self, realm: str, *, access: bool, refresh: bool) -> None:
        """Make a company's tokens stop working now."""
        if access:
            self._access = {token: held for token, held in self._access.items() if held[0] != realm}
        if refresh:
            self._grants.pop(realm, None)

    def _accepts(self, grant: Grant, value: str, now: datetime) -> bool:
        if now >= grant.used + REFRESH_LIFE:
            return False
        return value == grant.value or grant.older.get(value, now) > now

    def _roll(self, grant: Grant, now: datetime, switches: Switches) -> None:
        if switches.refresh_tokens == "harsh":
            grant.older.clear()
            grant.value, grant.made = _fresh("RT"), now
        elif now >= grant.made + SAME_VALUE:
            # The value before this one lives on for a day: an answer that was lost costs no new consent.
            grant.older = {grant.value: now + SAME_VALUE}
            grant.value, grant.made = _fresh("RT"), now

    def _new_access(self, realm: str, switches: Switches) -> str:
        token = _fresh("AT")
        self._access[token] = (realm, self._clock.now() + timedelta(seconds=switches.access_token_seconds))
        return token


def is_client(authorization: str) -> bool:
    """Whether a Basic header names the sandbox's app."""
    scheme, _, value = authorization.partition(" ")
    try:
        return scheme.lower() == "basic" and b64decode(value).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
    except (NotBase64, UnicodeDecodeError):
        return False


def _fresh(prefix: str) -> str:
    return f"{prefix}-{secrets.token_urlsafe(24)}"
