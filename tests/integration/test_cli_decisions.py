"""`klipsync records recreate` and `ignore`: what a person decides is done, noted, and nothing else changes."""

import asyncio
from typing import Any

import pytest

from consumers.operations import Create
from consumers.plan import Surroundings, plan
from consumers.records import RealmId
from schemas.kinds import TenantId
from tests.integration.shell import REALM, Shell, listening

pytestmark = pytest.mark.postgres


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell.at(database_url)


def around() -> Surroundings:
    return Surroundings(realm=RealmId(REALM), tenant=TenantId("acme"), income_account="79", currency="USD", links={})


def an_unknown_invoice(shell: Shell, *, state: str = "unknown", **changes: Any) -> None:  # noqa: ANN401 - columns
    """With everything that a former life leaves behind."""
    shell.tenant()
    fields: dict[str, Any] = {
        "sent": {"DueDate": "2026-04-01"},
        "seen": {"Id": "145", "SyncToken": "3"},
        "unreturned": {"PrivateNote": "by hand"},
    }
    row = {"cause": "Nobody knows.", "next_step": "Look in QuickBooks.", **fields, **changes}
    shell.record("client/c1")
    shell.record("invoice/1", state=state, **row)


@pytest.mark.parametrize("state", ["unknown", "gone_in_quickbooks", "ignored"])
def test_a_person_may_have_a_record_made_again(shell: Shell, state: str) -> None:
    """R-62: its former life is forgotten, the former QuickBooks id is kept in the note, and its owner is woken."""
    an_unknown_invoice(shell, state=state)
    shell.link("invoice/1", "145")
    shell.link("invoice/1", "9", realm="another")
    shell.link("client/c1", "50")

    ended = shell.installed("records", "recreate", "acme", "invoice/1", "--yes")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "1 record: invoice/1 of tenant acme is made anew in QuickBooks. "
        f"Its former Invoice 145 of company {REALM} is forgotten here.\n"
    )
    columns = "state, revision, settled_revision, generation, sent, seen, unreturned, cause, next_step"
    assert shell.sql(f"SELECT {columns} FROM sync_record WHERE kind = 'invoice'") == [  # noqa: S608 - our own
        ("pending", 4, 3, 1, {}, None, {}, None, None)
    ]
    assert shell.sql("SELECT quickbooks_id FROM link ORDER BY 1") == [("50",), ("9",)]
    only_there = shell.sql("SELECT type, quickbooks_id, deleted_at IS NOT NULL FROM quickbooks_only")
    assert only_there == [("Invoice", "145", state == "gone_in_quickbooks")]
    ((action, tenant, details),) = shell.actions()
    unlinked = {"realm": REALM, "type": "Invoice", "id": "145", "token": "3"}
    assert (action, tenant) == ("recreate", "acme")
    assert details == {
        "kind": "invoice",
        "id": "1",
        "state": state,
        "cause": "Nobody knows.",
        "generation": 1,
        "unlinked": unlinked,
    }


async def test_a_recreated_records_owner_is_woken(database_url: str) -> None:
    """It need not wait until its owner looks again by itself."""
    shell = await asyncio.to_thread(Shell.at, database_url)
    await asyncio.to_thread(an_unknown_invoice, shell)

    async with listening(shell.url) as heard:
        await asyncio.to_thread(shell.here, "records", "recreate", "acme", "invoice/1", "--yes")
        woken = await asyncio.wait_for(heard.get(), 30)

    assert woken == "acme"


def test_a_recreated_record_is_planned_as_a_create(shell: Shell) -> None:
    """A minute later its owner finds it due, without a QuickBooks object, and with a request id of its generation."""
    shell.tenant()
    shell.record("client/c1", state="gone_in_quickbooks", content={"name": "Harbour Hotel"}, sent={"DisplayName": "x"})
    shell.link("client/c1", "50")

    told = shell.json("records", "recreate", "acme", "client/c1", "--yes")
    at_once = shell.due()
    shell.sql("UPDATE sync_record SET next_attempt_at = next_attempt_at - interval '61 seconds'")

    (record,) = shell.due()
    assert at_once == []
    assert isinstance(plan(record=record, around=around()), Create)
    assert (record.generation, record.link) == (1, None)
    assert (told["records"], told["generation"], told["unlinked"]["id"]) == (1, 1, "50")


@pytest.mark.parametrize("state", ["pending", "synced", "waiting", "failed", "refused"])
def test_a_record_that_is_not_undecided_is_not_made_again(shell: Shell, state: str) -> None:
    """QuickBooks might have it twice then; the sentence says what can be done instead, and nothing changes."""
    an_unknown_invoice(shell, state=state)
    before = shell.tables()

    ended = shell.here("records", "recreate", "acme", "invoice/1", "--yes")

    assert (ended.code, ended.out) == (1, "")
    assert f"invoice/1 of tenant acme is {state} and was left as it is: only what is unknown" in ended.err
    assert "`klipsync records replay` has it looked at again." in ended.err
    assert shell.tables() == before


