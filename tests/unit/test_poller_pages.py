"""However much changed in QuickBooks, and whatever changes while it is read, the feed is read whole."""

from datetime import timedelta
from typing import Any

import pytest

from infra.sandbox.quickbooks import bookkeeper
from producers.changes import MOST, TYPES, Row, UnreadableFeed, page_of, parse
from producers.feed import REACH
from schemas import exact
from tests.unit.in_process import START, InProcess

SINCE = START - timedelta(minutes=5)


@pytest.fixture
def company() -> InProcess:
    """A company whose seeds are older than anything that is asked for."""
    found = InProcess()
    found.clock.advance(3600)
    return found


def _since(company: InProcess) -> Any:  # noqa: ANN401 - a moment
    return company.clock.now() - timedelta(minutes=5)


def _ids(rows: tuple[Row, ...], type_: str, *, deleted: bool = False) -> set[str]:
    return {row.id for row in rows if row.type == type_ and row.deleted is deleted}


async def test_one_call_reads_all_types_where_it_can(company: InProcess) -> None:
    """Reads are metered: what fits into one answer is asked for once."""
    vendors = company.vendors(MOST - 1)

    changes = await company.feed.read(since=_since(company))

    assert _ids(changes.rows, "Vendor") == set(vendors)
    assert company.asked == [f"cdc {','.join(TYPES)}"]


async def test_a_full_answer_is_asked_again_type_by_type(company: InProcess) -> None:
    """1,000 rows mean that there is more: types that were cut off come whole, with their deletions."""
    vendors, invoices = company.vendors(MOST - 5), company.invoices(20)
    bookkeeper.remove(company.realm, "Invoice", invoices[0])

    changes = await company.feed.read(since=_since(company))

    assert _ids(changes.rows, "Vendor") == set(vendors)
    assert _ids(changes.rows, "Invoice") == set(invoices[1:])
    assert _ids(changes.rows, "Invoice", deleted=True) == {invoices[0]}
    assert company.asked[1:] == [f"cdc {type_}" for type_ in TYPES]


async def test_a_type_with_more_than_one_answer_holds_is_paged_and_compared(company: InProcess) -> None:
    """What is known and listed no more is deleted: the stubs stood behind the rows that were cut off."""
    invoices = []
    for _ in range(3):
        invoices += company.invoices(500)
        company.clock.advance(1)
    bookkeeper.remove(company.realm, "Invoice", invoices[7])
    company.known_ids["Invoice"] = set(invoices)

    changes = await company.feed.read(since=_since(company))

    assert _ids(changes.rows, "Invoice") == set(invoices) - {invoices[7]}
    assert _ids(changes.rows, "Invoice", deleted=True) == {invoices[7]}


async def test_the_cursor_moves_to_the_time_of_the_first_answer(company: InProcess) -> None:
    """What changes while the pages are read must be read again by the next poll."""
    company.vendors(MOST)
    before = company.clock.now()
    company.after = lambda _: company.clock.advance(60)

    changes = await company.feed.read(since=_since(company))

    assert changes.server_time == before


async def test_rows_that_change_while_pages_are_read_are_not_missed(company: InProcess) -> None:
    """A row that changes moves to the end; those behind it move up by one place, and none falls between two pages."""
    vendors = []
    for number in range(5):
        vendors += company.vendors(400, prefix=f"v{number}-")
        company.clock.advance(1)

    def disturb(asked: str) -> None:
        if "from Vendor" in asked and (found := next(ids, None)):
            bookkeeper.edit(company.realm, "Vendor", found, {"AcctNum": "1"})

    ids, company.after = iter(vendors), disturb

    changes = await company.feed.read(since=_since(company))

    assert _ids(changes.rows, "Vendor") == set(vendors)
    newest = {row.id: row for row in changes.rows}
    assert newest[vendors[0]].object.get("AcctNum") == "1"


async def test_more_rows_than_a_page_in_one_second_are_read_whole(company: InProcess) -> None:
    """An import changes thousands in one second, where the time of the last change leads nowhere."""
    vendors = company.vendors(2 * MOST + 500)

    changes = await company.feed.read(since=_since(company))

    assert _ids(changes.rows, "Vendor") == set(vendors)


@pytest.mark.parametrize("leaver", [3, MOST + 3, -1])
async def test_a_row_that_leaves_its_second_hides_no_other(company: InProcess, leaver: int) -> None:
    """Within a second pages go by position: the row that moves up into a page already read is found all the same."""
    vendors = company.vendors(2 * MOST + 500)
    left: list[str] = []

    def leave(asked: str) -> None:
        if "orderby Id" in asked and not left:
            left.append(vendors[leaver])
            company.clock.advance(5)
            bookkeeper.edit(company.realm, "Vendor", vendors[leaver], {"AcctNum": "1"})

    company.after = leave

    changes = await company.feed.read(since=_since(company))

    assert left
    assert _ids(changes.rows, "Vendor") == set(vendors)


