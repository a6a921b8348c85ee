"""Outcomes: what a fault costs, whom it stops, and what goes on (R-03, R-65)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from consumers import wanted
from infra.quickbooks.transport import Reply
from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.switches import Switches
from mapping.clients import customer_fields
from mapping.outcomes import classify
from schemas.clients import Client
from schemas.quickbooks.answers import Faulted, NeverLeft
from tests.integration.line import Line, line
from tests.integration.meddling import Meddler, a_fault, attempts, how, look_again, no_connection

pytestmark = [pytest.mark.postgres]

SUBJECTS = [f"{kind}{id_}" for id_ in ("c1", "c2") for kind in ("client/", "client_location/l-", "invoice/i-")]


@pytest.fixture
def meddler() -> Meddler:
    """Acts when a test says so."""
    return Meddler()


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str, meddler: Meddler) -> AsyncIterator[Line]:
    """A line whose QuickBooks remembers request ids for ever, or not at all."""
    switches = Switches(limits="off", request_ids=request.param)
    async with line(database_url, switches=switches, wrap=meddler.wrap) as found:
        yield found


def refuse(here: Line, code: str, *, status: int = 400, count: int | None = 1, entity: str = "customer") -> None:
    """Writes to that entity are refused with this code."""
    here.break_calls("status", entity=entity, method="POST", status=status, body=a_fault(code), count=count)


async def pause_cause(here: Line) -> str | None:
    """Why the tenant is paused now; None: it is not."""
    found = await here.rows("SELECT pause_cause FROM tenant WHERE paused_until > clock_timestamp()")
    return found[0][0] if found else None


async def seconds_to_next_try(here: Line, subject: str) -> float:
    at: datetime = (await here.record(subject))["next_attempt_at"]
    return (at - datetime.now(UTC)).total_seconds()


async def test_one_records_trouble_is_tried_again_later_and_later(here: Line) -> None:
    """30 s, then twice as long each time, an hour at most, each spread over its upper half."""
    refuse(here, "4002", count=None)
    await here.client()
    waits = []
    for _ in range(9):
        await here.turns(1)
        waits.append(await seconds_to_next_try(here, "client/c1"))
        await here.pass_time(seconds=waits[-1] + 1)

    record = await here.record("client/c1")
    longest = [30 * 2**number for number in range(7)] + [3600, 3600]
    assert all(most / 2 - 2 <= wait <= most for wait, most in zip(waits, longest, strict=True))
    assert (record["state"], record["tries"], record["refusals"]) == ("failed", 9, 9)
    assert "failed over a query" in record["cause"]
    assert len({one.request_id for one in here.calls() if one.method == "POST"}) == 9


async def test_a_record_that_fails_for_a_day_is_given_up_and_the_next_event_takes_it_up(here: Line) -> None:
    """It is settled as failed and told once; nothing leaves until Klipboard says something."""
    refuse(here, "4002", count=None)
    await here.client()
    await here.turns(1)
    await here.pass_time(hours=24, minutes=1)
    await here.turns(1)
    given_up, told = await here.record("client/c1"), await here.told("SyncFailed")
    await here.pass_time(hours=48)
    await here.turns()
    calls = len([one for one in here.calls() if one.method == "POST"])
    here.mend()

    await here.client(version=2)
    await here.turns()

    assert (given_up["state"], given_up["revision"] == given_up["settled_revision"]) == ("failed", True)
    assert (len(told), calls) == (1, 2)
    assert await how(here, "client/c1") == ("synced", None)


async def test_a_refusal_lasts_until_something_changes_and_heals_on_the_next_event(here: Line) -> None:
    """R-65: a closed period is not asked again in a loop; the edit is tried at once, under another request id."""
    refuse(here, "6200")
    await here.client()
    await here.turns()
    refused = await here.record("client/c1")
    await here.pass_time(hours=48)
    await here.turns()
    calls = len([one for one in here.calls() if one.method == "POST"])

    await here.client(version=2)
    await here.turns()

    assert (refused["state"], refused["revision"] == refused["settled_revision"]) == ("refused", True)
    assert "period" in refused["cause"]
    assert refused["next_step"]
    assert calls == 1
    assert await how(here, "client/c1") == ("synced", None)
    assert len(await here.told("SyncFailed")) == 1


@pytest.mark.parametrize(
    ("status", "code", "seconds", "count"),
    [(429, "3001", 60, 1), (400, "3001", 60, 1), (403, "3100", 60, 1), (401, "3200", 60, 2), (400, "6190", 60, 1)],
)
async def test_a_tenants_trouble_costs_no_try_and_folding_goes_on(
    here: Line, status: int, code: str, seconds: int, count: int
) -> None:
    """R-03: throttled, disconnected, lapsed: it waits without end, and what came meanwhile goes in one write."""
    refuse(here, code, status=status, count=count)
    await here.client(phone="1")
    await here.turns()
    cause = await pause_cause(here)
    await here.client(version=2, phone="2")
    await here.client("c2")
    await here.pass_time(seconds=seconds - 2)
    await here.turns()
    during = here.books("Customer")
    record = await here.record("client/c1")

    await look_again(here, seconds=3)

    assert cause
    assert during == []
    assert (record["tries"], record["first_failed_at"], record["state"]) == (0, None, "pending")
    assert here.one("Customer", DisplayName="Client c1")["PrimaryPhone"] == {"FreeFormNumber": "2"}
    assert await attempts(here, "c1") == [("create", "not_executed", 0), ("create", "executed", 0)]
    assert await here.told("SyncFailed") == []


async def test_a_day_of_pauses_gives_nothing_up(here: Line) -> None:
    """R-03: a pause is not a try, however long it lasts."""
    refuse(here, "3001", status=429, count=None)
    await here.client()
    for _ in range(4):
        await here.turns(1)
        await here.pass_time(hours=20)
    here.mend()

    await here.turns()

    assert await how(here, "client/c1") == ("synced", None)


async def test_without_a_connection_nothing_is_tried_and_nothing_is_lost(here: Line, meddler: Meddler) -> None:
    """What never left costs no try; it goes once when the connection is back."""
    await here.poll()
    for _ in range(3):
        meddler.before("/customer?", no_connection)
    await here.client()
    await here.turns()
    record, cause = await here.record("client/c1"), await pause_cause(here)
    meddler.cut_off = True
    await look_again(here, seconds=31)
    meddler.cut_off = False

    await look_again(here, seconds=31)

    assert "could not be reached" in str(cause)
    assert (record["tries"], record["state"]) == (0, "pending")
    assert len(here.calls("create")) == 1
    assert await how(here, "client/c1") == ("synced", None)


async def test_a_longer_pause_is_not_ended_by_a_shorter_one(here: Line) -> None:
    """Throttled for a minute, and a call without a connection beside it: the minute is waited for."""
    await here.client()
    await here.turns()
    settler, lease = here.worker.parts.settler, here.lease
    assert lease is not None

    for answer in (Faulted(status=429, errors=(), gateway=True), NeverLeft(reason="no connection")):
        await settler.hold(lease, classify(answer, operation="create"))
    await here.pass_time(seconds=45)

    assert await pause_cause(here) is not None


async def test_a_throttled_read_pauses_the_tenant_too(here: Line) -> None:
    """QuickBooks' limit is the company's: reads and writes wait for it together."""
    here.break_calls("status", path_contains="/cdc", status=429, body=a_fault("3001"), count=1)
    await here.turns()
    await here.client()
    await here.turns()
    during = here.calls("create")

    await look_again(here, seconds=61)

    assert during == []
    assert await how(here, "client/c1") == ("synced", None)


async def test_an_operators_pause_stops_what_leaves_and_not_what_comes_in(here: Line) -> None:
    """Nothing is called, read or written; events fold, and one write has them all once it is over."""
    await here.client(phone="1")
    await here.turns()
    await here.rows("UPDATE tenant SET operator_pause = 'stocktaking' RETURNING 1")
    before = len(here.calls())
    await here.client(version=2, phone="2")
    await here.client(version=3, phone="3")
    await here.pass_time(hours=2)
    await here.turns()
    during = here.calls()[before:]
    await here.rows("UPDATE tenant SET operator_pause = NULL RETURNING 1")

    await here.turns()

    assert during == []
    assert len(here.calls("update")) == 1
    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "3"}


async def test_a_fault_that_nobody_foresaw_stops_that_record_loudly_and_no_other(here: Line) -> None:
    """It is logged as an error with its code, the record says so, and the rest goes on."""
    refuse(here, "4711")
    await here.client()
    with capture_logs() as logs:
        await here.turns()
    await here.client("c2")
    await here.turns()

    state, cause = await how(here, "client/c1")
    assert state == "refused"
    assert "4711" in str(cause)
    assert [(one["log_level"], one["code"], one["subject"]) for one in logs if one.get("code")] == [
        ("error", "4711", "client/c1")
    ]
    assert await how(here, "client/c2") == ("synced", None)


async def test_an_answer_that_nobody_foresaw_stops_that_record_loudly_and_no_other(here: Line) -> None:
    """The attempt stays open, because it may have been executed; it is looked up like any other."""
    here.break_calls("status", entity="customer", method="POST", status=200, body='{"Surprise": {}}', count=1)
    await here.client()
    with capture_logs() as logs:
        await here.turns()
    await here.client("c2")
    await here.turns()
    stopped = await how(here, "client/c1")

    await look_again(here)

    assert stopped[0] == "failed"
    assert "klipsync itself failed" in str(stopped[1])
    assert [one["subject"] for one in logs if one["log_level"] == "error"] == ["client/c1"]
    assert await how(here, "client/c2") == ("synced", None)
    assert await how(here, "client/c1") == ("synced", None)
    assert len(here.books("Customer")) == 2


async def test_a_bug_in_the_mapping_stops_one_record_and_not_even_its_readings(
    here: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the other records nor the change feed that shows this one; the next event after the repair heals it."""
    await here.client()
    await here.client("c2")
    await here.turns()
    with monkeypatch.context() as patch, capture_logs() as logs:
        _break_mapping_of(patch, "Client c1")
        await here.client(version=2, phone="2")
        await here.client("c2", version=2, phone="2")
        await here.turns()
        stopped = await how(here, "client/c1")
        here.edit("Customer", here.one("Customer", DisplayName="Client c1")["Id"], Notes="Theirs")
        await here.poll()
        await here.client("c2", version=3, phone="3")
        await here.turns()

    await here.client(version=3, phone="3")
    await here.turns()

    assert stopped == ("refused", "klipsync itself failed on this record (ZeroDivisionError).")
    assert {(one["subject"], type(one["exc_info"])) for one in logs if one["log_level"] == "error"} == {
        ("client/c1", ZeroDivisionError)
    }
    assert [one["PrimaryPhone"]["FreeFormNumber"] for one in here.books("Customer")] == ["3", "3"]
    assert here.one("Customer", DisplayName="Client c1")["Notes"] == "Theirs"


