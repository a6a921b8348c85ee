"""Creates: an event becomes a QuickBooks record, once, whatever is lost on the way (R-40)."""

from collections.abc import AsyncIterator

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.integration.line import Line, line

pytestmark = [pytest.mark.postgres]


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Line]:
    """A line whose QuickBooks remembers request ids for ever, or not at all."""
    async with line(database_url, switches=Switches(limits="off", request_ids=request.param)) as found:
        yield found


async def test_an_edit_between_crash_and_retry_does_not_make_a_second_invoice(here: Line) -> None:
    """R-40: the create that may have left is looked up or repeated as it was, then the edit follows as an update."""
    await here.client()
    await here.turns()
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice()
    await here.turns()
    await here.crash()
    await here.invoice(version=2, message="Thank you.")
    await here.turns()
    assert (await here.record("invoice/i1"))["state"] == "pending"

    await here.pass_time(seconds=126)
    await here.turns()

    invoice = here.one("Invoice")
    assert invoice["CustomerMemo"] == {"value": "Thank you."}
    assert (await here.record("invoice/i1"))["state"] == "synced"
