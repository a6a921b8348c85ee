"""Refresh tokens that live on, or die at once, and calls that meet themselves: nothing is lost or doubled by either."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.integration.line import Line, consent, line
from tests.integration.meddling import look_again
from tests.integration.troubled import Died, Moment, Trouble

pytestmark = [pytest.mark.postgres]

HASTY: dict[str, Any] = {
    # Shorter than QuickBooks is at work in these tests: what the settings forbid for the true times.
    "call_time_out": timedelta(seconds=0.3),
    "quickbooks_lag": timedelta(seconds=0.1),
    "repeat_after": timedelta(seconds=0.4),
}
AT_WORK = 1.5
"""Real seconds that QuickBooks is at work on the first call."""


@pytest.mark.parametrize(
    ("rotation", "state"),
    [("grace", "connected"), ("each_use", "connected"), ("daily", "expired"), ("harsh", "expired")],
)
async def test_new_tokens_that_were_not_stored_cost_a_consent_at_most(
    database_url: str, rotation: str, state: str
) -> None:
    """R-01: a worker dies between Intuit's answer and its store, a create is open: the next goes on, or a person."""
    trouble = Trouble()
    switches = Switches(limits="off", request_ids="none").changed({"refresh_tokens": rotation})
    async with line(database_url, switches=switches, wrap=trouble.wrap) as here:
        await here.client()
        await here.turns()
        trouble.death = Moment.SENT
        await here.client("c2")
        with pytest.raises(Died):
            await here.turn()
        await here.crash()
        trouble.death = Moment.REFRESHED
        await here.pass_time(hours=25)
        with pytest.raises(Died):
            await here.turn()
        await here.crash()

        await here.turn()
        ended = [one for (one,) in await here.rows("SELECT state FROM connection")]
        await consent(here.database, here.settings, here.running, here.realm)
        await here.crash()
        await look_again(here)

        assert ended == [state]
        assert sorted(one["DisplayName"] for one in here.books("Customer")) == ["Client c1", "Client c2"]
        assert {one for (one,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}


def _at_work_on_the_next(here: Line) -> None:
    here.break_calls("delay", entity="customer", method="POST", seconds=AT_WORK, count=1)


async def _repeated_until_it_is_known(here: Line) -> None:
    """The first sending, and repeats of it that come all the same while QuickBooks is at work on it."""
    await here.turns()
    while await here.rows("SELECT id FROM attempt WHERE outcome IS NULL"):
        await asyncio.sleep(0.1)
        await look_again(here, seconds=1)
    await asyncio.sleep(AT_WORK)  # the first may come after its repeat


@pytest.mark.parametrize("running", ["waits", "executes_twice", "refused"])
async def test_a_repeat_that_meets_the_first_still_at_work_doubles_no_name_and_no_edit(
    database_url: str, running: str
) -> None:
    """R-21, R-40: names are unique and tokens are current. Of invoices neither holds: only the wait protects them."""
    switches = Switches(limits="off", request_ids="24h").changed({"while_running": running})
    async with line(database_url, switches=switches, **HASTY) as here:
        _at_work_on_the_next(here)
        await here.client()
        await _repeated_until_it_is_known(here)
        made = here.books("Customer")
        _at_work_on_the_next(here)
        await here.client(version=2, phone="2")
        await _repeated_until_it_is_known(here)

        assert len(made) == 1
        assert (here.one("Customer")["SyncToken"], here.one("Customer")["PrimaryPhone"]["FreeFormNumber"]) == ("1", "2")
        assert (await here.record("client/c1"))["state"] == "synced"
