"""Lines of an invoice after somebody else was at them: which are ours, which are new, and which were written over."""

from typing import Any

import pytest

from mapping import difference, lines
from mapping.difference import LINE

Line = dict[str, Any]


def _sale(id_: str, *, price: int = 10, item: str = "3", words: str | None = None) -> Line:
    """A line as QuickBooks shows it, for a quantity of one."""
    detail = {"ItemRef": {"value": item}, "Qty": 1, "UnitPrice": price}
    shown = {"Id": id_, "Amount": price, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return shown if words is None else {**shown, "Description": words}


def _words(id_: str) -> Line:
    return {"Id": id_, "DetailType": "DescriptionOnly", "Description": "Bank details overleaf"}


def _added(line: str, *, price: int = 10) -> Line:
    return {"line": line, "Id": None, "ItemRef": "3", "Qty": 1, "UnitPrice": price, "Amount": price}


STAYS: Line = {"line": "a", "Id": "1"}


def test_lines_that_somebody_else_added_do_not_hide_that_ours_are_there() -> None:
    """R-41: a change is executed when its lines are there, whatever stands beside them that was not there before."""
    entries = [STAYS, _added("b")]
    there = [_sale("1"), _sale("2"), _words("3"), _sale("4", price=7)]

    assert not lines.executed(entries=entries, object_lines=there)
    assert lines.executed_amid(entries=entries, object_lines=there, known={"1"})


@pytest.mark.parametrize(
    ("entries", "there"),
    [
        ([STAYS], [_sale("1"), _sale("2")]),
        ([STAYS, _added("b")], [_sale("1"), _words("3")]),
        ([{**STAYS, "Qty": 1, "UnitPrice": 9, "Amount": 9}], [_sale("1"), _words("3")]),
    ],
    ids=["removed", "added", "changed"],
)
def test_a_change_is_not_executed_while_a_line_of_it_is_not_as_it_asked(entries: list[Line], there: list[Line]) -> None:
    """R-41: a line that should be gone, one that is missing, one at another price."""
    assert not lines.executed_amid(entries=entries, object_lines=there, known={"1", "2"})


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([_sale("1"), _sale("2"), _words("3")], True),
        ([_sale("1", price=99), _sale("2")], True),
        ([_sale("1"), _sale("2", price=7)], None),
        ([_sale("1"), _words("2")], None),
        ([_sale("1", price=10)], False),
    ],
    ids=["as asked", "another changed", "repriced", "perhaps theirs", "absent"],
)
def test_an_added_line_is_there_or_not_or_nobody_can_tell(there: list[Line], *, expected: bool | None) -> None:
    """R-41: of those that were not there before, one says just what was asked for, none does, or there is none."""
    assert lines.added(entries=[STAYS, _added("b")], object_lines=there, known={"1"}) is expected


def test_a_change_that_adds_no_line_added_none() -> None:
    """R-41: a line that is new there is a bookkeeper's then."""
    assert lines.added(entries=[STAYS], object_lines=[_sale("1"), _sale("2")], known={"1"}) is False


def test_a_bookkeepers_words_are_never_paired_with_a_line_of_ours() -> None:
    """R-41: a line of ours that somebody removed does not come to mean their own line."""
    entries = [_added("a"), _added("b", price=20)]

    laid = lines.lay_over(base=(), entries=entries, answered=[_sale("1"), _words("3")])

    assert [(line["line"], line["Id"]) for line in laid] == [("a", "1"), ("b", None)]


SENT = [{**_added("a"), "Id": "1"}, {**_added("b"), "Id": "2"}]
PRICE = {"Qty": 1, "UnitPrice": 5, "Amount": 5}


@pytest.mark.parametrize(
    ("change", "there", "expected"),
    [
        (PRICE, [_sale("1", price=7), _sale("2")], True),
        (PRICE, [_sale("1", price=5), _sale("2")], False),
        (PRICE, [_sale("1"), _sale("2")], False),
        (PRICE, [_sale("1", words="Worded there"), _sale("2", price=7), _words("3")], False),
        (PRICE, [_sale("2")], False),
    ],
    ids=["both", "the same", "ours alone", "other parts and lines", "removed there"],
)
def test_lines_are_written_over_where_both_changed_the_same_part(
    change: Line, there: list[Line], *, expected: bool
) -> None:
    """R-41, R-42: a bookkeeper's other lines, and other parts of ours, are kept by every update, so none is told of."""
    fields = {LINE: [{**STAYS, **change}, {"line": "b", "Id": "2"}]}

    over = difference.overwritten(type="Invoice", fields=fields, base={LINE: SENT}, seen={LINE: there})

    assert over == ((LINE,) if expected else ())


def test_a_field_is_written_over_where_it_showed_neither_what_was_sent_nor_what_is_written() -> None:
    """R-22: what a bookkeeper left alone, or typed just like Klipboard, is nobody's loss."""
    sent = {"PrimaryPhone": {"FreeFormNumber": "1"}, "Notes": "one", "CompanyName": "one"}
    seen = {"PrimaryPhone": {"FreeFormNumber": "9"}, "Notes": " two ", "CompanyName": "one"}
    fields = {"PrimaryPhone": {"FreeFormNumber": "2"}, "Notes": "two", "CompanyName": None}

    assert difference.overwritten(type="Customer", fields=fields, base=sent, seen=seen) == ("PrimaryPhone",)
