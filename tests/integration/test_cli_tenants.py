"""`klipsync tenants`: showing, pausing and resuming."""

import asyncio

import pytest

from infra.database.books import StoredBooks
from infra.database.engine import Database
from schemas.kinds import TenantId
from tests.integration.shell import REALM, Shell, listening

pytestmark = pytest.mark.postgres

KEYS = {
    *("tenant", "time_zone", "currency", "income_account", "connection", "connection_cause", "connected_at", "realm"),
    *("environment", "operator_pause", "pause_cause", "paused_until", "waits_because", "waits_next_step", "owner"),
    *(
        "lease_until",
        "next_poll_at",
        "polled_at",
        "cursor",
        "rewound",
        "records",
        "due",
        "only_in_quickbooks",
        "unsent",
    ),
}


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell.at(database_url)


def a_busy_tenant(shell: Shell) -> None:
    """With something of everything that a person may want to know."""
    shell.tenant(owner="w1", operator_pause="the year is closed", pause_cause="Slow down.", paused_for=3600.0)
    shell.record("client/1")
    shell.record("client/2", settled=2)
    shell.record("client/3", state="failed", settled=2, next_in=3600.0)
    shell.sql("UPDATE tenant SET polled_at = '2026-03-02T09:00:00Z', next_poll_at = '2026-03-02T09:01:00Z'")
    shell.sql("INSERT INTO cursor VALUES (:realm, 'cdc', 'acme', '2026-03-02T08:59:00Z')", realm=REALM)
    only = "INSERT INTO quickbooks_only (realm, type, quickbooks_id, tenant_id, token, deleted_at) VALUES "
    shell.sql(f"{only} ('9130', 'Customer', '1', 'acme', '0', NULL), ('9130', 'Customer', '2', 'acme', '0', now())")
    shell.sql(f"{only} ('9130', 'Vendor', '1', 'acme', '0', NULL)")
    outbox = (
        "INSERT INTO outbox (shard, tenant_id, topic, sent_at) VALUES (0, 'acme', 't', NULL), (0, 'acme', 't', now())"
    )
    shell.sql(outbox)


def test_one_tenant_shows_everything(shell: Shell) -> None:
    """Its states, its pauses with cause and end, its owner, its polls, what is only in QuickBooks, what is unsent."""
    a_busy_tenant(shell)

    ended = shell.installed("tenants", "show", "acme")

    assert ended.code == 0, ended
    page = ended.out.splitlines()
    assert page[0] == "Tenant acme"
    assert {
        "waits: tenant acme was paused by an operator: the year is closed",
        "next step: let it go on with `klipsync tenants resume acme`",
        "records: failed 1, synced 2",
        "due now: 1",
        "messages not sent yet: 1",
        "income account: none: new items wait for one",
        f"connection: connected to company {REALM} (production)",
        "last polled: 2026-03-02 09:00:00 UTC",
        "next poll: 2026-03-02 09:01:00 UTC",
        "changes read up to: 2026-03-02 08:59:00 UTC",
        "only there: Customer 1, Vendor 1",
    } <= set(page)
    assert any(line.startswith("owner: w1, by a lease until 2100-01-01") for line in page)
    assert any(line.startswith("paused: Slow down. (until 2") for line in page)


def test_the_tenants_are_listed(shell: Shell) -> None:
    """One line each, with why it waits."""
    a_busy_tenant(shell)
    shell.tenant("lonely", realm=None)

    ended = shell.installed("tenants", "list")

    assert ended.code == 0, ended
    columns, acme, lonely = (line.split("\t") for line in ended.out.splitlines())
    assert len(columns) == len(acme) == len(lonely)
    assert acme[:5] == ["acme", f"connected to company {REALM} (production)", "failed 1, synced 2", "1", "w1"]
    assert lonely[:2] == ["lonely", "never connected"]
    assert lonely[-1].startswith("tenant lonely is not connected to QuickBooks; connect it with `klipsync tenants add")


def test_a_terminal_shows_tenants_in_fewer_columns(shell: Shell) -> None:
    """States below each other, and the connection beside why it waits."""
    a_busy_tenant(shell)

    seen = " ".join(shell.on_a_terminal("tenants", "list", columns=80).split())

    assert "acme failed 1 w1 connected to company 9130" in seen
    assert "only there: Customer 1, Vendor 1" in seen
    assert "1 message not sent yet" in seen