def _break_mapping_of(patch: pytest.MonkeyPatch, name: str) -> None:
    def broken(*, client: Client) -> dict[str, Any]:
        if client.name == name:
            raise ZeroDivisionError
        return customer_fields(client=client)

    patch.setattr(wanted, "customer_fields", broken)


@pytest.mark.parametrize(("code", "state"), [("4000", "refused"), ("4002", "failed")])
async def test_a_name_that_quickbooks_will_not_look_up_stops_one_record_and_no_other(
    here: Line, meddler: Meddler, code: str, state: str
) -> None:
    """R-40: nothing is made that could not be looked up; the others' numbers are asked for without it."""
    await here.client()
    await here.turns()
    meddler.answers["I2%27"] = Reply(status=400, headers={}, body=a_fault(code).encode())
    for id_ in ("i1", "i2", "i3"):
        await here.invoice(id_)
    with capture_logs() as logs:
        await here.turns()
    stopped = await how(here, "invoice/i2")
    made = sorted(one["DocNumber"] for one in here.books("Invoice"))
    meddler.answers.clear()

    await here.invoice("i2", version=2)
    await here.turns()

    assert stopped[0] == state
    assert [one["subject"] for one in logs if one.get("code") == "4000"] == (["invoice/i2"] if code == "4000" else [])
    assert made == ["I1", "I3"]
    assert await pause_cause(here) is None
    assert await how(here, "invoice/i2") == ("synced", None)


async def test_one_failed_parent_blocks_nothing_but_what_needs_it(here: Line) -> None:
    """R-24, R-40: its location and invoice wait and say for what; all others go on, and so do they in time."""
    theirs = bookkeeper.create(here.realm, "Vendor", {"DisplayName": "Client c1"})
    for id_ in ("c1", "c2"):
        await here.client(id_)
        content = {"client_id": id_, "name": f"Depot {id_}"}
        await here.tell("ClientLocationCreated", f"client_location/l-{id_}", 1, **content)
        await here.invoice(f"i-{id_}", client_id=id_)
    await here.turns()
    before = {one: (await how(here, one))[0] for one in SUBJECTS}
    here.edit("Vendor", theirs["Id"], DisplayName="Renamed there")

    await here.client("c1", version=2)
    await here.turns()

    assert list(before.values()) == ["refused", "waiting", "waiting", "synced", "synced", "synced"]
    assert {(await how(here, one))[0] for one in SUBJECTS} == {"synced"}