@pytest.mark.parametrize("command", ["recreate", "ignore"])
def test_nothing_is_decided_while_a_call_is_open(shell: Shell, command: str) -> None:
    """Its answer may still come, and would be settled into what was just forgotten."""
    an_unknown_invoice(shell)
    shell.attempt("invoice/1", "r1")
    before = shell.tables()

    ended = shell.here("records", command, "acme", "invoice/1", *(["--yes"] if command == "recreate" else []))

    assert ended.code == 1
    assert "A call about invoice/1 left at 2026-03-02 09:00:05 UTC and what became of it is not known yet" in ended.err
    assert shell.tables() == before


def test_a_call_that_ended_is_no_hindrance(shell: Shell) -> None:
    """Only open attempts count."""
    an_unknown_invoice(shell)
    shell.attempt("invoice/1", "r1", outcome="unknown")

    assert shell.here("records", "recreate", "acme", "invoice/1", "--yes").code == 0


@pytest.mark.parametrize(
    ("answer", "code", "state"), [("n\n", 1, "unknown"), ("", 1, "unknown"), ("y\n", 0, "pending")]
)
def test_recreating_asks_first(shell: Shell, answer: str, code: int, state: str) -> None:
    """It says what it is about; no answer is a no, and nothing changes."""
    an_unknown_invoice(shell, content={"number": "INV-1"})

    ended = shell.here("records", "recreate", "acme", "invoice/1", stdin=answer)

    assert ended.code == code
    assert "invoice/1 (INV-1) is unknown. Nobody knows." in ended.err
    assert "Have it made again in QuickBooks?" in ended.err
    assert shell.state("invoice/1")[0] == state


def test_nobody_is_asked_in_vain(shell: Shell) -> None:
    """What would be refused is refused before the question."""
    an_unknown_invoice(shell, state="synced")

    ended = shell.here("records", "recreate", "acme", "invoice/1", stdin="y\n")

    assert ended.code == 1
    assert "Have it made again" not in ended.err


@pytest.mark.parametrize("state", ["failed", "refused", "unknown", "gone_in_quickbooks"])
def test_a_person_may_leave_a_record_as_it_is(shell: Shell, state: str) -> None:
    """It is settled, with the reason for whoever looks next, and the way back."""
    an_unknown_invoice(shell, state=state, settled=2, next_in=3600.0, tries=4)

    ended = shell.installed("records", "ignore", "acme", "invoice/1", "--why", "entered by hand as 1042")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "1 record: invoice/1 of tenant acme is left as it is in QuickBooks.\n"
    (shown,) = shell.json("records", "list", "--kind", "invoice")
    assert (shown["state"], shown["due"], shown["waits_because"]) == ("ignored", False, None)
    assert shown["cause"] == "A person decided to leave it as it is in QuickBooks. entered by hand as 1042"
    assert ("`klipsync records replay --id …`" in shown["next_step"]) is (state in {"failed", "refused"})
    assert "`klipsync records recreate`" in shown["next_step"]
    assert shell.state("invoice/1") == ("ignored", 3, 3)
    ((action, tenant, details),) = shell.actions()
    assert (action, tenant, details["state"], details["why"]) == ("ignore", "acme", state, "entered by hand as 1042")


@pytest.mark.parametrize("state", ["pending", "synced", "waiting", "ignored"])
def test_only_what_needs_a_person_can_be_ignored(shell: Shell, state: str) -> None:
    """A record that goes on by itself must not be forgotten by a slip."""
    an_unknown_invoice(shell, state=state)
    before = shell.tables()

    ended = shell.here("records", "ignore", "acme", "invoice/1")

    assert (ended.code, ended.out) == (1, "")
    assert f"is {state} and was left as it is: only a record that needs a person" in ended.err
    assert shell.tables() == before


@pytest.mark.parametrize("command", [["recreate", "--yes"], ["recreate"], ["ignore"]], ids=" ".join)
def test_a_decision_about_nothing_is_refused(shell: Shell, command: list[str]) -> None:
    """An unknown tenant, an unknown record and an empty subject are told apart."""
    shell.tenant()

    ends = [
        shell.here("records", *command, *about)
        for about in (["nobody", "invoice/1"], ["acme", "invoice/1"], ["acme", "invoice/"])
    ]

    assert [ended.code for ended in ends] == [1, 1, 2]
    assert "There is no tenant nobody" in ends[0].err
    assert "Tenant acme has no record invoice/1" in ends[1].err
    assert "names no record" in ends[2].err
    assert shell.actions() == []