def test_tenants_are_json_for_scripts(shell: Shell) -> None:
    """Keys that stay, for one and for all; nothing of a token."""
    a_busy_tenant(shell)
    shell.tenant("lonely", realm=None)

    acme, lonely = shell.json("tenants", "list")

    assert set(acme) == set(lonely) == KEYS
    assert shell.json("tenants", "show", "acme") == acme
    assert (acme["records"], acme["due"], acme["unsent"]) == ({"failed": 1, "synced": 2}, 1, 1)
    assert (acme["only_in_quickbooks"], acme["cursor"]) == ({"Customer": 1, "Vendor": 1}, "2026-03-02T08:59:00+00:00")
    assert (acme["operator_pause"], acme["pause_cause"]) == ("the year is closed", "Slow down.")
    assert (lonely["connection"], lonely["realm"], lonely["owner"]) == (None, None, None)


def test_no_tenants_are_no_error(shell: Shell) -> None:
    """It says how one comes to be."""
    assert shell.here("tenants", "list").out.startswith("There is no tenant yet: `klipsync tenants add` makes one")
    assert shell.json("tenants", "list") == []


def is_let_out(shell: Shell) -> bool:
    """Whether an owner would let anything leave for acme."""

    async def view() -> bool:
        database = Database(shell.url, connections=1)
        try:
            return await StoredBooks(database).view(TenantId("acme")) is not None
        finally:
            await database.close()

    return asyncio.run(view())


def test_a_tenant_is_paused_and_resumed(shell: Shell) -> None:
    """The kill switch: its owner lets nothing leave in between. Both are noted, and say how many records wait."""
    shell.tenant(owner="w1")
    shell.record("client/1", settled=2)
    shell.record("client/2")
    before = is_let_out(shell)

    paused = shell.installed("tenants", "pause", "acme", "--why", "the year is closed")
    between = is_let_out(shell)
    resumed = shell.installed("tenants", "resume", "acme")

    assert (before, between, is_let_out(shell)) == (True, False, True)
    assert (paused.code, paused.err) == (resumed.code, resumed.err) == (0, "")
    assert paused.out == "acme is paused: nothing leaves for it. 1 record waits for `klipsync tenants resume`.\n"
    assert resumed.out == "acme goes on, with 1 record to look at.\n"
    assert shell.actions() == [
        ("pause", "acme", {"why": "the year is closed", "before": None}),
        ("resume", "acme", {"before": "the year is closed"}),
    ]


async def test_a_resumed_tenants_owner_is_woken(database_url: str) -> None:
    """It need not wait until its owner looks again by itself."""
    shell = await asyncio.to_thread(Shell.at, database_url)
    await asyncio.to_thread(shell.tenant, operator_pause="closed")

    async with listening(shell.url) as heard:
        await asyncio.to_thread(shell.here, "tenants", "resume", "acme")
        woken = await asyncio.wait_for(heard.get(), 30)

    assert woken == "acme"


def test_pausing_and_resuming_are_json_for_scripts(shell: Shell) -> None:
    """What was done, to whom, and how many records it is about."""
    shell.tenant()

    paused = shell.json("tenants", "pause", "acme", "--why", "closed")
    resumed = shell.json("tenants", "resume", "acme")

    assert paused == {"action": "pause", "tenant": "acme", "why": "closed", "records": 0}
    assert resumed == {"action": "resume", "tenant": "acme", "records": 0}


def test_resuming_says_what_it_waits_for_still(shell: Shell) -> None:
    """Else one would think that it goes."""
    shell.tenant(realm=None, operator_pause="closed")

    ended = shell.here("tenants", "resume", "acme")

    assert ended.out == "acme goes on, with 0 records to look at. But tenant acme is not connected to QuickBooks.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["resume", "acme"], 1, "Tenant acme is not paused by an operator, so nothing has changed."),
        (["resume", "nobody"], 1, "There is no tenant nobody. Known are acme."),
        (["pause", "nobody", "--why", "x"], 1, "There is no tenant nobody."),
        (["pause", "acme"], 2, "Missing option '--why'"),
        (["pause", "acme", "--why", "  "], 2, "Say why in 1 to 500 characters."),
        (["pause", "acme", "--why", "x" * 501], 2, "Say why in 1 to 500 characters."),
        (["show", "nobody"], 1, "There is no tenant nobody. Known are acme."),
    ],
    ids=["not paused", "resume nobody", "pause nobody", "no reason", "blank reason", "long reason", "show nobody"],
)
def test_what_cannot_be_is_refused(shell: Shell, arguments: list[str], code: int, sentence: str) -> None:
    """One sentence, and nothing changes."""
    shell.tenant()
    before = shell.tables()

    ended = shell.here("tenants", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert sentence in ended.err
    assert shell.tables() == before
