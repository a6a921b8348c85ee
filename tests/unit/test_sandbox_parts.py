"""Small parts of the sandbox: its JSON, its limits, its change log and its fault rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.quickbooks.change_log import ChangeLog
from infra.sandbox.quickbooks.fault_rules import Call, FaultRules
from infra.sandbox.quickbooks.limits import Limiter
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.wire import Raw, money, shortest, write_json

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (money(Decimal(100)), "100.00"),
        (money(Decimal("0.004")), "0"),
        (money(Decimal("2.005")), "2.01"),
        (shortest(Decimal("75.00")), "75"),
        (shortest(Decimal("22.50")), "22.5"),
        (shortest(Decimal(100)), "100"),
        ({"a": [True, None, Raw('{"b":1}'), "é\n"]}, '{"a":[true,null,{"b":1},"é\\n"]}'),
    ],
)
def test_json_is_written_as_quickbooks_writes_it(value: object, text: str) -> None:
    """Money with two decimals, zero as 0, the rest as short as it goes."""
    assert write_json(value) == text


@given(st.lists(st.floats(min_value=0, max_value=0.5), max_size=200))
def test_no_window_ever_holds_more_than_its_limit(pauses: list[float]) -> None:
    """Whatever the arrivals, at most 10 are admitted in any second and 50 in any minute."""
    limiter, switches = Limiter(), Switches(calls_per_minute=50)
    at, admitted = 0.0, []
    for pause in pauses:
        at += pause
        if limiter.admits(realm="1", app="a", operation="read", at=at, switches=switches):
            admitted.append(at)

    for begin in admitted:
        assert sum(1 for one in admitted if begin <= one < begin + 1) <= 10
        assert sum(1 for one in admitted if begin <= one < begin + 60) <= 50


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=4000), st.integers(0, 30))
def test_the_change_log_tells_each_record_once_by_its_latest_change(changes: list[tuple[int, int]], since: int) -> None:
    """From any moment, those changed since are told, oldest change first."""
    log, latest, at = ChangeLog(), {}, 0
    for place, (record, pause) in enumerate(changes):
        at += pause
        log.note(record_id=str(record), at=START + timedelta(seconds=at))
        latest[str(record)] = (at, place)

    told = list(log.since(START + timedelta(seconds=since)))

    assert told == sorted((one for one in latest if latest[one][0] >= since), key=lambda one: latest[one])


def test_a_seeded_rule_breaks_the_same_calls_each_time() -> None:
    """A run can be repeated: the same seed, the same calls, the same breaks."""

    def broken(seed: int) -> list[bool]:
        rules = FaultRules()
        rules.add(kind="lose_answer", rate=0.3, seed=seed)
        return [rules.striking(Call("1", "POST", "/x", "invoice")) is not None for _ in range(100)]

    assert broken(7) == broken(7)
    assert broken(7) != broken(8)
    assert 10 < sum(broken(7)) < 50


def test_a_rule_spares_the_token_endpoint_unless_it_names_it() -> None:
    """Breaking calls must not disconnect a company by accident."""
    rules, token = FaultRules(), Call(None, "POST", "/oauth2/v1/tokens/bearer", "token")
    rules.add(kind="lose_answer")

    assert rules.striking(token) is None
    rules.add(kind="cut_before", entity="token")
    struck = rules.striking(token)
    assert struck is not None
    assert struck.kind == "cut_before"


def test_an_unknown_switch_or_value_is_named() -> None:
    """A wrong set-up fails loudly."""
    with pytest.raises(ValueError, match="there is no switch colour"):
        Switches().changed({"colour": "red"})
    with pytest.raises(ValueError, match="request_ids is one of forever, 24h, none or a whole number from 1"):
        Switches().changed({"request_ids": "25h"})
    with pytest.raises(ValueError, match="query_lag_seconds is a whole number from 0 to 60"):
        Switches().changed({"query_lag_seconds": 61})
    assert Switches().changed({"request_ids": 30, "query_lag_seconds": 0}).request_ids == 30
