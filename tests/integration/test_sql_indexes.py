"""SQL on the way of every event, write and poll is served by the index that its comment names, however many rows."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

from infra.database import books, calls, feed, intake, leases, outbox, readings, returns, rows, settling, tables
from infra.database.engine import Database
from infra.database.migrate import migrate
from tests.databases import fresh_database
from tests.integration.explained import explain, fill

pytestmark = pytest.mark.postgres

GROWING = {"sync_record", "attempt", "link", "outbox", "payment_application", "read_call", "quickbooks_only"}
"""Tables that have a row for each thing or each call; the others have one for each tenant, worker or partition."""
IDS = [str(number) for number in range(2, 202, 2)]
ACME = {"tenant": "t0", "realm": "r0"}
ONE = {"tenant": "t0", "kind": "client", "id": "20"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hot:
    """A statement, values for it, and by which index it finds which columns."""

    statement: Any
    values: Mapping[str, object]
    served_by: Mapping[str, str] = field(default_factory=dict)


HOT = {
    "claim": Hot(
        statement=leases.CLAIM,
        values={"owner": "w", "session": "s", "seconds": 10.0, "limit": 20, "tenants": ["t1"], "fences": [1]},
        served_by={"sync_record_due": "next_attempt_at", "attempt_open": "tenant_id"},
    ),
    "due": Hot(
        statement=books.DUE,
        values={"tenant": "t0", "tenants": ["t0"], "kinds": ["client"], "ids": ["3"], "limit": 10},
        served_by={"sync_record_due": "next_attempt_at", "attempt_open": "tenant_id", "link_pkey": "klipboard_id"},
    ),
    "open": Hot(statement=books._OPEN, values=ACME, served_by={"attempt_open": "tenant_id"}),
    "links": Hot(
        statement=books._LINKS,
        values={**ACME, "kinds": ["client"] * len(IDS), "ids": IDS},
        served_by={"link_pkey": "klipboard_id"},
    ),
    "links of a reading": Hot(
        statement=readings._LINKS,
        values={**ACME, "kinds": ["client"] * len(IDS), "ids": IDS},
        served_by={"link_pkey": "klipboard_id"},
    ),
    "linked": Hot(
        statement=books._LINKED,
        values={**ACME, "type": "Invoice", "ids": IDS},
        served_by={"link_object": "quickbooks_id"},
    ),
    "rereads": Hot(
        statement=books._REREADS,
        values=ACME,
        served_by={"sync_record_reread": "tenant_id", "link_pkey": "klipboard_id"},
    ),
    "places": Hot(
        statement=intake._LOCK_PLACES,
        values={"cluster": "c1", "topics": ["topic 1"] * 12, "partitions": list(range(12))},
        served_by={"intake_offset_pkey": "cluster_id"},
    ),
    "fold": Hot(
        statement=rows.LOCK,
        values={"tenants": ["t0"] * len(IDS), "kinds": ["client"] * len(IDS), "ids": IDS},
        served_by={"sync_record_pkey": "klipboard_id", "link_pkey": "klipboard_id"},
    ),
    "settle": Hot(
        statement=settling._LOCK,
        values=ONE,
        served_by={
            "sync_record_pkey": "klipboard_id",
            "sync_record_waits_for": "waits_id",
            "link_pkey": "klipboard_id",
        },
    ),
    "wake": Hot(statement=settling._WAKE, values=ONE, served_by={"sync_record_waits_for": "waits_id"}),
    "feed": Hot(
        statement=feed.LINKED,
        values={**ACME, "types": ["Invoice"] * len(IDS), "ids": IDS},
        served_by={"link_object": "quickbooks_id", "sync_record_pkey": "klipboard_id"},
    ),
    "feed's open attempts": Hot(statement=feed._OPEN, values=ACME, served_by={"attempt_open": "tenant_id"}),
    "echoes": Hot(
        statement=feed._ECHOES,
        values={**ACME, "types": ["Invoice"] * len(IDS), "ids": IDS, "tokens": ["0"] * len(IDS)},
        served_by={"attempt_echo": "token_answered"},
    ),
    "echo": Hot(
        statement=readings._ECHO,
        values={**ACME, "type": "Invoice", "id": "2", "token": "0"},
        served_by={"attempt_echo": "token_answered"},
    ),
    "payments of invoices": Hot(
        statement=returns._OF_INVOICES, values={**ACME, "ids": IDS}, served_by={"payment_application_txn": "txn_id"}
    ),
    "payments": Hot(
        statement=returns._OF_PAYMENTS,
        values={**ACME, "ids": IDS},
        served_by={"payment_application_pkey": "payment_id"},
    ),
    "unsent": Hot(
        statement=outbox._UNSENT,
        values={"shards": list(range(12)), "besides": [], "limit": 100},
        served_by={"outbox_unsent": "shard"},
    ),
    "shards": Hot(
        statement=outbox._CLAIM,
        values={"owner": "w", "session": "s", "seconds": 10.0, "shards": 12},
        served_by={"outbox_unsent": "shard"},
    ),
    "recent calls": Hot(
        statement=calls._RECENT,
        values={**ACME, "seconds": 180.0},
        served_by={"attempt_sent": "sent_at", "read_call_sent": "sent_at"},
    ),
}


@pytest.fixture(scope="module")
def filled_url(postgres_address: str) -> Iterator[str]:
    """A migrated database with tens of thousands of rows in every table that grows."""

    async def filled(url: str) -> None:
        database = Database(url)
        await migrate(database)
        async with database.transaction() as connection:
            await fill(connection)
        await database.close()

    with fresh_database(postgres_address) as url:
        asyncio.run(filled(url))
        yield url


@pytest.fixture
async def database(filled_url: str) -> AsyncIterator[Database]:
    database = Database(filled_url, connections=1)
    yield database
    await database.close()


@pytest.mark.parametrize("generic", [False, True], ids=["values", "generic"])
@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_uses_its_index(database: Database, name: str, *, generic: bool) -> None:
    """It enters the index by those columns and reads no growing table from end to end, planned for its values or not.

    The second is how the server plans a statement that it has seen often: without a look at the values.
    """
    hot = HOT[name]

    async with database.transaction() as connection:
        plan = await explain(connection, hot.statement, hot.values, generic=generic)

    assert not plan.read_whole & GROWING
    for index, column in hot.served_by.items():
        assert column in plan.looked_up_by(index), f"{index} is not entered by {column}"


async def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    """The next migration, drafted from the tables, would be empty: columns, types, defaults and indexes agree."""

    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))

    assert tables.SyncRecord.__tablename__ == "sync_record"
    async with database.transaction() as connection:
        assert await connection.run_sync(differences) == []
