"""QuickBooks shows a company as it was a minute ago and forgets request ids at once: no look may decide too soon."""

from collections.abc import AsyncIterator

import pytest

from consumers.records import RecordKey
from infra.database import operators
from infra.database.replays import Replay
from infra.database.standing import Selection
from infra.sandbox.quickbooks import bookkeeper
from schemas.kinds import Kind, KlipboardId
from tests.integration.line import TENANT, Line, an_event, an_invoice, line
from tests.integration.meddling import SHOWN_AFTER, attempts, how, look_again
from tests.integration.polled import set_back
from tests.integration.rewound import Kept, back_up, put_back
from tests.integration.switched import switches
from tests.integration.troubled import AT_WORK, Grief, Trouble

pytestmark = [pytest.mark.postgres]

INVOICE = RecordKey(tenant=TENANT, kind=Kind.INVOICE, id=KlipboardId("i1"))
CLIENT = an_event("ClientCreated", "client/c1", 1, {"name": "Client c1"})
BILL = an_event("InvoiceCreated", "invoice/i1", 1, an_invoice(number="I1"))


@pytest.fixture
def trouble() -> Trouble:
    """Comes as a test says."""
    return Trouble()


@pytest.fixture
async def here(database_url: str, trouble: Trouble) -> AsyncIterator[Line]:
    """An empty line."""
    async with line(database_url, switches=switches("forgetful"), wrap=trouble.wrap) as found:
        yield found


async def test_what_a_query_does_not_show_yet_is_not_taken_for_deleted(here: Line) -> None:
    """R-62: where everything is compared with what is known, what is absent is read by its id before it is gone."""
    await here.client()
    await here.invoice()
    await here.turns()
    await here.poll()
    await set_back(here, days=40)

    await here.poll()

    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}


async def test_what_was_deleted_is_noticed_where_everything_is_compared(here: Line) -> None:
    """R-62: absent, and by its id too."""
    await here.client()
    await here.invoice()
    await here.turns()
    here.delete("Invoice", here.one("Invoice")["Id"])
    await here.pass_time(seconds=SHOWN_AFTER)
    await here.poll()
    await here.rows("UPDATE sync_record SET state = 'synced' RETURNING 1")
    await set_back(here, days=40)

    await here.poll()

    assert (await how(here, "invoice/i1"))[0] == "gone_in_quickbooks"


async def test_an_item_so_new_that_nothing_shows_it_is_used(here: Line) -> None:
    """R-52: its name is taken and no query says by whom; it is found a little later, and the invoice follows."""
    body = {"Name": "Boiler service", "Type": "Service", "IncomeAccountRef": {"value": "79"}}
    theirs = bookkeeper.create(here.realm, "Item", body)
    await here.client()
    await here.invoice()
    await here.turns()

    await look_again(here)

    assert here.one("Item", Name="Boiler service")["Id"] == theirs["Id"]
    assert here.one("Invoice")["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == theirs["Id"]


async def test_what_a_person_has_made_again_is_looked_for_when_it_can_be_seen(here: Line, trouble: Trouble) -> None:
    """R-40: what was given its number back in QuickBooks a moment before is seen, whatever Klipboard says meanwhile."""
    await here.client()
    trouble.meets(Grief.LOST, thing="I1")
    await here.invoice()
    await here.turns()
    made = here.one("Invoice")
    here.edit("Invoice", made["Id"], DocNumber="X-1", PrivateNote="Ask Ann")
    await look_again(here)
    assert (await how(here, "invoice/i1"))[0] == "unknown"
    here.edit("Invoice", made["Id"], DocNumber="I1", PrivateNote=made["PrivateNote"])

    async with here.database.transaction() as connection:
        await operators.recreate(connection, INVOICE, shown_after=here.settings.quickbooks_lag)
    await here.invoice(version=2, message="Thank you.")
    await Replay(database=here.database, selection=Selection(tenant=TENANT), progress=lambda *_: None).run()
    await here.turns()
    await look_again(here, seconds=SHOWN_AFTER)

    assert here.one("Invoice")["CustomerMemo"] == {"value": "Thank you."}
    assert (await how(here, "invoice/i1"))[0] == "synced"


async def test_what_a_restored_database_forgot_is_found_when_it_can_be_seen(here: Line, trouble: Trouble) -> None:
    """R-40: calls of the lost time may still be at work; no create leaves before all of them can be seen."""
    kept = Kept(here)
    await kept.tell(CLIENT)
    await here.turns()
    trouble.meets(Grief.CUT, Grief.LATE, thing="I1")
    await kept.tell(BILL)
    await here.turns()
    await back_up(here)
    trouble.meets(Grief.LATE, thing="I2")
    await kept.tell(an_event("InvoiceCreated", "invoice/i2", 1, an_invoice(number="I2")))
    await look_again(here)  # repeats the first invoice too, which comes late this time
    assert (await attempts(here, "i1"))[0][2] == 1
    await put_back(here)
    await here.rows("UPDATE attempt SET next_step_at = clock_timestamp() WHERE outcome IS NULL RETURNING 1")
    await here.crash()
    kept.start_again()
    await kept.tell()
    await here.turns()

    await here.pass_time(seconds=AT_WORK)
    await trouble.arrive()
    await here.turns()
    await look_again(here, seconds=71)
    await here.poll()
    await here.turns()
    await look_again(here)

    assert sorted(one["DocNumber"] for one in here.books("Invoice")) == ["I1", "I2"]
    assert [one["DisplayName"] for one in here.books("Customer")] == ["Client c1"]
    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}


async def test_what_nobody_can_tell_apart_is_for_a_person_and_not_made_again(here: Line, trouble: Trouble) -> None:
    """R-40, R-62: changed beyond recognition, or deleted, before anybody knew: unknown, and one at most."""
    await here.client()
    await here.turns()
    for number in ("I1", "I2"):
        trouble.meets(Grief.LOST, thing=number)
        await here.invoice(number.lower())
    await here.turns()
    changed, deleted = (here.one("Invoice", DocNumber=number)["Id"] for number in ("I1", "I2"))
    here.edit("Invoice", changed, DocNumber="X-1", PrivateNote="Ask Ann")
    here.delete("Invoice", deleted)

    await look_again(here)
    await look_again(here, seconds=601)

    assert sorted(one["DocNumber"] for one in here.books("Invoice")) == ["X-1"]
    assert [(await how(here, f"invoice/{id_}"))[0] for id_ in ("i1", "i2")] == ["unknown", "unknown"]
