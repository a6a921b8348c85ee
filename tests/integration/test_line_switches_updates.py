"""Updates whose answers are lost, under every switch of the sandbox: what Klipboard says arrives once (R-21, R-22)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.line import Line, line
from tests.integration.meddling import LOOK_AGAIN, SHOWN_AFTER, look_again
from tests.integration.switched import SETS, switches
from tests.integration.troubled import AT_WORK, Grief, Trouble

pytestmark = [pytest.mark.postgres]

GRIEFS: dict[str, tuple[Grief, ...]] = {
    "c1": (Grief.LOST,),
    "c2": (Grief.CUT,),
    "c3": (Grief.LATE,),
    "c4": (Grief.UNAVAILABLE, Grief.EXECUTED_503),
    "c5": (Grief.CUT, Grief.LOST),
}
STALE: dict[str, tuple[Grief, ...]] = {"c6": (Grief.LOST,), "c7": (Grief.CUT, Grief.EXECUTED_503)}
"""Of clients that a bookkeeper edited a moment before: they are refused, and nobody hears it."""


@pytest.fixture
def trouble() -> Trouble:
    """Comes as a test says."""
    return Trouble()


@pytest.fixture(params=SETS)
async def here(request: pytest.FixtureRequest, database_url: str, trouble: Trouble) -> AsyncIterator[Line]:
    """A line with clients and an invoice, whose QuickBooks has these switches."""
    async with line(database_url, switches=switches(request.param), wrap=trouble.wrap) as found:
        for id_ in (*GRIEFS, *STALE):
            await found.client(id_, phone="1")
        await found.invoice()
        await found.turns()
        await found.pass_time(seconds=SHOWN_AFTER)
        await found.poll()
        yield found


def _customer(here: Line, id_: str) -> dict[str, Any]:
    return here.one("Customer", DisplayName=f"Client {id_}")


async def test_whatever_becomes_of_an_update_it_happens_once(here: Line, trouble: Trouble) -> None:
    """R-21, R-22: with edits on both sides before anybody knows; a line that was added is there once.

    However QuickBooks treats the id of an update that it refused, what Klipboard says arrives.
    """
    for id_ in STALE:
        here.edit("Customer", _customer(here, id_)["Id"], Notes="Theirs")
    for id_, griefs in {**GRIEFS, **STALE}.items():
        trouble.meets(*griefs, thing=f"customer {_customer(here, id_)['Id']}")
        await here.client(id_, version=2, phone="2")
    invoice = here.one("Invoice")
    trouble.meets(Grief.LOST, thing=f"invoice {invoice['Id']}")
    added = [{"id": one, "name": "Boiler service", "quantity": "2", "unit_price": "40.00"} for one in "ab"]
    await here.invoice(version=2, lines=added)
    await here.turns()
    await here.client("c1", version=3, phone="3")
    here.edit("Customer", _customer(here, "c3")["Id"], Notes="Theirs")

    for _ in range(4):
        await here.pass_time(seconds=AT_WORK)
        await trouble.arrive()
        await look_again(here, seconds=LOOK_AGAIN - AT_WORK)

    customers = {id_: _customer(here, id_) for id_ in (*GRIEFS, *STALE)}
    phones = {id_: one["PrimaryPhone"]["FreeFormNumber"] for id_, one in customers.items()}
    assert phones == {**dict.fromkeys(customers, "2"), "c1": "3"}
    assert {customers[id_]["Notes"] for id_ in ("c3", *STALE)} == {"Theirs"}
    assert len([one for one in here.one("Invoice")["Line"] if one["DetailType"] == "SalesItemLineDetail"]) == 2
    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}
    assert await here.rows("SELECT count(*) FROM attempt WHERE outcome IS NULL") == [(0,)]