async def test_beyond_the_reach_of_the_feed_everything_is_compared(company: InProcess) -> None:
    """Older than 30 days: what changed is paged, what is known and absent is deleted; the inactive are there."""
    vendors, invoices = company.vendors(3), company.invoices(3)
    bookkeeper.edit(company.realm, "Vendor", vendors[1], {"Active": False})
    cursor = company.clock.now()
    company.clock.advance(timedelta(days=40).total_seconds())
    bookkeeper.edit(company.realm, "Vendor", vendors[0], {"Active": False})
    bookkeeper.remove(company.realm, "Invoice", invoices[0])
    bookkeeper.edit(company.realm, "Invoice", invoices[1], {"PrivateNote": "x"})
    company.known_ids = {"Vendor": {*vendors, "999"}, "Invoice": set(invoices)}

    changes = await company.feed.read(since=cursor + timedelta(minutes=1))

    assert not any(asked.startswith("cdc") for asked in company.asked)
    assert _ids(changes.rows, "Vendor") == {vendors[0]}
    assert _ids(changes.rows, "Vendor", deleted=True) == {"999"}
    assert _ids(changes.rows, "Invoice") == {invoices[1]}
    assert _ids(changes.rows, "Invoice", deleted=True) == {invoices[0]}
    assert changes.server_time == company.clock.now()


async def test_the_feed_is_used_as_far_as_it_surely_reaches(company: InProcess) -> None:
    """A day less than its 30 days, for the difference between two clocks."""
    await company.feed.read(since=company.clock.now() - REACH)

    assert company.asked == [f"cdc {','.join(TYPES)}"]


BLOCK: dict[str, Any] = {"Vendor": [{"Id": "7", "SyncToken": "0"}]}


@pytest.mark.parametrize(
    "body",
    [
        {"CDCResponse": [{"QueryResponse": [BLOCK]}]},
        {"CDCResponse": [{"QueryResponse": [BLOCK]}], "time": "2026-03-02T10:00:00"},
        {"CDCResponse": [{"QueryResponse": [BLOCK, {"Fault": {"Error": []}}]}], "time": "2026-03-02T10:00:00Z"},
        {"CDCResponse": [{"Fault": {"Error": []}}], "time": "2026-03-02T10:00:00Z"},
        {"time": "2026-03-02T10:00:00Z"},
        {"CDCResponse": "none", "time": "2026-03-02T10:00:00Z"},
    ],
)
def test_an_answer_that_is_not_whole_is_no_answer(body: dict[str, Any]) -> None:
    """A feed without its time, or with a fault in a part of it, would lose changes if the cursor moved."""
    with pytest.raises(UnreadableFeed):
        parse(body)


def test_a_page_with_a_fault_is_not_an_empty_page() -> None:
    """A query may fail inside an answer of HTTP 200; no rows does not mean that there are none."""
    with pytest.raises(UnreadableFeed, match="failed over a part"):
        page_of("Vendor", {"QueryResponse": {"Fault": {"Error": [{"code": "10000"}]}}})


@pytest.mark.parametrize(
    ("object_", "said"),
    [
        ({"SyncToken": "0"}, "Vendor None"),
        ({"Id": "8"}, "SyncToken"),
        ({"Id": "8", "SyncToken": "first"}, "first"),
        ({"Id": "8", "SyncToken": "0", "MetaData": {"LastUpdatedTime": "soon"}}, "soon"),
        ({"Id": "8", "SyncToken": "0", "MetaData": {"LastUpdatedTime": "2026-03-02T10:00:00"}}, "no offset"),
        ({"Id": "8", "SyncToken": "0", "MetaData": "none"}, "Vendor 8"),
    ],
)
def test_a_row_without_what_every_row_has_is_named_and_the_rest_goes_on(object_: dict[str, Any], said: str) -> None:
    """One object of an unknown shape does not stop the way back of all others."""
    body = exact.loads(exact.dumps({"CDCResponse": [{"QueryResponse": [BLOCK]}], "time": "2026-03-02T10:00:00Z"}))
    body["CDCResponse"][0]["QueryResponse"][0]["Vendor"].append(object_)

    changes, flaws = parse(body).sound()

    assert [row.id for row in changes.rows] == ["7"]
    assert len(flaws) == 1
    assert said in flaws[0]


def test_a_stub_needs_no_token() -> None:
    """Of a deleted object the feed shows little more than its id."""
    row = Row(type="Invoice", id="8", object={"Id": "8", "status": "Deleted"})

    assert row.deleted
    assert row.flaw is None
