"""The stored OAuth grants. Functions over a connection, so that each runs in the transaction of whoever calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RealmId
from schemas.kinds import TenantId

# Until the transaction ends. No row lock: a refresh waits for Intuit, and who wants the row need not wait for that.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('connection/' || :tenant, 0))")

_WAIT_FOR_INTUIT = text("SET LOCAL idle_in_transaction_session_timeout = '60s'")

_LOCK_COMPANY = text("SELECT pg_advisory_xact_lock(hashtextextended('company/' || :realm, 0))")

_LOAD = text("""
SELECT tenant_id, realm, environment, access_token, access_expires_at, refresh_token, consent, state, cause
  FROM connection
 WHERE tenant_id = :tenant
""")

# Each statement names the consent and the refresh token that it is about: encryption never gives the same bytes twice,
# so a row that was changed meanwhile no longer matches, and what is known about the older grant is thrown away.
_RENEW = text("""
UPDATE connection
   SET access_token = :access_token, access_expires_at = :access_expires_at, refresh_token = :refresh_token,
       refresh_expires_at = coalesce(:refresh_expires_at, refresh_expires_at)
 WHERE tenant_id = :tenant AND consent = :consent AND refresh_token = :tried
""")

_EXPIRE = text("""
UPDATE connection
   SET state = 'expired', cause = :cause, access_token = NULL, access_expires_at = NULL
 WHERE tenant_id = :tenant AND consent = :consent AND refresh_token = :tried AND state = 'connected'
""")

_CONNECT = text("""
INSERT INTO connection (tenant_id, realm, environment, refresh_token, consent, session, state)
VALUES (:tenant, :realm, :environment, :refresh_token, 1, 'stay_connected', 'connected')
    ON CONFLICT (tenant_id) DO UPDATE
   SET refresh_token = excluded.refresh_token, access_token = NULL, access_expires_at = NULL,
       refresh_expires_at = NULL, consent = connection.consent + 1, state = 'connected', cause = NULL,
       connected_at = clock_timestamp()
 WHERE connection.realm = excluded.realm AND connection.environment = excluded.environment
RETURNING consent
""")

_OTHER_TENANT = text("""
SELECT tenant_id FROM connection
 WHERE realm = :realm AND environment = :environment AND tenant_id <> :tenant AND state <> 'closed'
 LIMIT 1
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """One row, still encrypted."""

    tenant_id: TenantId
    realm: RealmId
    environment: str
    access_token: bytes | None = field(repr=False)
    access_expires_at: datetime | None
    refresh_token: bytes = field(repr=False)
    consent: int
    state: str
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """New tokens, encrypted."""

    access_token: bytes = field(repr=False)
    access_expires_at: datetime
    refresh_token: bytes = field(repr=False)
    refresh_expires_at: datetime | None

    def values(self) -> Mapping[str, Any]:
        """By column."""
        return {name: getattr(self, name) for name in self.__slots__}


async def lock(connection: AsyncConnection, tenant: TenantId) -> None:
    """One exchange, refresh or revocation at a time, over all workers. The tenants' rows stay readable."""
    # Longer than Intuit may take to answer: this transaction rightly waits, while others that idle are ended.
    await connection.execute(_WAIT_FOR_INTUIT)
    await connection.execute(_LOCK, {"tenant": tenant})


async def load(connection: AsyncConnection, tenant: TenantId) -> StoredGrant | None:
    """The grant as it is stored now; None for a tenant that was never connected."""
    row = (await connection.execute(_LOAD, {"tenant": tenant})).mappings().one_or_none()
    return None if row is None else StoredGrant(**row)


async def renew(connection: AsyncConnection, *, tried: StoredGrant, renewal: Renewal) -> bool:
    """Store what this grant was exchanged for; False when a newer consent has replaced it."""
    result = await connection.execute(_RENEW, {**renewal.values(), **_about(tried)})
    return result.rowcount == 1


async def expire(connection: AsyncConnection, *, tried: StoredGrant, cause: str) -> bool:
    """Store that this grant has ended; False when a newer consent has replaced it."""
    return (await connection.execute(_EXPIRE, {"cause": cause, **_about(tried)})).rowcount == 1


async def connect(
    connection: AsyncConnection, *, tenant: TenantId, realm: RealmId, environment: str, refresh_token: bytes
) -> int | None:
    """Store a new consent; its number, or None where the tenant belongs to another company: then nothing is stored."""
    values = {"tenant": tenant, "realm": realm, "environment": environment, "refresh_token": refresh_token}
    consent: int | None = (await connection.execute(_CONNECT, values)).scalar()
    return consent


async def other_tenant(
    connection: AsyncConnection, *, tenant: TenantId, realm: RealmId, environment: str
) -> TenantId | None:
    """Who else has this company, asked under a lock on the company."""
    await connection.execute(_LOCK_COMPANY, {"realm": realm})
    values = {"tenant": tenant, "realm": realm, "environment": environment}
    found = (await connection.execute(_OTHER_TENANT, values)).scalar()
    return None if found is None else TenantId(found)


def _about(tried: StoredGrant) -> Mapping[str, Any]:
    return {"tenant": tried.tenant_id, "consent": tried.consent, "tried": tried.refresh_token}
