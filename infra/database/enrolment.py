"""A tenant and its consent, stored together: when the company is refused, nothing has changed."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RealmId
from infra.database import connections
from infra.database.operators import note, wake
from infra.quickbooks.errors import AnotherCompany, CompanyTaken
from schemas.kinds import TenantId

# What is not given stays as it is: whoever connects a tenant again need not know its settings.
_STORE: Final = text("""
INSERT INTO tenant AS t (id, name, time_zone, currency, income_account, settings)
VALUES (:tenant, :tenant, coalesce(CAST(:time_zone AS text), 'UTC'), coalesce(CAST(:currency AS text), 'USD'),
        CAST(:income_account AS text), '{}')
ON CONFLICT (id) DO UPDATE
   SET time_zone = coalesce(CAST(:time_zone AS text), t.time_zone),
       currency = coalesce(CAST(:currency AS text), t.currency),
       income_account = coalesce(CAST(:income_account AS text), t.income_account)
""")

# Whatever waits for a setting, such as an item without an income account, is looked at again; locked in the one order.
_LOOK_AGAIN: Final = text("""
UPDATE sync_record r SET revision = r.revision + 1
  FROM (SELECT tenant_id, kind, klipboard_id FROM sync_record
         WHERE tenant_id = :tenant AND state = 'waiting' AND waits_id IS NULL
         ORDER BY tenant_id COLLATE "C", kind COLLATE "C", klipboard_id COLLATE "C"
           FOR UPDATE) AS f
 WHERE r.tenant_id = f.tenant_id AND r.kind = f.kind AND r.klipboard_id = f.klipboard_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A tenant, its settings, and a person's consent for one company. None leaves a setting as it is."""

    tenant: TenantId
    realm: RealmId
    environment: str
    refresh_token: bytes = field(repr=False)
    """Encrypted."""
    time_zone: str | None = None
    currency: str | None = None
    income_account: str | None = None

    def settings(self) -> dict[str, str | None]:
        """By column."""
        return {"time_zone": self.time_zone, "currency": self.currency, "income_account": self.income_account}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The number of the consent, and how many waiting records are looked at again."""

    consent: int
    records: int


async def enrol(connection: AsyncConnection, wish: Enrolment) -> Enrolled:
    """Store it all in the caller's transaction. Raises `AnotherCompany` and `CompanyTaken`, which undo it."""
    company: dict[str, Any] = {"tenant": wish.tenant, "realm": wish.realm, "environment": wish.environment}
    await connections.lock(connection, wish.tenant)
    other = await connections.other_tenant(connection, **company)
    if other is not None:
        raise CompanyTaken(tenant=wish.tenant, wanted=wish.realm, other=other)
    await connection.execute(_STORE, {"tenant": wish.tenant, **wish.settings()})
    consent = await connections.connect(connection, **company, refresh_token=wish.refresh_token)
    if consent is None:
        before = await connections.load(connection, wish.tenant)
        company_before = "another" if before is None else f"{before.realm} ({before.environment})"
        raise AnotherCompany(tenant=wish.tenant, wanted=wish.realm, before=company_before)
    records = (await connection.execute(_LOOK_AGAIN, {"tenant": wish.tenant})).rowcount
    details = {"realm": wish.realm, "environment": wish.environment, "consent": consent, **wish.settings()}
    await note(connection, wish.tenant, "connect", details)
    await wake(connection, wish.tenant)
    return Enrolled(consent=consent, records=records)
