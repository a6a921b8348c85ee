"""Settings: every duration may be shortened, none may contradict the rest, and what is wrong is named."""

import re
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from infra.settings import AT_LEAST, Durations, Settings


@pytest.mark.parametrize(("longer", "times", "others"), AT_LEAST)
def test_a_contradiction_is_refused_with_all_the_names(longer: str, times: int, others: tuple[str, ...]) -> None:
    """One second short of what the others need: the sentence says which settings, as they are to be set."""
    short: Any = times * sum((getattr(Durations(), name) for name in others), timedelta(seconds=-1))

    with pytest.raises(ValidationError) as refused:
        Durations(**{longer: short})

    named = set(re.findall(r"KLIPSYNC_[A-Z_]+", str(refused.value)))
    assert named == {f"KLIPSYNC_{name.upper()}" for name in (longer, *others)}


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"lease": 9, "lease_renewal": 3}, False),
        ({"lease": 9, "lease_renewal": 3.1}, True),
        ({"repeat_after": 180, "call_time_out": 120, "quickbooks_lag": 60}, False),
        ({"repeat_after": 179, "call_time_out": 120, "quickbooks_lag": 60}, True),
        ({"poll_overlap": 59, "quickbooks_lag": 60}, True),
        ({"give_up_open_after": 184}, True),
        ({"retry_first": 10, "retry_longest": 10, "retry_give_up": 10}, False),
        ({"retry_longest": 10}, True),
        ({"retry_give_up": 60}, True),
    ],
)
def test_waits_are_held_against_each_other(given: dict[str, float], refused: bool) -> None:  # noqa: FBT001
    """A repeat waits for the time-out, a lease for three renewals, giving up for the waits before it."""
    values = {name: timedelta(seconds=seconds) for name, seconds in given.items()}

    if refused:
        with pytest.raises(ValidationError, match="must be at least"):
            Durations(**values)  # type: ignore[arg-type]
    else:
        assert Durations(**values).model_dump(include=set(given)) == values  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "seconds"), [("9", 9), ("9.5", 9.5), ("PT9S", 9), ("PT1M", 60), ("P1D", 86_400)])
def test_a_duration_is_seconds_or_iso_8601(given: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator writes it into the environment."""
    monkeypatch.setenv("KLIPSYNC_POLL_EVERY", given)

    assert Settings().poll_every == timedelta(seconds=seconds)


@pytest.mark.parametrize("given", ["", "ten", "10 s", "nan", "inf", "-1"])
def test_what_is_no_duration_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting's name stands in the refusal."""
    monkeypatch.setenv("KLIPSYNC_POLL_EVERY", given)

    with pytest.raises(ValidationError, match="poll_every"):
        Settings()


@pytest.mark.parametrize("name", list(Durations.model_fields))
def test_every_duration_is_a_setting_and_lasts_longer_than_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its environment variable; zero is refused, for it would mean without a pause, or for ever."""
    usual = getattr(Durations(), name)
    monkeypatch.setenv(f"KLIPSYNC_{name.upper()}", f"PT{usual.total_seconds()}S")
    assert getattr(Settings(), name) == usual

    monkeypatch.setenv(f"KLIPSYNC_{name.upper()}", "0")

    with pytest.raises(ValidationError, match="must be longer than zero"):
        Settings()


def test_everything_may_be_shortened_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests and the demo are quick with everything switched on: a hundredth of every duration contradicts nothing."""
    for name, usual in Durations().model_dump().items():
        monkeypatch.setenv(f"KLIPSYNC_{name.upper()}", str(usual.total_seconds() / 100))

    assert Settings().lease == timedelta(seconds=0.1)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever prints the settings prints no key, no password and no address of a database with one in it."""
    for name in ("TOKEN_KEYS", "CLIENT_SECRET", "DATABASE"):
        monkeypatch.setenv(f"KLIPSYNC_{name}", "postgresql+asyncpg://u:secret@host/x")

    shown = f"{Settings()!r} {Settings()}"

    assert "secret@" not in shown


@pytest.mark.parametrize("name", ["calls_per_second", "calls_per_minute", "calls_in_flight", "partitions"])
def test_a_budget_that_lets_nothing_pass_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero calls would stop a worker without a word."""
    monkeypatch.setenv(f"KLIPSYNC_{name.upper()}", "0")

    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Settings()
