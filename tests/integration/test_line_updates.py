"""Updates: what Klipboard changed arrives, once, and nothing that a bookkeeper wrote is undone (R-21, R-41)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from consumers.records import RecordKey
from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.switches import Switches
from schemas.kinds import Kind, KlipboardId
from tests.integration.line import Line, a_line, line
from tests.integration.meddling import LOOK_AGAIN, Meddler, attempts, how, look_again, no_connection

pytestmark = [pytest.mark.postgres]

OWN: dict[str, Any] = {"DetailType": "DescriptionOnly", "Description": "Bank details overleaf"}


@pytest.fixture
def meddler() -> Meddler:
    """Acts when a test says so."""
    return Meddler()


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str, meddler: Meddler) -> AsyncIterator[Line]:
    """A line whose QuickBooks remembers request ids for ever, or not at all; one client is there."""
    switches = Switches(limits="off", request_ids=request.param)
    async with line(database_url, switches=switches, wrap=meddler.wrap) as found:
        await found.client(phone="1", notes="Gate 4")
        await found.turns()
        yield found


async def an_update(here: Line, *, lost: str | None = None, version: int = 2, **content: Any) -> dict[str, Any]:  # noqa: ANN401
    """The client's customer after an edit; `lost`: how its call was broken."""
    if lost is not None:
        here.break_calls(lost, entity="customer", method="POST", count=1)
    await here.client(version=version, **{"phone": "2", "notes": "Gate 4", **content})
    await here.turns()
    return here.one("Customer")


async def an_invoice(here: Line) -> dict[str, Any]:
    """An invoice with one line over 80.00."""
    await here.invoice()
    await here.turns()
    return here.one("Invoice")


def lines_of(here: Line) -> list[tuple[Any, ...]]:
    """(id, description, amount) of the invoice's lines, without the subtotal."""
    return [(one["Id"], one.get("Description"), one.get("Amount")) for one in here.one("Invoice")["Line"][:-1]]


def repriced(invoice: dict[str, Any], *, line_: int, price: int) -> list[dict[str, Any]]:
    """The invoice's lines, one of them at another price for a quantity of one."""
    lines = [dict(one) for one in invoice["Line"][:-1]]
    detail = {**lines[line_]["SalesItemLineDetail"], "UnitPrice": price, "Qty": 1}
    lines[line_] |= {"SalesItemLineDetail": detail, "Amount": price}
    return lines


async def test_an_edit_after_a_lost_update_follows_it(here: Line) -> None:
    """R-21: the update that may have been executed is repeated as it was; what Klipboard said since comes after it."""
    await an_update(here, lost="lose_answer")
    await here.client(version=3, phone="3")
    await here.turns()
    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "2"}

    await look_again(here)

    first, second, third = here.calls("update")
    assert (first.body, first.request_id) == (second.body, second.request_id)
    assert third.request_id != first.request_id
    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "3"}
    assert await how(here, "client/c1") == ("synced", None)
    assert await here.told("SyncConflicted") == []


async def test_an_update_that_never_arrived_is_repeated_as_it_was_and_not_before_185_seconds(here: Line) -> None:
    """R-21: the bytes that left first, under their request id, with the token of that time."""
    await an_update(here, lost="cut_before")
    await look_again(here, seconds=183)
    before = [one for one in here.calls() if one.method == "POST"]
    await look_again(here, seconds=3)

    cut, repeat = [one for one in here.calls() if one.method == "POST"][1:]
    assert len(before) == 2
    assert (cut.body, cut.request_id, cut.path) == (repeat.body, repeat.request_id, repeat.path)
    assert (await attempts(here, "c1"))[1:] == [("update", "executed", 1)]


