"""A newer reading is merged field by field: noted, written, or a conflict (R-22, R-25, R-42)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.merge import Merged, UnreadableObject, is_void, merge

FIELDS = ("DisplayName", "CompanyName", "GivenName", "Notes")
VALUES = st.sampled_from([None, "one", "two", "three"])
CONTENTS = st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUES))


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _customer(fields: dict[str, Any]) -> dict[str, Any]:
    return {"Id": "7", "SyncToken": "1", **_present(fields)}


def _merged(**given_: Any) -> Merged:  # noqa: ANN401
    usual: dict[str, Any] = {"type": "Customer", "sent": {}, "here": {}, "seen": None, "unreturned": {}}
    return merge(**{**usual, **given_})


@given(sent=CONTENTS, wanted=CONTENTS, there=CONTENTS)
def test_every_field_is_noted_written_or_a_conflict(
    sent: dict[str, Any], wanted: dict[str, Any], there: dict[str, Any]
) -> None:
    """R-22: changed there only: noted; here only: written; on both sides: Klipboard's, and reported."""
    here = {name: wanted[name] for name in FIELDS if wanted[name] != sent[name]}

    merged = _merged(sent=_present(sent), here=here, seen=_customer(sent), object=_customer(there))

    edited = {name for name in FIELDS if there[name] != sent[name]}
    agreed = {name for name in here if there[name] == wanted[name]}
    assert merged.unreturned == {name: there[name] for name in edited - here.keys()}
    assert set(merged.conflicts) == (edited & here.keys()) - agreed
    assert set(merged.to_write) == here.keys() - agreed
    assert merged.sent == _present({**sent, **{name: wanted[name] for name in agreed}})


@given(sent=CONTENTS, wanted=CONTENTS, there=CONTENTS)
def test_a_reading_that_shows_nothing_new_adds_nothing(
    sent: dict[str, Any], wanted: dict[str, Any], there: dict[str, Any]
) -> None:
    """A conflict is reported once, and a note stays as it is, however often the object is read again."""
    here = {name: wanted[name] for name in FIELDS if wanted[name] != sent[name]}
    seen = _customer(there)
    first = _merged(sent=_present(sent), here=here, seen=_customer(sent), object=seen)
    left = {name: here[name] for name in first.to_write}

    again = _merged(sent=first.sent, here=left, seen=seen, unreturned=first.unreturned, object={**seen, "Balance": 5})

    assert (again.conflicts, again.unreturned, again.sent) == ((), first.unreturned, first.sent)
    assert again.to_write == first.to_write


@given(sent=CONTENTS, there=CONTENTS, later=CONTENTS)
def test_notes_are_what_still_differs_from_what_we_sent(
    sent: dict[str, Any], there: dict[str, Any], later: dict[str, Any]
) -> None:
    """R-22: of several edits there the last one counts, and one that was taken back is nobody's."""
    first = _merged(sent=_present(sent), seen=_customer(sent), object=_customer(there))

    second = _merged(sent=_present(sent), seen=_customer(there), unreturned=first.unreturned, object=_customer(later))

    assert second.unreturned == {name: later[name] for name in FIELDS if later[name] != sent[name]}


def test_a_note_that_klipboard_overwrites_is_a_conflict() -> None:
    """R-22: the bookkeeper's change was noted with an earlier reading; Klipboard's own came after it."""
    seen = _customer({"Notes": "two"})

    merged = _merged(
        sent={"Notes": "one"},
        here={"Notes": "three"},
        seen=seen,
        unreturned={"Notes": "two"},
        object={**seen, "CompanyName": "x"},
    )

    assert (merged.conflicts, merged.unreturned) == (("Notes",), {"CompanyName": "x"})


def test_a_place_in_the_tree_is_nobodys_edit() -> None:
    """R-35: a sub-customer that was moved shows another parent, and nothing follows from it."""
    seen = _customer({"DisplayName": "Depot"}) | {"Job": True, "ParentRef": {"value": "1"}}

    merged = _merged(sent={"DisplayName": "Depot"}, seen=seen, object={**seen, "Job": False, "ParentRef": None})

    assert merged == Merged(sent={"DisplayName": "Depot"}, unreturned={}, conflicts=(), to_write=())


@pytest.mark.parametrize(("type_", "field"), [("Customer", "DisplayName"), ("Vendor", "DisplayName"), ("Item", "Name")])
def test_what_is_inactive_keeps_its_name(type_: str, field: str) -> None:
    """QuickBooks shows a suffix behind the name of what was made inactive; a rename beside it is still seen."""
    seen = {"Id": "7", "SyncToken": "0", field: "Pipes", "Active": True}

    inactive = _merged(
        type=type_, sent={field: "Pipes"}, seen=seen, object={**seen, field: "Pipes (deleted)", "Active": False}
    )
    renamed = _merged(
        type=type_, sent={field: "Pipes"}, seen=seen, object={**seen, field: "Tubes (deleted)", "Active": False}
    )

    assert inactive.unreturned == {"Active": False}
    assert renamed.unreturned == {"Active": False, field: "Tubes"}


def test_what_is_active_again_is_noted_no_longer() -> None:
    """Made inactive and active again: nothing is left to return."""
    seen = {"Id": "7", "SyncToken": "1", "DisplayName": "Pipes (deleted)", "Active": False}

    merged = _merged(
        type="Vendor",
        sent={"DisplayName": "Pipes"},
        seen=seen,
        unreturned={"Active": False},
        object={**seen, "DisplayName": "Pipes", "Active": True},
    )

    assert merged.unreturned == {}


