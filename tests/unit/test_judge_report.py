"""The demo's report: what is counted as a call, and what makes the demo fail."""

from dataclasses import replace

import pytest

from infra.demo.report import Numbers, Traffic

GOOD = Numbers(
    events=10,
    records=6,
    calls=12,
    reads=4,
    calls_per_event=1.2,
    throttled=0,
    kills=1,
    lost_answers=1,
    matched=6,
    mismatched=0,
    missing=0,
    duplicated=0,
    payments_recorded=3,
    payments_reconciled=2,
    payments_reversed=1,
    setup_seconds=5.0,
    seconds=30.0,
)


def test_a_clean_run_is_good() -> None:
    """Everything matched, and each payment came back: as it stands, or as reversed."""
    assert GOOD.good


@pytest.mark.parametrize("wrong", ["mismatched", "missing", "duplicated", "throttled"])
def test_one_of_anything_wrong_makes_the_run_fail(wrong: str) -> None:
    """QuickBooks saying 429 once is a failure as well: we pace so that it never has to."""
    assert not replace(GOOD, **{wrong: 1}).good


@pytest.mark.parametrize(("recorded", "reconciled"), [(3, 1), (0, 0)])
def test_a_payment_that_did_not_come_back_makes_the_run_fail(recorded: int, reconciled: int) -> None:
    """A run in which nobody recorded a payment proves nothing about payments."""
    result = replace(GOOD, payments_recorded=recorded, payments_reconciled=reconciled, payments_reversed=0)

    assert not result.good


def test_calls_are_requests_to_quickbooks_and_not_to_its_token_endpoint() -> None:
    """Reads are part of the calls and counted apart; so is what was refused, and what was never answered."""
    path = "/v3/company/1/invoice"
    write = {"n": 1, "path": path, "operation": "create", "status": 200, "answer_lost": True}
    read = {"n": 2, "path": "/v3/company/1/cdc", "operation": "cdc", "status": 200, "answer_lost": False}
    refused = {"n": 3, "path": path, "operation": "create", "status": 429, "answer_lost": False}
    token = {"n": 4, "path": "/oauth2/v1/tokens/bearer", "operation": "token", "status": 200, "answer_lost": False}
    traffic = Traffic()

    traffic.add([write, read, refused, token])

    assert traffic == Traffic(calls=3, reads=1, throttled=1, lost_answers=1, last=4)
