"""The sandbox's query language, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.query_parser import Condition, Query, parse


def refused(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(text)
    return caught.value


def detail(text: str) -> str:
    return refused(text).errors[0].detail


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
    ("selected", "columns", "also", "counts"),
    [
        ("*", (), (), False),
        ("count(*)", (), (), True),
        ("COUNT ( * )", (), (), True),
        ("Id, DisplayName", ("Id", "DisplayName"), (), False),
        ("*, Sku", (), ("Sku",), False),
        ("MetaData.CreateTime", ("MetaData.CreateTime",), (), False),
    ],
)
def test_what_is_selected(selected: str, columns: tuple[str, ...], also: tuple[str, ...], counts: bool) -> None:  # noqa: FBT001
    """A star, a count, columns, and columns beside a star."""
    found = parse(f"select {selected} from Item")  # noqa: S608 - read by our own parser

    assert (found.columns, found.also, found.counts) == (columns, also, counts)


@pytest.mark.parametrize(
    ("written", "operator", "values"),
    [
        ("= 'a'", "=", ("a",)),
        ("< '1'", "<", ("1",)),
        (">='1'", ">=", ("1",)),
        ("LIKE '%a%'", "like", ("%a%",)),
        ("in ('a','b', 'c')", "in", ("a", "b", "c")),
        ("= true", "=", ("true",)),
        ("IN (TRUE, False)", "in", ("TRUE", "False")),
        ("= -12.50", "=", ("-12.50",)),
        ("= 2026-03-02", "=", ("2026-03-02",)),
        ("> 2026-03-02T09:00:00-08:00", ">", ("2026-03-02T09:00:00-08:00",)),
        ("> CURRENT_DATE", ">", ("CURRENT_DATE",)),
        ("= ' '", "=", (" ",)),
        (r"= 'a\\b\'c'", "=", (r"a\b'c",)),
    ],
)
def test_what_a_property_is_held_against(written: str, operator: str, values: tuple[str, ...]) -> None:
    """Operators and literals: texts, numbers, days and moments, booleans, the day of today, null as a blank."""
    assert parse(f"select * from X where P {written}").conditions == (Condition("P", operator, values),)  # noqa: S608


@pytest.mark.parametrize("written", ["orderby A desc, B", "ORDER BY A DESC, B ASC"])
def test_orders(written: str) -> None:
    """In one word or two, several columns."""
    assert parse(f"select * from X {written}").order == (("A", True), ("B", False))  # noqa: S608


def test_without_a_page_it_is_the_first_hundred() -> None:
    """The defaults of STARTPOSITION and MAXRESULTS."""
    found = parse("select * from X")

    assert (found.start, found.rows) == (1, 100)


def test_the_recorded_syntax_fault_comes_back_character_by_character() -> None:
    """An apostrophe that was not escaped: the place, the word met, and all that could have stood there."""
    found = refused(r"select * from Vendor where DisplayName = 'Cutlery 'R Us'")

    assert (found.status, found.type, found.timed) == (400, "ValidationFault", False)
    error = found.errors[0]
    assert (error.code, error.message, error.element) == ("4000", "Error parsing query", None)
    assert error.detail == (
        'QueryParserError: Encountered " <IDENTIFIER> "R "" at line 1, column 52.\nWas expecting one of:\n    <EOF> \n'
        '    <AND> ...\n    "iterator" ...\n    "maxresults" ...\n    <OR> ...\n    "order" ...\n    "orderby" ...\n'
        '    "startposition" ...\n    '
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'Encountered "<EOF>" at line 0, column 0.\nWas expecting:\n    "select" ...\n    '),
        ("select * from", 'Encountered "<EOF>" at line 1, column 13.'),
        ("select * from Customer where Id = x", 'Encountered " <IDENTIFIER> "x "" at line 1, column 35.'),
        ("select * from Invoice order TxnDate", 'Encountered " <IDENTIFIER> "TxnDate "" at line 1, column 29.'),
        ("update Customer", 'Encountered " <IDENTIFIER> "update "" at line 1, column 1.'),
        ("select * from Customer Where", 'Encountered "<EOF>" at line 1, column 28.'),
        ("select * from where", 'Encountered " <WHERE> "where "" at line 1, column 15.'),
        ("select * from Customer maxresults 1 maxresults 2", '" "maxresults" "maxresults "" at line 1, column 37.'),
        ("select * from Customer where NOT Id = '1'", 'Encountered " <IDENTIFIER> "Id "" at line 1, column 34.'),
        ("select * from Customer = '1'", r'Encountered " "=" "= "" at line 1, column 24.'),
        ("select * from Customer 'x'", r"""Encountered " <STRING> "\'x\' "" at line 1, column 24."""),
        ("select * from Customer where Id in ()", r'Encountered " ")" ") "" at line 1, column 37.'),
        ("select * from Customer maxresults '5'", r"""Encountered " <STRING> "\'5\' "" at line 1, column 35."""),
    ],
)
def test_a_syntax_fault_tells_where(text: str, said: str) -> None:
    """4000, with the word that was met and its place."""
    assert detail(text).startswith("QueryParserError: ")
    assert said in detail(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("select *\nfrom Customer\nwhere Id = x", "line 3, column 12."),
        ("select *\r\nfrom Customer\r\n  where Id = x", "line 3, column 14."),
        ("select *\tfrom Customer where\tId = x", "line 1, column 46."),
    ],
)
def test_places_are_counted_by_line(text: str, place: str) -> None:
    """Every kind of line end counts as one; a tab goes to the next multiple of eight."""
    assert f'Encountered " <IDENTIFIER> "x "" at {place}' in detail(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select * from Customer where Id ! '1'", 'line 1, column 33.  Encountered: "!" (33), after : ""'),
        ("select * from Customer where Id != '1'", 'line 1, column 33.  Encountered: "!" (33), after : ""'),
        ("select * from account where AccountSubType %3D 'x'", 'column 44.  Encountered: "%" (37), after : ""'),
        ('select * from Customer where Id = "1"', r'column 35.  Encountered: "\"" (34), after : ""'),
        ("select * from Customer where Id = '1", 'column 37.  Encountered: <EOF> after : "\\\'1"'),
    ],
)
def test_what_is_no_word_is_a_lexical_fault(text: str, said: str) -> None:
    """Not equal is none of the operators; a text that never ends reaches the end."""
    assert detail(text).startswith("QueryParserError: Invalid content. Lexical error at line 1, ")
    assert detail(text).endswith(said)