async def test_a_bookkeepers_edit_after_a_lost_update_stays_and_is_noted(here: Line) -> None:
    """R-21, R-22: the update is recognised by what it asked for; what else the object shows is the bookkeeper's."""
    customer = await an_update(here, lost="lose_answer")
    here.edit("Customer", customer["Id"], Notes="Theirs", CompanyName="Theirs too")

    await look_again(here)
    await an_update(here, version=3, phone="3")

    after, record = here.one("Customer"), await here.record("client/c1")
    assert (after["Notes"], after["CompanyName"]) == ("Theirs", "Theirs too")
    assert after["PrimaryPhone"] == {"FreeFormNumber": "3"}
    assert record["unreturned"] == {"Notes": "Theirs", "CompanyName": "Theirs too"}
    assert await here.told("SyncConflicted") == []


async def test_a_bookkeepers_edit_of_the_same_field_is_never_lost_untold(here: Line) -> None:
    """R-22: it stays and is noted where the update is known to be older, else Klipboard wins and it is told."""
    customer = await an_update(here, lost="lose_answer")
    here.edit("Customer", customer["Id"], PrimaryPhone={"FreeFormNumber": "9"})

    await look_again(here)

    stayed = here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "9"}
    noted = "PrimaryPhone" in (await here.record("client/c1"))["unreturned"]
    assert (stayed, noted, len(await here.told("SyncConflicted"))) in {(True, True, 0), (False, False, 1)}


async def test_a_stale_token_that_hid_a_bookkeepers_edit_undoes_nothing(here: Line) -> None:
    """R-21: what the reading shows is merged, then only Klipboard's own change is written, under a new request id."""
    here.edit("Customer", here.one("Customer")["Id"], Notes="Theirs", CompanyName="Theirs too")

    await an_update(here)

    stale, fresh = here.calls("update")
    assert (stale.fault_code, fresh.fault_code) == ("5010", None)
    assert stale.request_id != fresh.request_id
    after = here.one("Customer")
    assert (after["Notes"], after["CompanyName"], after["PrimaryPhone"]["FreeFormNumber"]) == (
        "Theirs", "Theirs too", "2",
    )  # fmt: skip
    assert (await here.record("client/c1"))["unreturned"] == {"Notes": "Theirs", "CompanyName": "Theirs too"}


async def test_a_stale_token_undoes_nothing_where_klipboard_clears_a_field(here: Line) -> None:
    """R-21: a full update clears what it leaves out; it is built from the reading, bookkeeper's fields and all."""
    here.edit("Customer", here.one("Customer")["Id"], CompanyName="Theirs", Suffix="Jr")

    await an_update(here, phone="1", notes="")

    after = here.one("Customer")
    assert (after["CompanyName"], after["Suffix"], after["PrimaryPhone"]) == (
        "Theirs", "Jr", {"FreeFormNumber": "1"},
    )  # fmt: skip
    assert "Notes" not in after
    assert len(here.calls("update")) == 2


async def test_a_stale_token_undoes_no_line(here: Line) -> None:
    """R-41: a line of the bookkeeper's own, the words on ours, and their order stay while our line is changed."""
    invoice = await an_invoice(here)
    worded = {**invoice["Line"][0], "Description": "Worded there"}
    here.edit("Invoice", invoice["Id"], Line=[OWN, worded])

    await here.invoice(version=2, lines=[a_line("a", quantity="3"), a_line("b", quantity="1", unit_price="5.00")])
    await here.turns()

    assert [one.fault_code for one in here.calls("update", entity="Invoice")] == ["5010", None]
    (own, ours, added) = lines_of(here)
    assert own[1] == OWN["Description"]
    assert ours == (invoice["Line"][0]["Id"], "Worded there", 120)
    assert added[1:] == (None, 5)


async def test_a_line_that_a_lost_update_added_is_not_added_again(here: Line) -> None:
    """R-41: whatever else was edited since, the line is recognised by what it says."""
    invoice = await an_invoice(here)
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    two = [a_line("a"), a_line("b", quantity="1", unit_price="5.00")]
    await here.invoice(version=2, lines=two)
    await here.turns()
    here.edit("Invoice", invoice["Id"], CustomerMemo={"value": "Theirs"})

    await look_again(here)
    await here.invoice(version=3, lines=[two[0], a_line("b", quantity="1", unit_price="6.00")])
    await here.turns()

    assert [amount for _, _, amount in lines_of(here)] == [80, 6]
    assert here.one("Invoice")["CustomerMemo"] == {"value": "Theirs"}


