"""Changed here, there, or on both sides: who wins, and what is said of it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from schemas.outcomes import SyncConflicted
from tests.integration.line import Line, a_line, line

pytestmark = [pytest.mark.postgres]


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    """A line with client c1 and an invoice i1 of two lines, both in QuickBooks."""
    async with line(database_url) as found:
        await found.client()
        await found.invoice(lines=[a_line("a"), a_line("b", name="Radiator")])
        await found.turns()
        yield found


async def _conflicts(here: Line) -> list[str]:
    facts = [event.fact for event in await here.told("SyncConflicted")]
    return [f"{fact.kind}/{fact.id}: {fact.cause}" for fact in facts if isinstance(fact, SyncConflicted)]


def _lines(here: Line) -> list[dict[str, Any]]:
    return [line for line in here.one("Invoice")["Line"] if line["DetailType"] == "SalesItemLineDetail"]


def _shown(here: Line) -> list[tuple[Decimal, str | None]]:
    return [(line["Amount"], line.get("Description")) for line in _lines(here)]


async def test_what_klipboard_changed_is_written_over_a_stale_token(here: Line) -> None:
    """A bookkeeper was faster, in another field: the object is read, merged, and our change follows."""
    here.edit("Invoice", here.one("Invoice")["Id"], DueDate="2026-05-01")

    await here.invoice(version=2, message="Thank you.", lines=[a_line("a"), a_line("b", name="Radiator")])
    await here.turns()

    invoice = here.one("Invoice")
    assert (invoice["DueDate"], invoice["CustomerMemo"]) == ("2026-05-01", {"value": "Thank you."})
    assert (await here.record("invoice/i1"))["unreturned"] == {"DueDate": "2026-05-01"}
    assert await _conflicts(here) == []


async def test_a_field_that_both_changed_is_klipboards_and_reported(here: Line) -> None:
    """R-22: Klipboard's value is written, and SyncConflicted names the field, once."""
    here.edit("Customer", here.one("Customer")["Id"], Notes="Theirs.", CompanyName="Theirs Ltd")
    await here.client(version=2, notes="Ours.")

    await here.poll()
    await here.turns()
    await here.poll()

    assert here.one("Customer")["Notes"] == "Ours."
    assert here.one("Customer")["CompanyName"] == "Theirs Ltd"
    assert (await here.record("client/c1"))["unreturned"] == {"CompanyName": "Theirs Ltd"}
    (said,) = await _conflicts(here)
    assert said.startswith("client/c1: Klipboard and QuickBooks both changed Notes.")


async def test_a_conflict_that_a_stale_token_brings_up_is_reported_too(here: Line) -> None:
    """R-22: it makes no difference whether the feed or a refused write shows that both changed a field."""
    here.edit("Customer", here.one("Customer")["Id"], Notes="Theirs.")

    await here.client(version=2, notes="Ours.")
    await here.turns()

    assert here.one("Customer")["Notes"] == "Ours."
    assert len(await _conflicts(here)) == 1


async def test_a_note_that_meets_a_later_change_of_the_same_field_is_a_conflict(here: Line) -> None:
    """R-22: the bookkeeper's change was noted long before Klipboard made its own, which nobody has returned yet."""
    customer = here.one("Customer")["Id"]
    here.edit("Customer", customer, Notes="Theirs.")
    await here.poll()
    await here.client(version=2, notes="Ours.")
    here.edit("Customer", customer, CompanyName="Theirs Ltd")

    await here.poll()
    await here.turns()

    assert here.one("Customer")["Notes"] == "Ours."
    (said,) = await _conflicts(here)
    assert "both changed Notes." in said


async def test_a_refused_change_is_tried_again_when_the_object_changed_there(here: Line) -> None:
    """R-22: what Klipboard changed and QuickBooks refused stays to be written; a new reading is a reason to try."""
    closed = '{"Fault": {"Error": [{"Message": "Account Period Closed", "code": "6200"}], "type": "ValidationFault"}}'
    here.break_calls("status", entity="customer", method="POST", count=1, status=400, body=closed)
    await here.client(version=2, notes="Ours.")
    await here.turns()
    assert (await here.record("client/c1"))["state"] == "refused"

    here.edit("Customer", here.one("Customer")["Id"], CompanyName="Theirs Ltd")
    await here.poll()
    await here.turns()

    assert here.one("Customer")["Notes"] == "Ours."
    assert (await here.record("client/c1"))["state"] == "synced"


async def test_the_same_change_on_both_sides_is_no_conflict_and_no_write(here: Line) -> None:
    """R-22: both changed it to the same: it counts as sent."""
    here.edit("Customer", here.one("Customer")["Id"], Notes="The same.")
    await here.client(version=2, notes="The same.")
    writes = len(here.writes())

    await here.poll()
    await here.turns()

    record = await here.record("client/c1")
    assert (record["state"], record["sent"]["Notes"], record["unreturned"]) == ("synced", "The same.", {})
    assert len(here.writes()) == writes
    assert await _conflicts(here) == []


async def test_a_bookkeepers_own_line_stays_when_klipboard_changes_one_of_its(here: Line) -> None:
    """R-42: an update sends all lines, so those that are not ours go back as they are; that is no conflict."""
    sale = {"Amount": Decimal(5), "Description": "Fee", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    here.edit("Invoice", here.one("Invoice")["Id"], Line=[*_lines(here), sale])
    await here.invoice(version=2, lines=[a_line("a", quantity="3"), a_line("b", name="Radiator")])

    await here.poll()
    await here.turns()

    assert _shown(here) == [(Decimal(120), None), (Decimal(80), None), (Decimal(5), "Fee")]
    assert await _conflicts(here) == []


async def test_a_bookkeepers_change_of_one_line_outlives_klipboards_change_of_another(here: Line) -> None:
    """R-42: lines are compared one by one, and each side's change stands."""
    first, second = _lines(here)
    here.edit("Invoice", here.one("Invoice")["Id"], Line=[first, {**second, "Description": "Theirs"}])
    await here.invoice(version=2, lines=[a_line("a", description="Ours"), a_line("b", name="Radiator")])

    await here.poll()
    await here.turns()

    assert _shown(here) == [(Decimal(80), "Ours"), (Decimal(80), "Theirs")]
    assert await _conflicts(here) == []


async def test_what_a_bookkeeper_adds_to_one_of_our_lines_is_noted(here: Line) -> None:
    """R-42: a description where we gave none is a change of that line."""
    first, second = _lines(here)
    here.edit("Invoice", here.one("Invoice")["Id"], Line=[{**first, "Description": "Theirs"}, second])

    await here.poll()

    noted = (await here.record("invoice/i1"))["unreturned"]["Line"]
    assert [line.get("Description") for line in noted] == ["Theirs", None]


async def test_one_part_of_a_line_that_both_changed_is_klipboards_and_reported(here: Line) -> None:
    """R-42: the same part of the same line is a conflict, like any field."""
    first, second = _lines(here)
    here.edit("Invoice", here.one("Invoice")["Id"], Line=[{**first, "Description": "Theirs"}, second])
    await here.invoice(version=2, lines=[a_line("a", description="Ours"), a_line("b", name="Radiator")])

    await here.poll()
    await here.turns()

    assert _shown(here) == [(Decimal(80), "Ours"), (Decimal(80), None)]
    (said,) = await _conflicts(here)
    assert said.startswith("invoice/i1: Klipboard and QuickBooks both changed Line.")
