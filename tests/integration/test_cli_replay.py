"""`klipsync records replay`: exactly the selected records are looked at again."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consumers.records import State
from infra.database.engine import Database
from infra.database.replays import Replay
from infra.database.standing import Selection
from schemas.kinds import TenantId
from tests.integration.shell import Shell, listening

pytestmark = pytest.mark.postgres

_REVISIONS = """
SELECT tenant_id || '/' || kind || '/' || klipboard_id FROM sync_record WHERE revision <> :before
 ORDER BY tenant_id, kind, klipboard_id
"""

_WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell.at(database_url)


def some_records(shell: Shell) -> None:
    """Two tenants with records that may be replayed, each at revision 3."""
    for tenant in ("acme", "other"):
        shell.tenant(tenant, realm=f"91{tenant}")
        for subject in ("client/1", "client/2", "invoice/1"):
            shell.record(subject, tenant=tenant)


def touched(shell: Shell) -> list[str]:
    """The records that have another revision than at the start."""
    return [name for (name,) in shell.sql(_REVISIONS, before=3)]


@pytest.mark.parametrize(
    ("selection", "records"),
    [
        (["--tenant", "acme"], ["acme/client/1", "acme/client/2", "acme/invoice/1"]),
        (["--kind", "invoice"], ["acme/invoice/1", "other/invoice/1"]),
        (["--id", "1"], ["acme/client/1", "acme/invoice/1", "other/client/1", "other/invoice/1"]),
        (["--tenant", "other", "--kind", "client"], ["other/client/1", "other/client/2"]),
        (["--tenant", "other", "--kind", "client", "--id", "2"], ["other/client/2"]),
        (["--kind", "supplier"], []),
    ],
    ids=" ".join,
)
def test_a_replay_touches_exactly_the_selected_records(shell: Shell, selection: list[str], records: list[str]) -> None:
    """One record more would be compared for nothing, one less would stay wrong; every action is noted per tenant."""
    some_records(shell)

    done = shell.json("records", "replay", *selection)

    tenants = sorted({record.partition("/")[0] for record in records})
    assert touched(shell) == records
    assert done == {"action": "replay", "records": len(records), "tenants": tenants, "left_out": {}}
    assert [(action, tenant) for action, tenant, _ in shell.actions()] == [("replay", tenant) for tenant in tenants]
    assert sum(details["records"] for *_, details in shell.actions()) == len(records)


def test_a_replay_of_everything(shell: Shell) -> None:
    """With --all: each record once, and its failures are forgotten, so that it is tried at once."""
    some_records(shell)
    shell.record("invoice/9", state="failed", settled=2, next_in=3600.0, tries=4)

    ended = shell.installed("records", "replay", "--all")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "7 records of 2 tenants will be looked at again.\n"
    assert shell.sql("SELECT DISTINCT revision, tries, next_attempt_at, first_failed_at FROM sync_record") == [
        (4, 0, None, None)
    ]
    assert shell.state("invoice/9")[0] == "failed"
    assert [details for *_, details in shell.actions()] == [
        {"tenant": None, "kind": None, "id": None, "records": 4},
        {"tenant": None, "kind": None, "id": None, "records": 3},
    ]


def test_a_replayed_record_is_looked_at_by_its_owner(shell: Shell) -> None:
    """Nothing but the mark makes a settled record due."""
    shell.tenant()
    shell.record("client/1")
    before = shell.due()

    shell.here("records", "replay", "--tenant", "acme")

    assert before == []
    assert [record.key.subject for record in shell.due()] == ["client/1"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Nothing is chosen: name records with --tenant, --kind or --id, or add --all"),
        (["--all", "--tenant", "acme"], 2, "It means every record of every tenant: leave it out"),
        (["--tenant", "nobody"], 1, "There is no tenant nobody. Known are acme, other."),
        (["--kind", "bill"], 2, "is not one of 'client'"),
    ],
    ids=["nothing", "all of one", "unknown tenant", "unknown kind"],
)
def test_a_replay_that_cannot_be_meant_is_refused(shell: Shell, arguments: list[str], code: int, sentence: str) -> None:
    """A slip must not mark everything; nothing changes."""
    some_records(shell)
    before = shell.tables()

    ended = shell.here("records", "replay", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert sentence in ended.err
    assert shell.tables() == before


def test_an_id_that_nobody_has_is_told(shell: Shell) -> None:
    """Exit code 1: whoever named a record wanted it."""
    some_records(shell)

    ended = shell.here("records", "replay", "--id", "77")

    assert (ended.code, ended.out) == (1, "No record was chosen. `klipsync records list` shows those there are.\n")


def test_a_replay_leaves_to_a_person_what_a_person_must_decide(shell: Shell) -> None:
    """Sending again could make an unknown invoice twice, or bring back what was ignored; it says what it left out."""
    shell.tenant()
    for id_, state in enumerate(State):
        shell.record(f"invoice/{id_}", state=state.value)

    ended = shell.here("records", "replay", "--all")

    left = [state for (state,) in shell.sql("SELECT state FROM sync_record WHERE revision = 3 ORDER BY 1")]
    assert left == ["gone_in_quickbooks", "ignored", "unknown"]
    assert "5 records of 1 tenant will be looked at again. Left out: unknown 1, gone_in_quickbooks 1" in ended.out
    assert shell.json("records", "replay", "--all")["left_out"] == {
        "unknown": 1,
        "gone_in_quickbooks": 1,
        "ignored": 1,
    }


@pytest.mark.parametrize("state", ["unknown", "gone_in_quickbooks"])
def test_naming_an_undecided_record_does_not_replay_it(shell: Shell, state: str) -> None:
    """Its id alone does not say whether there is to be a new object."""
    shell.tenant()
    shell.record("invoice/1", state=state)

    ended = shell.here("records", "replay", "--id", "1")

    assert ended.code == 1
    assert f"Left out: {state} 1. They wait for `klipsync records recreate` or `ignore`" in ended.out
    assert shell.state("invoice/1") == (state, 3, 3)


@pytest.mark.parametrize("state", ["failed", "refused"])
def test_naming_an_ignored_record_takes_it_up_again(shell: Shell, state: str) -> None:
    """It is pending then, and its former cause is gone."""
    shell.tenant()
    shell.record("invoice/1", state=state, cause="It broke.")
    shell.here("records", "ignore", "acme", "invoice/1")

    shell.here("records", "replay", "--tenant", "acme", "--id", "1")

    assert shell.sql("SELECT state, cause, next_step, revision FROM sync_record") == [("pending", None, None, 4)]


@pytest.mark.parametrize("state", ["unknown", "gone_in_quickbooks"])
def test_what_was_undecided_when_it_was_ignored_is_so_still(shell: Shell, state: str) -> None:
    """To look at it again by itself could make it twice, or take it for synced: only `recreate` leads out."""
    shell.tenant()
    shell.record("invoice/1", state="failed")
    shell.here("records", "ignore", "acme", "invoice/1")
    shell.sql("UPDATE sync_record SET state = :state", state=state)
    shell.here("records", "ignore", "acme", "invoice/1")

    ended = shell.here("records", "replay", "--id", "1")

    assert (ended.code, ended.out.startswith("No record was chosen. Left out: ignored 1. ")) == (1, True)
    assert shell.state("invoice/1") == ("ignored", 3, 3)


async def test_a_big_replay_goes_in_batches_and_says_how_far_it_is(database_url: str) -> None:
    """Each is a transaction with its own note, and wakes the tenant: no fold waits for the whole of it."""
    shell = await asyncio.to_thread(Shell.at, database_url)
    await asyncio.to_thread(some_records, shell)
    told: list[tuple[int, int]] = []

    database = Database(shell.url, connections=1)
    replay = Replay(database=database, selection=Selection(), batch=2, progress=lambda *far: told.append(far))

    async with listening(shell.url) as heard:
        done = await replay.run()
        woken = [await asyncio.wait_for(heard.get(), 30) for _ in range(4)]

    await database.close()
    assert (done.records, done.tenants) == (6, ["acme", "other"])
    assert told == [(2, 6), (3, 6), (5, 6), (6, 6)]
    assert woken == ["acme", "acme", "other", "other"]
    assert [details["records"] for *_, details in await asyncio.to_thread(shell.actions)] == [2, 1, 2, 1]


async def test_a_replay_locks_in_the_one_order(database_url: str) -> None:
    """While it waits for the first record it holds none of the later ones: no ring with a fold, which locks alike."""
    shell = await asyncio.to_thread(Shell.at, database_url)
    await asyncio.to_thread(shell.tenant)
    for id_ in ("b", "Z", "a", "B"):  # in C's order: B Z a b
        await asyncio.to_thread(shell.record, f"client/{id_}")
    database = Database(shell.url, connections=4)
    replay = Replay(database=database, selection=Selection(tenant=TenantId("acme")), progress=lambda *_: None)

    async with database.transaction() as fold:
        await fold.execute(text("SELECT 1 FROM sync_record WHERE klipboard_id = 'B' FOR UPDATE"))
        running = asyncio.create_task(replay.run())
        await _until_somebody_waits(database)
        free = [id_ for id_ in ("Z", "a", "b") if await _is_free(database, id_)]
        held_back = not running.done()
    done = await running

    await database.close()
    assert (free, held_back, done.records) == (["Z", "a", "b"], True, 4)


async def test_a_record_that_becomes_a_persons_meanwhile_is_left_alone(database_url: str) -> None:
    """Chosen while it was failed, and unknown by the time it is locked: what is decided counts under the lock."""
    shell = await asyncio.to_thread(Shell.at, database_url)
    await asyncio.to_thread(shell.tenant)
    await asyncio.to_thread(shell.record, "invoice/1", state="failed")
    await asyncio.to_thread(shell.record, "invoice/2", state="failed")
    database = Database(shell.url, connections=4)
    replay = Replay(database=database, selection=Selection(tenant=TenantId("acme")), progress=lambda *_: None)

    async with database.transaction() as settle:
        await settle.execute(text("UPDATE sync_record SET state = 'unknown' WHERE klipboard_id = '1'"))
        running = asyncio.create_task(replay.run())
        await _until_somebody_waits(database)
    done = await running

    await database.close()
    assert done.records == 1
    assert await asyncio.to_thread(shell.state, "invoice/1") == ("unknown", 3, 3)


async def _until_somebody_waits(database: Database) -> None:
    async with asyncio.timeout(30):
        waits = 0
        while not waits:
            async with database.transaction() as connection:
                asked = await connection.execute(text(_WAITING))
                waits = int(asked.scalar_one())


async def _is_free(database: Database, id_: str) -> bool:
    try:
        async with database.transaction() as connection:
            statement = "SELECT 1 FROM sync_record WHERE klipboard_id = :id FOR UPDATE NOWAIT"
            await connection.execute(text(statement), {"id": id_})
    except DBAPIError:
        return False
    return True