async def test_a_line_that_somebody_added_does_not_hide_that_a_lost_update_was_executed(here: Line) -> None:
    """R-41: our change is there, and so is their line; nothing is written again, and nobody overwrote anything."""
    invoice = await an_invoice(here)
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice(version=2, lines=[a_line("a", quantity="3")])
    await here.turns()
    here.edit("Invoice", invoice["Id"], Line=[*here.one("Invoice")["Line"][:-1], OWN])

    await look_again(here)

    played_back = here.running.sandbox.switches.request_ids == "forever"
    assert (await attempts(here, "i1"))[1:] == [("update", "executed" if played_back else "adopted", 1)]
    assert [words or amount for _, words, amount in lines_of(here)] == [120, OWN["Description"]]
    assert await here.told("SyncConflicted") == []


async def test_a_line_that_may_be_the_one_a_lost_update_added_is_not_added_again(here: Line) -> None:
    """R-41: once a bookkeeper has repriced it nobody can tell it from a line of their own, unless QuickBooks does."""
    invoice = await an_invoice(here)
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice(version=2, lines=[a_line("a"), a_line("b", quantity="1", unit_price="5.00")])
    await here.turns()
    here.edit("Invoice", invoice["Id"], Line=repriced(here.one("Invoice"), line_=1, price=7))

    for _ in range(2):
        await look_again(here)

    assert [amount for _, _, amount in lines_of(here)] == [80, 7]
    played_back = here.running.sandbox.switches.request_ids == "forever"
    assert (await how(here, "invoice/i1"))[0] == ("synced" if played_back else "unknown")


async def test_a_line_of_a_bookkeepers_own_does_not_hold_up_an_update_that_was_not_executed(here: Line) -> None:
    """R-41: the token grew by theirs alone, so ours was never executed; both lines are there in the end."""
    invoice = await an_invoice(here)
    here.break_calls("cut_before", entity="invoice", method="POST", count=1)
    await here.invoice(version=2, lines=[a_line("a"), a_line("b", quantity="1", unit_price="5.00")])
    await here.turns()
    here.edit("Invoice", invoice["Id"], Line=[*invoice["Line"][:-1], OWN])

    await look_again(here)

    assert sorted(str(words or amount) for _, words, amount in lines_of(here)) == ["5.00", "80.00", OWN["Description"]]
    assert await how(here, "invoice/i1") == ("synced", None)


@pytest.mark.parametrize("trouble", [401, 403, 429, 503, None], ids=str)
async def test_a_repeat_that_meets_trouble_leaves_the_update_open(
    here: Line, meddler: Meddler, trouble: int | None
) -> None:
    """R-21: the first sending may have been executed; only an answer of the books' own ends the attempt."""
    await an_update(here, lost="lose_answer")

    for _ in range(3 if trouble is None else 0):
        meddler.before("/customer?", no_connection)
    here.break_calls("status", entity="customer", method="POST", status=trouble or 503)
    await look_again(here)
    assert (await attempts(here, "c1"))[1:] == [("update", None, 1)]
    here.mend()

    await look_again(here)

    assert len(await attempts(here, "c1")) == 2
    assert here.one("Customer")["SyncToken"] == "1"
    assert await how(here, "client/c1") == ("synced", None)


async def test_a_stale_repeat_is_judged_by_a_reading_or_not_at_all(here: Line) -> None:
    """R-21: while the object cannot be read, "stale" may be our own success; the attempt stays open."""
    await an_update(here, lost="lose_answer")
    here.edit("Customer", here.one("Customer")["Id"], CompanyName="Theirs")
    here.break_calls("status", path_contains="/customer/", method="GET", status=503)
    await look_again(here)
    here.mend()
    before = await attempts(here, "c1")

    await look_again(here)

    played_back = here.running.sandbox.switches.request_ids == "forever"
    assert before[1] == (("update", "executed", 1) if played_back else ("update", None, 1))
    assert await how(here, "client/c1") == ("synced", None)
    assert here.one("Customer")["CompanyName"] == "Theirs"


