"""Workers that die at each effect, under every switch of the sandbox: each thing once in the end (R-40)."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.line import Line
from tests.integration.meddling import LOOK_AGAIN, look_again
from tests.integration.switched import SETS, begun
from tests.integration.troubled import OF_A_CALL, Died, Grief, Moment, Trouble

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def trouble() -> Trouble:
    """Comes as a test says."""
    return Trouble()


@pytest.fixture(params=SETS)
async def here(request: pytest.FixtureRequest, database_url: str, trouble: Trouble) -> AsyncIterator[Line]:
    """A line with client c1, whose QuickBooks has these switches."""
    async with begun(database_url, of=request.param, trouble=trouble) as found:
        yield found


async def _dies(here: Line, trouble: Trouble, moment: Moment) -> None:
    """The worker takes its turn, dies at that moment, and another process takes over."""
    trouble.death = moment
    with pytest.raises(Died):
        await here.turn()
    await here.crash()


async def test_whenever_a_worker_dies_there_is_one_of_each(here: Line, trouble: Trouble) -> None:
    """R-40: over a create, over an update, and over the repeat of a create that had never arrived."""
    for moment in OF_A_CALL:
        await here.invoice(moment.name)
        await _dies(here, trouble, moment)
    await look_again(here)
    for version, moment in enumerate(OF_A_CALL, start=2):
        await here.invoice(moment.name, version=version, message="Thank you.")
        await _dies(here, trouble, moment)
    trouble.meets(Grief.CUT, thing="I1")
    await here.invoice()
    await look_again(here)
    await here.pass_time(seconds=LOOK_AGAIN)
    await _dies(here, trouble, Moment.SENT)

    await look_again(here)

    invoices = {one["DocNumber"]: (one.get("CustomerMemo") or {}).get("value") for one in here.books("Invoice")}
    assert len(here.books("Invoice")) == len(invoices)
    assert invoices == {"I0": None, "I1": None, **{moment.name: "Thank you." for moment in OF_A_CALL}}
    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}
    assert await here.rows("SELECT count(*) FROM attempt WHERE outcome IS NULL") == [(0,)]
