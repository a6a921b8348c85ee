"""Creates whose answers are lost, under every switch of the sandbox: each thing once, never twice (R-40)."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.line import Line, a_line
from tests.integration.meddling import LOOK_AGAIN, look_again
from tests.integration.switched import SETS, begun
from tests.integration.troubled import AT_WORK, Grief, Trouble

pytestmark = [pytest.mark.postgres]

INVOICES: dict[str, tuple[Grief, ...]] = {
    "I1": (),
    "I2": (Grief.LOST,),
    "I3": (Grief.CUT,),
    "I4": (Grief.LATE,),
    "I5": (Grief.UNAVAILABLE,),
    "I6": (Grief.EXECUTED_503,),
    "I7": (Grief.CUT, Grief.LOST),
    "I8": (Grief.CUT, Grief.LATE),
}
CLIENTS: dict[str, tuple[Grief, ...]] = {
    "Client c2": (Grief.LOST,),
    "Client c3": (Grief.CUT, Grief.EXECUTED_503),
    "Client c4": (Grief.LATE,),
}

TOO_SOON = 11
"""Seconds after that: QuickBooks is at work no more, and may not show yet what it did."""


@pytest.fixture
def trouble() -> Trouble:
    """Comes as a test says."""
    return Trouble()


@pytest.fixture(params=SETS)
async def here(request: pytest.FixtureRequest, database_url: str, trouble: Trouble) -> AsyncIterator[Line]:
    """A line with client c1, whose QuickBooks has these switches."""
    async with begun(database_url, of=request.param, trouble=trouble) as found:
        yield found


async def _late_ones_arrive(here: Line, trouble: Trouble) -> None:
    """As late as QuickBooks can be; who looks before they are shown sees nothing, and who looks in time, all of it."""
    await here.pass_time(seconds=AT_WORK)
    await trouble.arrive()
    await look_again(here, seconds=TOO_SOON)
    await look_again(here, seconds=LOOK_AGAIN - AT_WORK - TOO_SOON)


async def test_whatever_becomes_of_a_create_there_is_one_of_each(here: Line, trouble: Trouble) -> None:
    """R-40, R-45: with an edit and a payment before anybody knows; each thing once, and as Klipboard says."""
    trouble.of = {name: list(griefs) for name, griefs in {**INVOICES, **CLIENTS, "Filter": (Grief.LOST,)}.items()}
    for name in CLIENTS:
        await here.client(name.removeprefix("Client "))
    for number in INVOICES:
        await here.invoice(number.lower())
    await here.invoice("i9", lines=[a_line(name="Filter")])
    await here.turns()
    await here.client("c2", version=2, phone="555")
    await here.invoice("i2", version=2, message="Thank you.")
    here.pay(here.one("Invoice", DocNumber="I6"), "80.00")

    for _ in range(3):
        await _late_ones_arrive(here, trouble)
        here.running.sandbox.tokens.expire(here.realm.realm, access=True, refresh=False)
    await here.poll()

    numbers = sorted(one["DocNumber"] for one in here.books("Invoice"))
    assert numbers == sorted(["I0", "I9", *INVOICES])
    assert sorted(one["DisplayName"] for one in here.books("Customer")) == ["Client c1", *CLIENTS]
    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}
    assert here.one("Invoice", DocNumber="I2")["CustomerMemo"] == {"value": "Thank you."}
    assert here.one("Customer", DisplayName="Client c2")["PrimaryPhone"] == {"FreeFormNumber": "555"}
    assert [one.subject for one in await here.told("PaymentReconciled")] == ["invoice/i6"]
