"""Promises of the plan that hold for whatever Klipboard and a bookkeeper write."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.operations import Nothing, Update
from consumers.plan import plan
from consumers.records import Record
from mapping import difference
from schemas.invoices import InvoiceLine
from schemas.kinds import Kind
from tests.unit.one_object import OneObject
from tests.unit.planned import a_record, an_invoice_content, around, linked, made, settled, told

# A few values each, so that two draws often agree, differ in one field, or clear it.
WORDS = st.sampled_from([None, "", "one", " two ", "three\nlines"])
ADDRESSES = st.none() | st.fixed_dictionaries(
    {}, optional={"line1": WORDS, "line2": WORDS, "city": WORDS, "country": st.sampled_from(["US", "UK", None])}
)
CLIENTS = st.fixed_dictionaries(
    {"name": st.sampled_from(["Acme", "Beta"])},
    optional={"company_name": WORDS, "phone": WORDS, "notes": WORDS, "billing_address": ADDRESSES},
)
LOCATIONS = st.fixed_dictionaries(
    {"client_id": st.sampled_from(["c1", "c2"]), "name": st.sampled_from(["Depot", "Yard"])},
    optional={"phone": WORDS, "notes": WORDS, "address": ADDRESSES},
)
SUPPLIERS = st.fixed_dictionaries(
    {"name": st.sampled_from(["Pipes", "Valves"])}, optional={"phone": WORDS, "account_number": WORDS}
)
LINES = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abcde"),
        "name": st.sampled_from(["Boiler service", "Radiator", "Valve"]),
        "quantity": st.sampled_from(["1", "2.5", "-1", "0"]),
        "unit_price": st.sampled_from(["0", "10.00", "33.3333333"]),
        "description": WORDS,
    }
)


def _invoice(lines: list[dict[str, Any]], number: str, message: str | None) -> dict[str, Any]:
    total = sum(InvoiceLine.model_validate(line).amount for line in lines)
    return an_invoice_content(*lines, total=format(total, "f"), number=number, message=message, status="Sent")


INVOICES = st.builds(
    _invoice,
    st.lists(LINES, min_size=1, max_size=4, unique_by=lambda line: line["id"]),
    st.sampled_from(["INV-1", "INV-2"]),
    WORDS,
)
KINDS: dict[Kind, tuple[str, st.SearchStrategy[dict[str, Any]]]] = {
    Kind.CLIENT: ("Customer", CLIENTS),
    Kind.CLIENT_LOCATION: ("Customer", LOCATIONS),
    Kind.SUPPLIER: ("Vendor", SUPPLIERS),
    Kind.INVOICE: ("Invoice", INVOICES),
}
CASES = pytest.mark.parametrize("kind", list(KINDS), ids=str)


def _contents(kind: Kind, count: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(KINDS[kind][1], min_size=count, max_size=count)


def _write(record: Record, books: OneObject) -> Record:
    return settled(record, plan(record=record, around=around()), books)


@CASES
@settings(deadline=None)
@given(material=st.data())
def test_after_any_edits_quickbooks_shows_what_klipboard_wants_and_nothing_is_left(
    kind: Kind, material: st.DataObject
) -> None:
    """R-21, R-41: create, edit, edit: the last word is there, and a replay is no call."""
    contents = material.draw(_contents(kind, 3))
    record, books = made(a_record(kind, contents[0]), KINDS[kind][0])

    for content in contents[1:]:
        record = _write(told(record, content), books)

    again = plan(record=record, around=around())
    assert isinstance(again, Nothing)
    assert again.fields is None
    assert difference.executed(type=books.type, fields=_fresh(kind, contents[-1]), object=books.shown())


@CASES
@settings(deadline=None)
@given(material=st.data())
def test_planning_twice_gives_the_same(kind: Kind, material: st.DataObject) -> None:
    """R-40: a crash between plan and attempt plans the same bytes again."""
    before, after = material.draw(_contents(kind, 2))
    record, _ = made(a_record(kind, before), KINDS[kind][0])
    record = told(record, after)

    assert plan(record=record, around=around()) == plan(record=record, around=around())


@CASES
@settings(deadline=None)
@given(material=st.data())
def test_an_update_holds_no_field_that_klipboard_did_not_change(kind: Kind, material: st.DataObject) -> None:
    """R-21, R-36: nothing else leaves in a sparse update, and a full one takes the rest from QuickBooks as it is."""
    before, after = material.draw(_contents(kind, 2))
    record, books = made(a_record(kind, before), KINDS[kind][0])
    shown = books.shown()
    changed = {
        name
        for name in {*_fresh(kind, before), *_fresh(kind, after)}
        if _fresh(kind, before).get(name) != _fresh(kind, after).get(name)
    }

    operation = plan(record=told(record, after), around=around())

    if isinstance(operation, Update):
        assert operation.fields.keys() <= changed
        others = operation.body.keys() - {"Id", "SyncToken", "sparse"} - changed
        assert operation.full or not others
        assert all(operation.body[name] == shown[name] for name in others - {"Line"})


@settings(deadline=None)
@given(before=INVOICES, after=INVOICES, place=st.integers(0, 4), words=WORDS)
def test_lines_of_both_sides_live_together(
    before: dict[str, Any], after: dict[str, Any], place: int, words: str | None
) -> None:
    """R-41: a bookkeeper's line survives every edit, and a line that stays keeps its id."""
    record, books = made(a_record(Kind.INVOICE, before), "Invoice")
    own = {"DetailType": "DescriptionOnly", "Description": words or "theirs", "Amount": 0}
    lines = books.lines()
    record = linked(record, books.edit(Line=[*lines[:place], own, *lines[place:]]), "Invoice")
    ids = {line["line"]: line["Id"] for line in record.sent["Line"]}
    theirs = next(line["Id"] for line in books.lines() if line["DetailType"] == "DescriptionOnly")

    record = _write(told(record, after), books)

    there = [line["Id"] for line in books.lines()]
    assert theirs in there
    assert len(there) == len(after["lines"]) + 1 == len(set(there))
    now = {line["line"]: line["Id"] for line in record.sent["Line"]}
    assert [line for line in there if line != theirs] == list(now.values())
    assert all(now[line] == ids[line] for line in now.keys() & ids.keys())
    again = plan(record=record, around=around())
    assert again == Nothing()


