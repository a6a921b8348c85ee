"""Tokens: one grant for each company and app, access tokens that expire, refresh tokens that roll."""

import secrets
from datetime import datetime, timedelta

from infra.clock import Clock
from infra.sandbox.quickbooks.oauth.apps import CLIENT_ID
from infra.sandbox.quickbooks.oauth.exchanges import Exchanges
from infra.sandbox.quickbooks.oauth.grants import CHAIN_LIFE, ROTATIONS, Grant, Held, Issued, Rotation
from infra.sandbox.quickbooks.oauth.refused import INVALID, WRONG_KIND, NotGranted, user_left
from infra.sandbox.quickbooks.oauth.scopes import ACCOUNTING
from infra.sandbox.quickbooks.switches import Switches


class Tokens:
    """All tokens of one sandbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._grants: dict[tuple[str, str], Grant] = {}  # by client id and company
        self._by_value: dict[str, Grant] = {}  # by refresh token, former ones too
        self._access: dict[str, Held] = {}  # in the order they were given
        self._withdrawn: dict[str, Held] = {}  # access tokens whose app a user disconnected
        self._left: set[str] = set()  # companies that the consenting person is no longer a user of
        self._exchanges = Exchanges()

    def grant(self, realm: str, switches: Switches, *, app: str = CLIENT_ID) -> tuple[str, str]:
        """A new consent for a company: (access token, refresh token). The app's older one dies."""
        issued = self.consent(app=app, realm=realm, scopes=(ACCOUNTING,), switches=switches)
        return issued.access_token, issued.grant.value

    def consent(self, *, app: str, realm: str, scopes: tuple[str, ...], switches: Switches) -> Issued:
        """The first tokens of a new consent. The app's older refresh tokens for this company die; other apps' stay."""
        now = self._clock.now()
        self._forget(app, realm)
        grant = Grant(app, realm, scopes, now, _fresh("RT1"), now, now)
        self._grants[app, realm] = self._by_value[grant.value] = grant
        return self._issued(grant, now, switches)

    def refresh(self, value: str, *, app: str, switches: Switches) -> Issued:
        """The tokens a refresh brings. Raises NotGranted."""
        now = self._clock.now()
        grant = self._accepted(value, app, now)
        self.begin_exchange(app=app, realm=grant.realm, grant_type="refresh_token", switches=switches)
        self._roll(grant, now, ROTATIONS[switches.refresh_tokens])
        grant.used = now
        return self._issued(grant, now, switches)

    def begin_exchange(self, *, app: str, realm: str, grant_type: str, switches: Switches) -> None:
        """Note that tokens are about to be exchanged. Raises NotGranted: the person left, or another call is at it."""
        if realm in self._left:
            raise user_left()
        key = (app, realm, grant_type)
        self._exchanges.begin(key, at=self._clock.now(), switches=switches, kill=lambda: self.end(realm, app=app))

    def connected(self, app: str, realm: str) -> bool:
        """Whether the company has consented to the app, and the consent lasts."""
        grant = self._grants.get((app, realm))
        return grant is not None and self._clock.now() < grant.ends

    def held(self, access_token: str) -> Held | None:
        """What an access token was given for; None when it is unknown, expired or revoked."""
        held = self._access.get(access_token)
        return held if held is not None and held.expires > self._clock.now() else None

    def holder_of(self, access_token: str) -> tuple[str, str] | None:
        """(client id, company) an access token was given for; None when it is unknown, expired or revoked."""
        held = self.held(access_token)
        return None if held is None else (held.app, held.realm)

    def realm_of(self, access_token: str) -> str | None:
        """The company an access token was given for; None when it is unknown, expired or revoked."""
        held = self.held(access_token)
        return None if held is None else held.realm

    def expire(self, realm: str, *, access: bool, refresh: bool) -> None:
        """Make a company's tokens stop working now, those of every app."""
        if access:
            self._access = {token: held for token, held in self._access.items() if held.realm != realm}
        if refresh:
            for app, company in list(self._grants):
                if company == realm:
                    self._forget(app, realm)

    def end(self, realm: str, *, app: str) -> None:
        """End a consent: both tokens of that app for that company die."""
        for token, held in self.access_of(realm).items():
            if held.app == app:
                del self._access[token]
        self._forget(app, realm)

    def disconnect(self, realm: str, *, app: str) -> None:
        """A user takes the consent back: both tokens die, and it is remembered of the access tokens why."""
        self._withdrawn |= {token: held for token, held in self.access_of(realm).items() if held.app == app}
        self.end(realm, app=app)

    def withdrawn(self, access_token: str) -> bool:
        """Whether the token would still be good, had no user disconnected its app."""
        held = self._withdrawn.get(access_token)
        return held is not None and held.expires > self._clock.now()

    def revoke(self, token: str, *, app: str) -> bool:
        """End the consent that this access or refresh token belongs to; False when it is no live token of the app."""
        held, now = self.held(token), self._clock.now()
        realm = held.realm if held is not None and held.app == app else None
        if realm is None:
            grant = self._by_value.get(token)
            if grant is None or grant.app != app or not grant.accepts(token, now):
                return False
            realm = grant.realm
        self.end(realm, app=app)
        return True

    def set_user(self, realm: str, *, member: bool) -> None:
        """Whether the person who consented is a user of the company."""
        (self._left.discard if member else self._left.add)(realm)

    def grants_of(self, realm: str) -> list[Grant]:
        """The consents for a company, of every app."""
        return [grant for grant in self._grants.values() if grant.realm == realm]

    def access_of(self, realm: str) -> dict[str, Held]:
        """The access tokens for a company."""
        return {token: held for token, held in self._access.items() if held.realm == realm}

    def put_back(self, realm: str, grants: list[Grant], access: dict[str, Held]) -> None:
        """The company's tokens are these and no others, as a backup has them."""
        self.expire(realm, access=True, refresh=True)
        for grant in grants:
            self._grants[grant.app, realm] = grant
            self._by_value |= dict.fromkeys((grant.value, *grant.older), grant)
        held = {**self._access, **access}
        self._access = dict(sorted(held.items(), key=lambda one: one[1].expires))

    def _accepted(self, value: str, app: str, now: datetime) -> Grant:
        grant = self._by_value.get(value)
        if grant is None:
            raise NotGranted("invalid_grant", WRONG_KIND if value in self._access else INVALID)
        if grant.app != app:
            raise NotGranted("invalid_grant", WRONG_KIND)
        if not grant.accepts(value, now):
            raise NotGranted("invalid_grant", INVALID)
        return grant

    def _roll(self, grant: Grant, now: datetime, rotation: Rotation) -> None:
        if now < grant.made + rotation.same_for:
            return
        # What is older than the value before this one is forgotten; that one may live on for a while, so that an
        # answer that was lost costs no new consent.
        for former in grant.older:
            self._by_value.pop(former, None)
        grant.older = {grant.value: now + rotation.former_lives}
        grant.value, grant.made = _fresh("RT1"), now
        self._by_value[grant.value] = grant

    def _issued(self, grant: Grant, now: datetime, switches: Switches) -> Issued:
        token = _fresh("AT1")
        self._drop_expired(now)
        expires = now + timedelta(seconds=switches.access_token_seconds)
        self._access[token] = Held(grant.app, grant.realm, grant.scopes, expires)
        return Issued(
            grant=grant,
            access_token=token,
            access_seconds=switches.access_token_seconds,
            refresh_seconds=int((grant.ends - now).total_seconds()),
            chain_seconds=int((grant.consented + CHAIN_LIFE - now).total_seconds()),
        )

    def _drop_expired(self, now: datetime) -> None:
        while self._access:
            oldest = next(iter(self._access))
            if self._access[oldest].expires > now:
                return
            del self._access[oldest]

    def _forget(self, app: str, realm: str) -> None:
        grant = self._grants.pop((app, realm), None)
        if grant is not None:
            for value in (grant.value, *grant.older):
                self._by_value.pop(value, None)


def _fresh(prefix: str) -> str:
    return f"{prefix}-{secrets.token_urlsafe(24)}"
