"""The keeper of access tokens: one refresh at a time per tenant over all workers, stored before it is used."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RealmId
from infra.clock import Clock
from infra.database import connections
from infra.database.connections import Renewal, StoredGrant
from infra.database.engine import Database
from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.errors import (
    AnotherCompany,
    CompanyTaken,
    Disconnected,
    TokensUnavailable,
    TokenTrouble,
    WrongCredentials,
)
from infra.quickbooks.token_endpoint import AppUnknown, ConsentEnded, Exchange, Granted, TokenEndpoint
from schemas.kinds import TenantId

MARGIN: Final = timedelta(minutes=5)  # a token handed out lives longer than a call waits for its turn and its answer
AT_ONCE = 4  # refreshes; each holds a database connection while it waits for Intuit
STORE_TRIES = 5
STORE_WAIT_SECONDS = 1.0

Told = Callable[[AsyncConnection, TenantId, str], Awaitable[None]]


async def _tell_nobody(_connection: AsyncConnection, _tenant: TenantId, _cause: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Cached:
    token: str = field(repr=False)
    good_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """What a grant was exchanged for."""

    tried: StoredGrant
    renewal: Renewal
    cached: _Cached


class Tokens:
    """`expired` is told, in the transaction that stores it, that a consent has ended and why."""

    def __init__(
        self,
        *,
        database: Database,
        endpoint: TokenEndpoint,
        cipher: TokenCipher,
        clock: Clock,
        margin: timedelta = MARGIN,
        expired: Told = _tell_nobody,
    ) -> None:
        self._database = database
        self._endpoint = endpoint
        self._cipher = cipher
        self._clock = clock
        self._margin = margin
        self._expired = expired
        self._cache: dict[TenantId, _Cached] = {}
        self._renewals: dict[tuple[TenantId, str | None], asyncio.Task[_Cached]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def access_token(self, tenant: TenantId, *, not_this: str | None = None) -> str:
        """A token that lives a while yet, and another one than `not_this` (which QuickBooks refused).

        Raises `Disconnected`, `WrongCredentials`, `WrongTokenKeys` or `TokensUnavailable`.
        """
        cached = self._cache.get(tenant)
        if cached is not None and cached.token != not_this and cached.good_until > self._clock.now():
            return cached.token
        # A caller may be cancelled at any moment; a refresh cut between Intuit's answer and our store would cost the
        # consent. So it is a task of its own, shared by all who want the same.
        return (await asyncio.shield(self._renewal(tenant, not_this))).token

    async def connect(self, *, tenant: TenantId, realm: RealmId, environment: str, refresh_token: str) -> int:
        """Store a person's consent; its number. Raises `AnotherCompany` and `CompanyTaken`, then nothing is stored."""
        stored = self._cipher.encrypt(refresh_token)
        async with self._database.transaction() as connection:
            await connections.lock(connection, tenant)
            other = await connections.other_tenant(connection, tenant=tenant, realm=realm, environment=environment)
            if other is not None:
                raise CompanyTaken(tenant=tenant, wanted=realm, other=other)
            consent = await connections.connect(
                connection, tenant=tenant, realm=realm, environment=environment, refresh_token=stored
            )
            if consent is None:
                before = await connections.load(connection, tenant)
                raise AnotherCompany(tenant=tenant, wanted=realm, before=_company(before))
        self._cache.pop(tenant, None)
        return consent

    async def close(self) -> None:
        """Let refreshes under way be stored."""
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    def _renewal(self, tenant: TenantId, not_this: str | None) -> asyncio.Task[_Cached]:
        key = (tenant, not_this)
        if key not in self._renewals:
            task = asyncio.create_task(self._renewed(tenant, not_this))
            task.add_done_callback(lambda done: self._over(key, done))
            self._renewals[key] = task
        return self._renewals[key]

    def _over(self, key: tuple[TenantId, str | None], task: asyncio.Task[_Cached]) -> None:
        del self._renewals[key]
        if not task.cancelled():
            task.exception()  # whoever waits has it too; where nobody waits any more it must not be reported as lost

    async def _renewed(self, tenant: TenantId, not_this: str | None) -> _Cached:
        async with self._at_once:
            cached = None
            while cached is None:  # again when a newer consent replaced the one tried: at most once for each consent
                cached = await self._one_renewal(tenant, not_this)
        if isinstance(cached, TokenTrouble):
            raise cached
        self._cache[tenant] = cached
        return cached

    async def _one_renewal(self, tenant: TenantId, not_this: str | None) -> _Cached | TokenTrouble | None:
        """From the database if another worker was quicker, else from Intuit; None when the consent was replaced."""
        new: _New | None = None
        try:
            async with self._database.transaction() as connection:
                await connections.lock(connection, tenant)
                grant = await self._connected(connection, tenant)
                if (stored := self._stored(grant, not_this)) is not None:
                    return stored
                asked_at = self._clock.now()
                answer = await self._endpoint.refresh(self._cipher.decrypt(grant.refresh_token, tenant=tenant))
                if not isinstance(answer, Granted):
                    return await self._no_grant(connection, grant, answer)
                new = _New(
                    tried=grant, renewal=self._encrypted(answer, asked_at), cached=self._cached(answer, asked_at)
                )
                # A crash before this commit loses the new tokens: where Intuit lets the old refresh token live on,
                # the next refresh heals it, else a person must connect again.
                kept = await connections.renew(connection, tried=grant, renewal=new.renewal)
        except (SQLAlchemyError, OSError):
            if new is None:
                raise
            # The database connection died while Intuit answered: the tokens in hand are worth another transaction.
            kept = await self._store_again(new)
        return new.cached if kept else None

    async def _connected(self, connection: AsyncConnection, tenant: TenantId) -> StoredGrant:
        grant = await connections.load(connection, tenant)
        if grant is None:
            raise Disconnected(tenant=tenant, cause="it never was.")
        if grant.state != "connected":
            raise Disconnected(tenant=tenant, cause=grant.cause or f"the connection is {grant.state}.")
        return grant

    def _stored(self, grant: StoredGrant, not_this: str | None) -> _Cached | None:
        if grant.access_token is None or grant.access_expires_at is None:
            return None
        token = self._cipher.decrypt(grant.access_token, tenant=grant.tenant_id)
        cached = _Cached(token, grant.access_expires_at - self._margin)
        return cached if cached.token != not_this and cached.good_until > self._clock.now() else None

    async def _no_grant(self, connection: AsyncConnection, grant: StoredGrant, answer: Exchange) -> TokenTrouble | None:
        """What the answer means; None where it is about a consent that was replaced meanwhile."""
        if isinstance(answer, AppUnknown):
            return WrongCredentials(cause=answer.cause)
        if not isinstance(answer, ConsentEnded):
            return TokensUnavailable(tenant=grant.tenant_id, cause=getattr(answer, "cause", ""))
        if not await connections.expire(connection, tried=grant, cause=answer.cause):
            return None
        await self._expired(connection, grant.tenant_id, answer.cause)
        return Disconnected(tenant=grant.tenant_id, cause=answer.cause)

    async def _store_again(self, new: _New) -> bool:
        for tried in range(1, STORE_TRIES + 1):
            try:
                async with self._database.transaction() as connection:
                    return await connections.renew(connection, tried=new.tried, renewal=new.renewal)
            except (SQLAlchemyError, OSError):
                if tried == STORE_TRIES:
                    raise
            await self._clock.sleep(STORE_WAIT_SECONDS)
        return False

    def _encrypted(self, granted: Granted, asked_at: datetime) -> Renewal:
        lives = granted.refresh_seconds
        return Renewal(
            access_token=self._cipher.encrypt(granted.access_token),
            access_expires_at=asked_at + timedelta(seconds=granted.access_seconds),
            refresh_token=self._cipher.encrypt(granted.refresh_token),
            refresh_expires_at=None if lives is None else asked_at + timedelta(seconds=lives),
        )

    def _cached(self, granted: Granted, asked_at: datetime) -> _Cached:
        """Good until the margin before its death; a very short life is used for three quarters."""
        lives = timedelta(seconds=granted.access_seconds)
        return _Cached(granted.access_token, asked_at + lives - min(self._margin, lives / 4))


def _company(grant: StoredGrant | None) -> str:
    return "another" if grant is None else f"{grant.realm} ({grant.environment})"
