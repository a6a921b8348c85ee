"""The sandbox's query language, word by word."""

import pytest

from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.query_parser import Condition, Query, parse


def test_a_whole_query_is_read() -> None:
    """Every clause, key words in any case, the page in either order."""
    text = (
        r"Select * From Invoice WHERE DocNumber IN ('1', 'O\'x') and Balance >= 5.50"
        " Order By TxnDate desc, Id maxresults 7 startposition 3"
    )

    assert parse(text) == Query(
        "Invoice",
        conditions=(Condition("DocNumber", "in", ("1", "O'x")), Condition("Balance", ">=", ("5.50",))),
        order=(("TxnDate", True), ("Id", False)),
        start=3,
        rows=7,
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", 'Encountered "<EOF>" at line 0, column 0.\nWas expecting:\n    "select" ...'),
        ("select * from Customer where Id ! '1'", 'Lexical error at line 1, column 33.  Encountered: "!" (33)'),
        ("select * from", 'Encountered "<EOF>" at line 1, column 13.'),
        ("select * from Customer where Id = x", 'Encountered " <IDENTIFIER> "x "" at line 1, column 35.'),
    ],
)
def test_a_syntax_fault_tells_where(text: str, reason: str) -> None:
    """4000, with the place and what was expected there."""
    with pytest.raises(Refusal) as refused:
        parse(text)

    assert refused.value.errors[0].code == "4000"
    assert reason in refused.value.errors[0].detail