def test_a_void_is_noted_as_a_void_and_not_as_edits() -> None:
    """R-61: its lines are zero because it is void."""
    seen = _invoice(_sale("1"))

    merged = _merged(
        type="Invoice",
        sent={"Line": [_ours("a", "1")]},
        seen=seen,
        object={**_invoice(_sale("1", Amount=0)), "TotalAmt": 0, "PrivateNote": "Voided - klipsync:1"},
    )

    assert merged.unreturned == {"Void": True}


@pytest.mark.parametrize(
    ("object_", "void"),
    [
        ({"TotalAmt": 0, "PrivateNote": "Voided"}, True),
        ({"TotalAmt": 0}, False),
        ({"TotalAmt": 5, "PrivateNote": "Voided by mistake, then entered again"}, False),
    ],
)
def test_a_void_is_worth_nothing_and_says_so(object_: dict[str, Any], *, void: bool) -> None:
    """R-45, R-61: an invoice over nothing is not void, nor is one whose note begins with the word."""
    assert is_void(type="Invoice", object=object_) is void
    assert is_void(type="Customer", object=object_) is False


# --- lines ---


def _sale(id_: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401
    detail = {"ItemRef": {"value": "5"}, "Qty": 1, "UnitPrice": 10}
    return {"Id": id_, "Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, **parts}


def _invoice(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"Id": "9", "SyncToken": "0", "TotalAmt": 20, "EmailStatus": "NotSet", "Line": list(lines)}


def _ours(line: str, id_: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"line": line, "Id": id_, "ItemRef": "5", "Qty": 1, "UnitPrice": 10, "Amount": 10, **parts}


SENT = {"EmailStatus": "NotSet", "Line": [_ours("a", "1"), _ours("b", "2")]}


@pytest.mark.parametrize(
    ("here", "there", "conflict"),
    [
        pytest.param(
            [{"line": "a", "Id": "1", "Description": "x"}, {"line": "b", "Id": "2"}],
            [_sale("1"), _sale("2"), _sale("3")],
            False,
            id="another line of theirs",
        ),
        pytest.param(
            [{"line": "a", "Id": "1", "Description": "x"}, {"line": "b", "Id": "2"}],
            [_sale("1"), _sale("2", Description="y")],
            False,
            id="another of our lines",
        ),
        pytest.param(
            [{"line": "a", "Id": "1", "ItemRef": "6"}, {"line": "b", "Id": "2"}],
            [_sale("1", Description="y"), _sale("2")],
            False,
            id="another part of the same line",
        ),
        pytest.param(
            [{"line": "a", "Id": "1", "Description": "x"}, {"line": "b", "Id": "2"}],
            [_sale("1", Description="y"), _sale("2")],
            True,
            id="the same part",
        ),
        pytest.param(
            [{"line": "a", "Id": "1", "Description": "x"}, {"line": "b", "Id": "2"}],
            [_sale("2")],
            True,
            id="removed there, changed here",
        ),
        pytest.param(
            [{"line": "b", "Id": "2"}],
            [_sale("1", Description="y"), _sale("2")],
            True,
            id="changed there, removed here",
        ),
        pytest.param(
            [{"line": "b", "Id": "2"}],
            [_sale("1"), _sale("2", Description="y")],
            False,
            id="removed here, untouched there",
        ),
    ],
)
def test_lines_conflict_where_both_sides_meet(
    here: list[dict[str, Any]], there: list[dict[str, Any]], *, conflict: bool
) -> None:
    """R-42: an invoice's lines are compared one by one and part by part; each side's own changes stand beside it."""
    merged = _merged(
        type="Invoice", sent=SENT, here={"Line": here}, seen=_invoice(_sale("1"), _sale("2")), object=_invoice(*there)
    )

    assert merged.conflicts == (("Line",) if conflict else ())
    assert ("Line" in merged.unreturned) is not conflict
    assert merged.to_write == ("Line",)


def test_what_is_added_to_one_of_our_lines_is_noted() -> None:
    """R-42: a description where we gave none is an edit."""
    merged = _merged(
        type="Invoice",
        sent=SENT,
        seen=_invoice(_sale("1"), _sale("2")),
        object=_invoice(_sale("1", Description="y"), _sale("2")),
    )

    assert [line.get("Description") for line in merged.unreturned["Line"]] == ["y", None]


@pytest.mark.parametrize(
    "odd", [{"BillAddr": "here"}, {"PrimaryPhone": 7}, {"BillAddr": {"Country": "X"}, "Mobile": ["1"]}]
)
def test_an_object_that_cannot_be_read_says_which_it_is(odd: dict[str, Any]) -> None:
    """A shape that is not known is no edit, and no reason to stop the rest."""
    with pytest.raises(UnreadableObject, match="Customer 7"):
        _merged(seen=_customer({}), object={**_customer({}), **odd})


def test_what_was_changed_before_it_was_ever_seen_is_noted() -> None:
    """R-42: of an object that nobody had seen, what it shows otherwise than we sent it was edited by somebody."""
    sent = {"DocNumber": "17", "EmailStatus": "NotSet", "Line": [_ours("a", "1")]}

    same = _merged(type="Invoice", sent=sent, object={**_invoice(_sale("1")), "DocNumber": "17"})
    edited = _merged(type="Invoice", sent=sent, object={**_invoice(_sale("1", Description="y")), "DocNumber": "18"})

    assert same.unreturned == {}
    assert edited.unreturned.keys() == {"DocNumber", "Line"}
    assert edited.unreturned["DocNumber"] == "18"
