"""Queries of a company in memory: an index saves looking at every record, and never loses one."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from infra.clock import ManualClock
from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.change_log import ChangeLog
from infra.sandbox.quickbooks.company import open_company
from infra.sandbox.quickbooks.entities.registry import ENTITIES
from infra.sandbox.quickbooks.query_conditions import check_of
from infra.sandbox.quickbooks.query_parser import Query, parse
from infra.sandbox.quickbooks.query_run import run
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches

NAMES = ("Amy", "amy 2", "Bea", "bob", "Cid's", "Zed")
DAYS = ("2026-02-01", "2026-02-02", "2026-03-02")
TIMES = tuple(f"2026-03-02T17:00:{second:02}Z" for second in range(0, 40, 3))


@cache
def books() -> Realm:
    """Customers with children, inactive ones and names in each case; invoices over some days, some without a number."""
    clock = ManualClock(datetime(2026, 3, 2, 17, tzinfo=UTC))
    realm = open_company(
        realm="1", name="Craig's", zone=ZoneInfo("America/Los_Angeles"), clock=clock, switches=Switches()
    )
    for place, name in enumerate(NAMES):
        parent = {"Job": True, "ParentRef": {"value": "1"}} if place == 2 else {}
        made = operations.create(realm, ENTITIES["Customer"], {"DisplayName": name, **parent})
        clock.advance(3)
        for day in DAYS:
            line = {"Amount": 10 * place, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
            body = {"CustomerRef": {"value": made.id}, "TxnDate": day, "Line": [line], "DocNumber": f"D{place % 3}"}
            operations.create(realm, ENTITIES["Invoice"], body)
            clock.advance(1)
    gone = operations.create(realm, ENTITIES["Customer"], {"DisplayName": "Gone"})
    operations.update(realm, ENTITIES["Customer"], {"Id": gone.id, "SyncToken": "0", "sparse": True, "Active": False})
    return realm


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", r"\'") + "'"


def conditions(properties: dict[str, tuple[str, ...]]) -> st.SearchStrategy[str]:
    """One condition on one of these properties, held against one or more of its values, or null."""
    return st.sampled_from(sorted(properties)).flatmap(
        lambda name: st.one_of(
            st.tuples(st.sampled_from(("=", "<", ">", "<=", ">=")), st.sampled_from(properties[name])).map(
                lambda one: f"{name} {one[0] if name != 'Id' else '='} {quoted(one[1])}"
            ),
            st.lists(st.sampled_from(properties[name]), min_size=1, max_size=3).map(
                lambda some: (
                    f"{name} IN ({', '.join(map(quoted, some))})" if "." not in name else f"{name} > {quoted(some[0])}"
                )
            ),
        )
    )


CUSTOMERS = {
    "Id": ("1", "2", "3", "99"),
    "DisplayName": (*NAMES, "AMY", " zed ", "Nobody", " "),
    "FullyQualifiedName": ("Amy", "Amy:Bea", "amy:bea"),
    "ParentRef": ("1", "2", " "),
    "Active": ("true", "false"),
    "MetaData.LastUpdatedTime": TIMES,
    "MetaData.CreateTime": TIMES,
    "Balance": ("0", "30", "60.00"),
}
INVOICES = {
    "DocNumber": ("D0", "d1", "D2", " "),
    "CustomerRef": ("1", "2", "3", " "),
    "TxnDate": (*DAYS, "CURRENT_DATE", "2026-02-01T10:00:00-08:00", " "),
    "TotalAmt": ("10", "20.00", "50"),
    "MetaData.LastUpdatedTime": TIMES,
}
WHERES = st.one_of(
    st.tuples(st.just("Customer"), st.lists(conditions(CUSTOMERS), min_size=1, max_size=3)),
    st.tuples(st.just("Invoice"), st.lists(conditions(INVOICES), min_size=1, max_size=3)),
)


def by_looking_at_all(realm: Realm, query: Query) -> set[str]:
    """The ids that fit, without any index."""
    entity = ENTITIES[query.entity]
    tests = [check_of(realm, entity, condition) for condition in query.conditions]
    asked = any(condition.property == "Active" for condition in query.conditions)
    return {
        record.id
        for record in realm.records[query.entity].values()
        if all(test(record) for test in tests) and (asked or record.doc.get("Active", True))
    }


@given(WHERES)
def test_an_index_never_loses_or_invents_a_row(asked: tuple[str, list[str]]) -> None:
    """Whatever conditions come together, in whatever order, null and today among them."""
    entity, where = asked
    query = parse(f"select * from {entity} where {' and '.join(where)}")  # noqa: S608 - read by our own parser

    told = run(books(), query)

    wanted = by_looking_at_all(books(), query)
    assert told.get("maxResults", 0) == len(wanted)
    assert len(told.get(entity, ())) == len(wanted)
    counted = run(books(), parse(f"select count(*) from {entity} where {' and '.join(where)}"))  # noqa: S608
    assert counted == {"totalCount": len(wanted)}


@given(
    st.integers(1, 30), st.integers(1, 30), st.sampled_from(("Id", "TotalAmt desc, Id", "CustomerRef, TxnDate desc"))
)
def test_pages_are_pieces_of_one_list(start: int, rows: int, order: str) -> None:
    """Whatever the order, cached or not: a page is a slice of the whole."""
    whole = run(books(), parse(f"select Id from Invoice orderby {order} maxresults 1000"))["Invoice"]  # noqa: S608

    page = run(books(), parse(f"select Id from Invoice orderby {order} maxresults {rows} startposition {start}"))  # noqa: S608

    assert page.get("Invoice", []) == whole[start - 1 : start - 1 + rows]


def test_an_order_by_a_reference_follows_the_names_it_shows() -> None:
    """A customer is renamed: no invoice changes, and yet their order does."""
    books.cache_clear()
    realm = books()
    query = parse("select CustomerRef from Invoice orderby CustomerRef maxresults 1")
    before = run(realm, query)["Invoice"]

    amy = realm.records["Customer"]["1"]
    renamed = {"Id": "1", "SyncToken": str(amy.token), "sparse": True, "DisplayName": "Zzz"}
    operations.update(realm, ENTITIES["Customer"], renamed)
    after = run(realm, query)["Invoice"]
    books.cache_clear()

    assert [json.loads(row)["CustomerRef"]["value"] for row in (*before, *after)] == ["1", "5"]


def test_a_change_told_late_stands_at_its_time() -> None:
    """A seed may know of changes long ago: the feed tells the oldest first, and none from before its moment."""
    log, at = ChangeLog(), datetime(2026, 3, 2, tzinfo=UTC)
    for name, days in (("a", 0), ("old", 30), ("b", 0), ("between", 10)):
        log.note(record_id=name, at=at - timedelta(days=days))

    assert list(log.since(at - timedelta(days=99))) == ["old", "between", "a", "b"]
    assert list(log.since(at - timedelta(days=10))) == ["between", "a", "b"]
    assert list(log.since(at + timedelta(seconds=1))) == []


def test_a_kept_order_follows_every_change() -> None:
    """A new record, a renamed one, an inactive one and a deleted one are seen by the very next query."""
    books.cache_clear()
    realm = books()

    def ids(entity: str) -> list[str]:
        told = run(realm, parse(f"select Id from {entity} orderby Id maxresults 1000"))  # noqa: S608
        return [str(row) for row in told.get(entity, [])]

    customers, invoices = ids("Customer"), ids("Invoice")
    new = operations.create(realm, ENTITIES["Customer"], {"DisplayName": "New"})
    with_new = ids("Customer")
    operations.update(realm, ENTITIES["Customer"], {"Id": new.id, "SyncToken": "0", "sparse": True, "Active": False})
    first = next(iter(realm.records["Invoice"].values()))
    operations.delete(realm, ENTITIES["Invoice"], {"Id": first.id, "SyncToken": "0"})

    assert len(with_new) == len(customers) + 1
    assert ids("Customer") == customers
    assert len(ids("Invoice")) == len(invoices) - 1
    books.cache_clear()