@pytest.mark.parametrize("lost", [None, "lose_answer", "cut_before"])
async def test_an_update_of_an_invoice_that_was_deleted_makes_no_other(here: Line, lost: str | None) -> None:
    """R-62: whether the answer was lost or the object was gone before, it stays gone and the record says so."""
    invoice = await an_invoice(here)
    if lost is None:
        here.delete("Invoice", invoice["Id"])
    else:
        here.break_calls(lost, entity="invoice", method="POST", count=1)
    await here.invoice(version=2, message="Hello")
    await here.turns()
    if lost is not None:
        here.delete("Invoice", invoice["Id"])

    await look_again(here)
    await here.poll()

    assert here.books("Invoice") == []
    assert (await how(here, "invoice/i1"))[0] == "gone_in_quickbooks"


@pytest.mark.parametrize("lost", ["lose_answer", "cut_before"])
async def test_an_invoice_that_was_voided_while_its_update_was_open_stays_void(here: Line, lost: str) -> None:
    """R-61: an edit on its way never brings the amounts back."""
    invoice = await an_invoice(here)
    here.break_calls(lost, entity="invoice", method="POST", count=1)
    await here.invoice(version=2, lines=[a_line("a", quantity="3")])
    await here.turns()
    bookkeeper.void(here.realm, "Invoice", invoice["Id"])

    await look_again(here)
    await here.poll()

    assert here.one("Invoice")["TotalAmt"] == 0
    assert (await here.record("invoice/i1"))["unreturned"]["Void"] is True


async def test_a_field_that_both_sides_changed_is_told_once_whoever_came_first(here: Line) -> None:
    """R-22: a bookkeeper's change was noted before Klipboard's came, or after it: it is told when it is overwritten."""
    id_ = here.one("Customer")["Id"]
    here.edit("Customer", id_, PrimaryPhone={"FreeFormNumber": "8"}, Notes="Theirs")
    await here.poll()
    await an_update(here)
    there_first = await here.told("SyncConflicted")
    here.edit("Customer", id_, PrimaryPhone={"FreeFormNumber": "9"})
    await an_update(here, version=3, phone="3")

    here_first = (await here.told("SyncConflicted"))[len(there_first) :]
    assert [["PrimaryPhone" in one.data["cause"] for one in told] for told in (there_first, here_first)] == [[True]] * 2
    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "3"}
    assert (await here.record("client/c1"))["unreturned"] == {"Notes": "Theirs"}


async def test_a_reading_that_is_older_than_what_is_known_is_ignored(here: Line) -> None:
    """R-22: readings cross on their way; an older token never wins over a newer one."""
    old = here.one("Customer")
    await an_update(here)
    before = await here.record("client/c1")

    assert here.lease is not None
    key = RecordKey(tenant=here.tenant, kind=Kind.CLIENT, id=KlipboardId("c1"))
    async with here.worker.parts.books.settling(here.lease) as books:
        await books.read_back(key, old)

    assert await here.record("client/c1") == before


async def test_a_repeat_that_is_held_back_leaves_the_update_open(here: Line) -> None:
    """R-21: that this owner may not act any more tells nothing of what it sent before."""
    await an_update(here, lost="lose_answer")
    assert here.lease is not None
    await here.pass_time(seconds=LOOK_AGAIN)
    until, here.lease.until = here.lease.until, 0.0
    await here.turn()
    before = (await attempts(here, "c1"))[1:]
    here.lease.until = until

    await look_again(here)

    assert before == [("update", None, 1)]
    assert len(await attempts(here, "c1")) == 2
    assert await how(here, "client/c1") == ("synced", None)
