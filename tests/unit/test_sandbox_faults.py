"""The sandbox's table of faults: every documented code has its row, and rows are told as they were recorded."""

import json
from string import Formatter

import pytest

from infra.sandbox.quickbooks.answers import fault
from infra.sandbox.quickbooks.faults import FAULTS, Refusal, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.request_faults import FaultRow

DOCUMENTED = {
    *(
        "120",
        "500",
        "600",
        "610",
        "620",
        "1040",
        "2010",
        "2020",
        "2030",
        "2040",
        "2050",
        "2130",
        "2500",
        "3001",
        "3100",
    ),
    *("3200", "4000", "4001", "4002", "5010", "5020", "6000", "6070", "6100", "6130", "6140", "6150", "6170", "6180"),
    *("6190", "6200", "6210", "6220", "6240", "6250", "6420", "6430", "6450", "6540", "10000", "10100", "10200"),
}
WORDS = {"name": "Line", "value": "x", "element": "Line.Id", "known": "", "java_class": "Invoice"}


def words(row: FaultRow) -> dict[str, str]:
    """Something for each gap of the row's templates."""
    gaps = {gap for text in (row.detail, row.element or "") for _, gap, _, _ in Formatter().parse(text) if gap}
    return {gap: WORDS.get(gap, gap.upper()) for gap in gaps}


def test_every_documented_code_has_a_row() -> None:
    """So that a rule can refuse with it by name."""
    assert {row.code for row in FAULTS.values()} >= DOCUMENTED


@pytest.mark.parametrize("name", FAULTS)
def test_a_row_can_be_raised(name: str) -> None:
    """Its gaps are filled, its status and type are the answer's, and no brace is left over."""
    row = FAULTS[name]

    found = refusal(name, **words(row))

    assert (found.status, found.type, found.timed) == (row.status, row.type, row.timed)
    assert found.errors[0].message == row.message
    assert "{" not in found.errors[0].detail


# name, what fills it, and then code, message, detail, element
TOLD: tuple[tuple[str, dict[str, object], str, str, str, str | None], ...] = (
    (
        "missing",
        {"name": "Line"},
        "2020",
        "Required param missing, need to supply the required value for the API",
        "Required parameter Line is missing in the request",
        "Line",
    ),
    (
        "length",
        {"shortest": 0, "longest": 21, "length": 45, "name": "DocNumber"},
        "2050",
        "String length is either shorter or longer than supported by specification",
        "String length specified does not match the supported length. Min:0 Max:21 supported. Supplied length:45",
        "DocNumber",
    ),
    (
        "number_taken",
        {"number": "7", "kind": "Invoice", "id": "3632"},
        "6140",
        "Duplicate Document Number Error",
        (
            "Duplicate Document Number Error : You must specify a different number. This number has already been used."
            " DocNumber=7 is assigned to TxnType=Invoice with TxnId=3632"
        ),
        "",
    ),
    (
        "amount",
        {"value": "58"},
        "6070",
        "Amount calculation incorrect in the request.",
        "Amount is not equal to UnitPrice * Qty. Supplied value:58",
        "Line.Amount",
    ),
    (
        "reference",
        {"family": "Names", "value": "999"},
        "2500",
        "Invalid Reference Id",
        "Invalid Reference Id : Names element id 999 not found",
        "Reference Id",
    ),
    ("name_taken", {}, "6240", "Duplicate Name Exists Error", "The name supplied already exists. : null", None),
)


@pytest.mark.parametrize(("name", "filled", "code", "message", "detail", "element"), TOLD)
def test_wordings_are_the_recorded_ones(
    name: str, filled: dict[str, object], code: str, message: str, detail: str, element: str | None
) -> None:
    """Character by character, with an element, an empty one, or none; the properties in their order."""
    answer = fault(refusal(name, **filled), time="2026-03-02T09:00:00.000-08:00")

    error = {"Message": message, "Detail": detail, "code": code}
    error |= {} if element is None else {"element": element}
    told = json.loads(answer.body, object_pairs_hook=list)
    assert told == [
        ("Fault", [("Error", [list(error.items())]), ("type", "ValidationFault")]),
        ("time", "2026-03-02T09:00:00.000-08:00"),
    ]


def test_a_fault_may_hold_several_errors() -> None:
    """Codes can mix; the first one is what the journal notes."""
    taken = fault_error("number_taken", number="7", kind="Journal Entry", id="1")
    refused = Refusal((taken, *[fault_error("missing", name="Line")] * 3))

    answer = fault(refused, time="now")

    assert answer.body.count('"code":"2020"') == 3
    assert answer.fault_code == "6140"


def test_what_is_not_modelled_says_so_with_a_status_of_its_own() -> None:
    """501, so that nobody takes it for QuickBooks' word."""
    found = not_modelled("JournalEntry")

    assert found.status == 501
    assert found.errors[0].detail == "Operation JournalEntry is not supported: the sandbox does not model it."
