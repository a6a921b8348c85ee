"""The stored calls of a realm, from which a new owner rebuilds its pace."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from consumers.records import RealmId
from infra.database.calls import Calls
from infra.database.engine import Database
from infra.database.migrate import migrate
from infra.quickbooks.windows import PastCall
from schemas.kinds import TenantId

pytestmark = pytest.mark.postgres
REALM = RealmId("9130")
TENANT = TenantId("t1")
FENCE = 7

_ATTEMPT = text("""
INSERT INTO attempt (id, call_id, bid, tenant_id, kind, klipboard_id, operation, type, path, request_id, body, realm,
                     sent_at, answered_at, outcome, repeats)
VALUES (:id, :call, :bid, 't1', 'invoice', :id, 'create', 'Invoice', '/invoice', :id, '', :realm,
        clock_timestamp() - make_interval(secs => :sent),
        clock_timestamp() - make_interval(secs => :answered), :outcome, 0)
""")

_TENANT = text("INSERT INTO tenant (id, name, time_zone, currency) VALUES ('t1', '', 'UTC', 'USD')")

_LEASE = text("INSERT INTO lease (tenant_id, owner, session, fence) VALUES ('t1', 'w1', 's1', :fence)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await migrate(database)
    async with database.transaction() as connection:
        await connection.execute(_TENANT)
        await connection.execute(_LEASE, {"fence": FENCE})
    yield database
    await database.close()


async def attempt(
    database: Database, id_: str, *, sent: float, answered: float | None, call: str = "", bid: str | None = None,
    realm: str = REALM,
) -> None:  # fmt: skip
    values = {"id": id_, "call": call or id_, "bid": bid, "realm": realm, "sent": sent, "answered": answered}
    async with database.transaction() as connection:
        await connection.execute(_ATTEMPT, {**values, "outcome": None if answered is None else "executed"})


def rounded(calls: list[PastCall]) -> list[tuple[int, int | None, bool]]:
    ages = [(round(c.left_ago), None if c.answered_ago is None else round(c.answered_ago), c.batch) for c in calls]
    return sorted(ages, key=str)


async def test_reads_and_writes_of_a_realm_are_recalled(database: Database) -> None:
    """Whoever made them; other realms and what is long over are not."""
    await attempt(database, "answered", sent=20, answered=10)
    await attempt(database, "open", sent=40, answered=None)
    await attempt(database, "long-over", sent=300, answered=250)
    await attempt(database, "elsewhere", sent=5, answered=5, realm="9131")
    calls = Calls(database)
    first = str(await calls.note_read(tenant=TENANT, realm=REALM, path="/query", fence=FENCE))
    await calls.note_read(tenant=TENANT, realm=REALM, path="/cdc", fence=FENCE)
    await calls.read_answered([first])

    recent = rounded(list(await calls.recent(REALM, seconds=180)))

    assert recent == [(0, 0, False), (0, None, False), (20, 10, False), (40, None, False)]


async def test_the_rows_of_one_batch_are_one_call(database: Database) -> None:
    """It is answered when its last row is."""
    await attempt(database, "b1", sent=30, answered=20, call="batch", bid="1")
    await attempt(database, "b2", sent=30, answered=10, call="batch", bid="2")
    await attempt(database, "c1", sent=30, answered=20, call="open batch", bid="1")
    await attempt(database, "c2", sent=30, answered=None, call="open batch", bid="2")

    recent = rounded(list(await Calls(database).recent(REALM, seconds=180)))

    assert recent == [(30, 10, True), (30, None, True)]


async def test_old_reads_are_forgotten(database: Database) -> None:
    """The table stays as short as the windows need it."""
    calls = Calls(database)
    await calls.note_read(tenant=TENANT, realm=REALM, path="/query", fence=FENCE)
    await asyncio.sleep(0.3)
    await calls.note_read(tenant=TENANT, realm=REALM, path="/cdc", fence=FENCE)

    assert await calls.prune(keep_seconds=0.2) == 1
    assert len(await calls.recent(REALM, seconds=60)) == 1
    assert await calls.prune() == 0


async def test_a_former_owner_reads_nothing(database: Database) -> None:
    """Its lease is somebody else's: what it read would spend the calls that the present owner counts on."""
    calls = Calls(database)

    noted = await calls.note_read(tenant=TENANT, realm=REALM, path="/query", fence=FENCE - 1)

    assert noted is None
    assert await calls.recent(REALM, seconds=60) == []
