"""Tokens: their lives, and how they roll, by HTTP and on a clock that a test moves."""

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.consents import Consents
from tests.contract.sandbox_company import company

LIMITS_OFF = Switches(limits="off")
DAY = 86_400
YEARS_5 = 157_680_000
TOKEN_KEYS = {"token_type", "access_token", "expires_in", "refresh_token", "x_refresh_token_expires_in"}


async def test_tokens_come_with_their_lives_and_nothing_more() -> None:
    """The documented keys; the access token an hour, the refresh token 100 days, no id token unless asked for."""
    async with company() as it:
        tokens = await Consents(it).connect()
        refreshed = await Consents(it).refresh(tokens["refresh_token"])

    assert set(tokens) == set(refreshed.json) == TOKEN_KEYS
    assert (tokens["token_type"], tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (
        "bearer",
        3600,
        100 * DAY,
    )
    assert refreshed.headers["Content-Type"].startswith("application/json")


async def test_a_refresh_renews_the_hundred_days() -> None:
    """Used on day 99 it lives to day 198; unused for 100 days it is dead."""
    async with company() as it:
        app, value = Consents(it), it.refresh_token
        lives = []
        for _ in range(2):
            it.clock.advance(99 * DAY)
            told = await app.refresh(value)
            value = told["refresh_token"]
            lives.append(told["x_refresh_token_expires_in"])
        it.clock.advance(100 * DAY)
        dead = await app.refresh(value)

    assert lives == [100 * DAY] * 2
    assert (dead.status, dead.json) == (400, {"error": "invalid_grant", "error_description": "Token invalid"})


async def test_the_chain_ends_five_years_after_the_consent_whatever_is_refreshed() -> None:
    """The hard end comes nearer with every answer that tells it; only a new consent starts again."""
    async with company() as it:
        app, value, told = Consents(it), it.refresh_token, {}
        for _ in range(19):
            it.clock.advance(95 * DAY)
            told = (await app.refresh(value, x_include_refresh_token_hard_expires_in="true")).json
            value = told["refresh_token"]
        it.clock.advance(20 * DAY)
        dead = await app.refresh(value)
        again = await app.refresh((await app.connect())["refresh_token"])

    assert told["x_refresh_token_hard_expires_in"] == YEARS_5 - 19 * 95 * DAY == 20 * DAY
    assert told["x_refresh_token_expires_in"] == 20 * DAY
    assert (dead.status, dead["error"], again.status) == (400, "invalid_grant", 200)


@pytest.mark.parametrize(("header", "told"), [("true", YEARS_5), ("false", None), ("", None)])
async def test_the_hard_end_is_told_only_to_who_asks(header: str, told: int | None) -> None:
    """By the header, and by nothing else."""
    async with company() as it:
        answer = await Consents(it).refresh(it.refresh_token, x_include_refresh_token_hard_expires_in=header)

    assert answer.json.get("x_refresh_token_hard_expires_in") == told


@pytest.mark.parametrize(
    ("mode", "same_within_a_day", "former_lives"),
    [("grace", True, True), ("daily", True, False), ("each_use", False, True), ("harsh", False, False)],
)
async def test_refresh_tokens_roll_as_the_switch_says(
    mode: str, *, same_within_a_day: bool, former_lives: bool
) -> None:
    """How long the value stays the same, and whether the former one lives on for a day beside the new one."""
    async with company(LIMITS_OFF.changed({"refresh_tokens": mode})) as it:
        app = Consents(it)
        early = (await app.refresh(it.refresh_token))["refresh_token"]
        it.clock.advance(DAY)
        late = (await app.refresh(early))["refresh_token"]
        former = await app.refresh(early)
        current = former["refresh_token"] if former.status == 200 else late
        it.clock.advance(DAY)
        outlived, newest = await app.refresh(early), await app.refresh(current)

    assert (early == it.refresh_token) is same_within_a_day
    assert late != early
    assert (former.status == 200) is former_lives
    assert (outlived.status, newest.status) == (400, 200)


@pytest.mark.parametrize("at_once", ["served", "second_refused", "both_die"])
async def test_two_refreshes_at_once_do_as_the_switch_says(at_once: str) -> None:
    """Within a second of each other; a second later they are one after the other."""
    async with company(LIMITS_OFF.changed({"tokens_at_once": at_once})) as it:
        app = Consents(it)
        first, second = await app.refresh(it.refresh_token), await app.refresh(it.refresh_token)
        works = await app.read_company(first["access_token"])
        it.clock.advance(1)
        later = await app.refresh(it.refresh_token)

    statuses = [told.status for told in (first, second, works, later)]
    assert (
        statuses
        == {
            "served": [200, 200, 200, 200],
            "second_refused": [200, 400, 200, 200],
            "both_die": [200, 400, 401, 400],
        }[at_once]
    )