@pytest.mark.parametrize("page", ["startposition 0", "maxresults 0 startposition 4", "STARTPOSITION -1"])
def test_a_page_begins_at_one(page: str) -> None:
    """4001, with the recorded words."""
    error = refused(f"select * from Customer {page}").errors[0]  # noqa: S608

    number = "-1" if "-1" in page else "0"
    assert (error.code, error.message) == ("4001", "Invalid query")
    assert error.detail == f"QueryValidationError: value {number} is too small. Min allowed value is 1"


def test_a_page_has_a_thousand_rows_at_most() -> None:
    """One more is refused, and not silently cut."""
    assert parse("select * from Customer maxresults 1000").rows == 1000
    assert refused("select * from Customer maxresults 1001").errors[0].code == "4001"


@pytest.mark.parametrize("more", ["where Id = '1' or Id = '2'", "iterator 5"])
def test_what_the_real_parser_knows_and_nobody_documents_is_refused_by_its_name(more: str) -> None:
    """OR and ITERATOR are not modelled; that is said, and no answer is made up."""
    found = refused(f"select * from Customer {more}")  # noqa: S608

    assert found.status == 501
    assert "the sandbox does not model it" in found.errors[0].detail


WORDS = ("select", "*", "count", "(", ")", "from", "Customer", "where", "Id", "=", "<=", "in", "like", "'a", "'b'", "7")
MORE = (
    "and",
    "or",
    "order",
    "by",
    "orderby",
    "desc",
    ",",
    "startposition",
    "maxresults",
    "iterator",
    "\n",
    "\\",
    "%",
    "2026-01-01",
)


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS + MORE), max_size=14).map(" ".join)))
def test_any_text_is_a_query_or_a_fault_that_tells_its_place(text: str) -> None:
    """Never anything else, whatever is typed."""
    try:
        found = parse(text)
    except Refusal as caught:
        error = caught.errors[0]
        assert (error.code, " at line " in error.detail) in {("4000", True), ("4001", False), ("500", False)}
    else:
        assert found.entity
