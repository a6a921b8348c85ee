"""What an answer of QuickBooks means, and what a person reads about it."""

import pytest

from mapping.outcomes import FAULTS, OutcomeKind, classify, refused_alone
from schemas.quickbooks.answers import Accepted, Answer, Faulted, FaultError, NeverLeft, Unanswered

# Every code that Intuit documents with a wording and that a create, an update or a read of ours can meet.
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
    *("3200", "4000", "4001", "4002", "5010", "5020", "6000", "6070", "6080", "6100", "6130", "6140", "6150", "6170"),
    *("6180", "6190", "6200", "6210", "6220", "6240", "6250", "6420", "6430", "6450", "6480", "6540", "10000", "10200"),
}


def _fault(*codes: str, status: int = 400, gateway: bool = False, detail: str = "") -> Faulted:
    errors = tuple(FaultError(code=code, message="Some text", detail=detail) for code in codes)
    return Faulted(status=status, errors=errors, gateway=gateway)


def test_every_documented_code_has_its_words() -> None:
    """No failure is seen only at month end: each has a cause and a next step in sentences."""
    assert FAULTS.keys() >= DOCUMENTED
    for outcome in FAULTS.values():
        assert outcome.cause.endswith(".")
        assert outcome.next_step.endswith(".")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("5010", OutcomeKind.STALE),
        ("6240", OutcomeKind.DUPLICATE_NAME),
        ("6140", OutcomeKind.DUPLICATE_NUMBER),
        ("610", OutcomeKind.NOT_FOUND),
        ("2500", OutcomeKind.REFUSE),
        ("6200", OutcomeKind.REFUSE),
        ("6190", OutcomeKind.PAUSE),
        ("120", OutcomeKind.PAUSE),
        ("600", OutcomeKind.UNKNOWN),
        ("10000", OutcomeKind.UNKNOWN),
    ],
)
def test_a_fault_means_what_its_code_says(code: str, kind: OutcomeKind) -> None:
    """R-65 and its like: a closed period is refused, a lapsed subscription waits, a "maybe" stays open."""
    assert classify(_fault(code), operation="update").kind is kind


def test_quickbooks_own_words_follow_ours() -> None:
    """A person sees what was wrong with which record."""
    outcome = classify(_fault("6140", detail="DocNumber=17 is assigned to TxnId=3632"), operation="create")

    assert outcome.cause == (
        "Another transaction in QuickBooks has this number. QuickBooks says: DocNumber=17 is assigned to TxnId=3632"
    )
    assert outcome.code == "6140"


@pytest.mark.parametrize("code", ["", "4711"])
def test_a_fault_nobody_foresaw_is_a_loud_bug(code: str) -> None:
    """That record stops, the rest goes on."""
    outcome = classify(_fault(code), operation="update")

    assert (outcome.kind, outcome.bug) == (OutcomeKind.REFUSE, True)


def test_a_fault_without_any_error_is_a_bug_too() -> None:
    """A shape nobody has seen is never taken for success."""
    assert classify(_fault(), operation="update").bug


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, OutcomeKind.REAUTHORISE), (403, OutcomeKind.PAUSE), (429, OutcomeKind.PAUSE), (404, OutcomeKind.REFUSE)],
)
def test_a_gateway_without_a_known_code_is_judged_by_its_status(status: int, kind: OutcomeKind) -> None:
    """R-03: gateways answer in HTML, or in nothing."""
    assert classify(_fault("x", status=status, gateway=True), operation="create").kind is kind
    assert classify(_fault(status=status, gateway=True), operation="create").kind is kind


def test_the_gateways_text_is_not_repeated() -> None:
    """Its detail holds the token that it refused."""
    error = FaultError(
        code="3200", message="message=AuthenticationFailed; errorCode=003200", detail="Token expired: abc"
    )

    outcome = classify(Faulted(status=401, errors=(error,), gateway=True), operation="create")

    assert "abc" not in outcome.cause


def test_throttling_pauses_the_tenant_whatever_its_status() -> None:
    """It comes as 429, and by some accounts as an ordinary fault; it costs the record no try."""
    for answer in (_fault("3001", status=429, gateway=True), _fault("3001", status=400)):
        outcome = classify(answer, operation="create")
        assert (outcome.kind, outcome.everybody) == (OutcomeKind.PAUSE, False)


def test_only_the_transient_wording_makes_a_6000_a_maybe() -> None:
    """R-40: "wait a few minutes and try again" does not say that nothing was made."""
    transient = (
        "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again."
    )

    assert classify(_fault("6000", detail=transient), operation="create").kind is OutcomeKind.UNKNOWN
    assert classify(_fault("6000", detail="You must choose a customer"), operation="create").kind is OutcomeKind.REFUSE


def test_a_maybe_outweighs_whatever_else_a_fault_says() -> None:
    """R-40: with several errors in one fault the careful reading counts."""
    assert classify(_fault("2020", "10000"), operation="create").kind is OutcomeKind.UNKNOWN
    assert classify(_fault("6140", "2020"), operation="create").kind is OutcomeKind.DUPLICATE_NUMBER


def test_something_missing_at_a_create_is_what_it_names() -> None:
    """R-40: there was no object yet that could be gone."""
    assert classify(_fault("610"), operation="create").kind is OutcomeKind.REFUSE


def test_no_answer_leaves_a_write_open_and_a_read_to_be_repeated() -> None:
    """R-40: a lost answer of a write may be a success; of a read it is nothing."""
    lost = Unanswered(reason="timed out")

    assert classify(lost, operation="create").kind is OutcomeKind.UNKNOWN
    assert classify(lost, operation="query").kind is OutcomeKind.RETRY
    assert classify(_fault("10000"), operation="changes").kind is OutcomeKind.RETRY


def test_what_never_left_pauses_everybody_without_a_try() -> None:
    """QuickBooks down is nobody's fault."""
    outcome = classify(NeverLeft(reason="connection refused"), operation="create")

    assert (outcome.kind, outcome.everybody) == (OutcomeKind.PAUSE, True)


def test_an_accepted_answer_is_settled() -> None:
    """The only good news there is."""
    assert classify(Accepted(body={"Invoice": {}}), operation="create").kind is OutcomeKind.SETTLED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_fault("4000"), True),
        (_fault("4002"), True),
        (_fault("3001", status=429, gateway=True), False),
        (_fault(status=403, gateway=True), False),
        (_fault("3200", status=401, gateway=True), False),
        (Unanswered(reason="timed out"), False),
        (NeverLeft(reason="no connection"), False),
    ],
)
def test_only_what_quickbooks_refused_by_itself_is_one_requests_trouble(*, answer: Answer, expected: bool) -> None:
    """One question that QuickBooks will not answer stops one record; no answer at all, or a shut door, stops all."""
    assert refused_alone(answer, classify(answer, operation="query")) is expected