@CASES
@settings(deadline=None)
@given(material=st.data())
def test_a_bookkeepers_field_survives_every_edit_that_leaves_it_alone(kind: Kind, material: st.DataObject) -> None:
    """R-21, R-36: whatever else Klipboard changes or clears, the other side's words stay."""
    before, after = material.draw(_contents(kind, 2))
    record, books = made(a_record(kind, before), KINDS[kind][0])
    record = linked(record, books.edit(WebAddr={"URI": "https://theirs.example"}, Suffix="Jr"), books.type)

    _write(told(record, after), books)

    assert books.doc["WebAddr"] == {"URI": "https://theirs.example"}
    assert books.doc["Suffix"] == "Jr"


@CASES
@settings(deadline=None)
@given(material=st.data())
def test_an_answer_that_was_lost_is_recognised_by_what_the_object_shows(kind: Kind, material: st.DataObject) -> None:
    """R-40: a reading after an executed update shows the attempt's fields; before it, it does not."""
    before, after = material.draw(_contents(kind, 2))
    record, books = made(a_record(kind, before), KINDS[kind][0])

    operation = plan(record=told(record, after), around=around())

    if isinstance(operation, Update):
        assert not difference.executed(type=books.type, fields=operation.fields, object=books.shown())
        books.write(operation.body)
        assert difference.executed(type=books.type, fields=operation.fields, object=books.shown())


def _fresh(kind: Kind, content: dict[str, Any]) -> dict[str, Any]:
    """The fields that a create of this content would hold."""
    operation = plan(record=a_record(kind, content), around=around())
    fields: dict[str, Any] = operation.fields  # type: ignore[union-attr, assignment]
    return fields
