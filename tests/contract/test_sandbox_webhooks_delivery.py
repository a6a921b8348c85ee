"""Delivery of the sandbox's webhooks: retries on the sandbox's clock, silence, holding back, repeats and disorder."""

import asyncio
from itertools import chain, pairwise

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Company, company
from tests.contract.webhook_endpoint import Endpoint, another_app, deliveries, endpoint, later, subscribe

MINUTE, HOUR = 60, 3600
NEW = (10, 20, 30, 5 * MINUTE, 20 * MINUTE, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR)
OLD = (20 * MINUTE, 30 * MINUTE, 50 * MINUTE)


async def attempts_after(it: Company, there: Endpoint, waits: tuple[int, ...]) -> list[tuple[int, int]]:
    """How many posts there were just before each wait ended, and at its end."""
    found = []
    for wait in waits:
        await later(it, wait - 1)
        before = len(there.posts)
        await later(it, 1)
        found.append((before, len(there.posts)))
    return found


async def test_what_is_not_taken_comes_again_on_the_new_schedule() -> None:
    """10, 20, 30 s, 5, 20 min, 2, 4, 6 h, then each 6 h; the same bytes with the same signature each time."""
    async with company() as it, endpoint(status=500) as there:
        await subscribe(it, there)
        await it.customer()
        await later(it)
        found = await attempts_after(it, there, NEW)
        there.status = 200
        await later(it, 6 * HOUR)
        await later(it, 24 * HOUR)

    assert found == [(number, number + 1) for number in range(1, len(NEW) + 1)]
    assert len(there.posts) == len(NEW) + 2
    assert (
        len({(post.body, post.headers["intuit-signature"], post.headers["intuit-t-id"]) for post in there.posts}) == 1
    )


async def test_the_old_schedule_gives_up() -> None:
    """20, 30 and 50 min; then the body is lost, and the next one has its own attempts."""
    async with company() as it, endpoint(status=503) as there:
        await subscribe(it, there, retries="old")
        await it.customer()
        await later(it)
        found = await attempts_after(it, there, OLD)
        await later(it, 12 * HOUR)
        lost = len(there.posts)
        outcomes = [one["outcome"] for one in await deliveries(it)]

    assert found == [(1, 2), (2, 3), (3, 4)]
    assert (lost, outcomes) == (4, ["again", "again", "again", "dropped"])


async def test_an_endpoint_that_fails_for_a_day_is_off_until_it_is_subscribed_anew() -> None:
    """Under the old policy; what happens meanwhile is never told."""
    async with company(Switches(limits="off", access_token_seconds=100 * 86_400)) as it, endpoint(status=500) as there:
        await subscribe(it, there, retries="old")
        for number in range(3):
            await it.customer(f"c{number}")
            await later(it, 12 * HOUR)
        off = (await it.control("GET", "webhooks"))["webhooks"][0]["off"]
        there.status, before = 200, len(there.posts)
        await it.customer("Unheard")
        await later(it, 12 * HOUR)
        silent = len(there.posts) - before
        await subscribe(it, there, retries="old")
        await it.customer("Heard")
        await later(it)

    assert (off, silent, len(there.posts) - before) == (True, 0, 1)


async def test_every_attempt_says_when_the_next_one_is() -> None:
    """In the sandbox's time."""
    async with company() as it, endpoint(status=404) as there:
        await subscribe(it, there)
        await it.customer()
        await later(it)
        await later(it, 10)
        first, second = await deliveries(it)

    assert (first["at"], first["next_try"]) == ("2026-03-02T17:00:01+00:00", "2026-03-02T17:00:11+00:00")
    assert (second["at"], second["next_try"]) == ("2026-03-02T17:00:11+00:00", "2026-03-02T17:00:31+00:00")
    assert [(one["attempt"], one["status"], one["outcome"]) for one in (first, second)] == [
        (1, 404, "again"),
        (2, 404, "again"),
    ]


@pytest.mark.parametrize("status", [201, 204, 301, 400, 500])
async def test_only_a_200_takes_a_body(status: int) -> None:
    """Nor is a redirection followed."""
    async with company() as it, endpoint(status=status) as there:
        await subscribe(it, there)
        await it.customer()
        await later(it)
        await later(it, 10)

    assert len(there.posts) == 2


async def test_an_answer_that_takes_too_long_is_none() -> None:
    """Three real seconds by default, less here; it is sent again like any other."""
    async with company() as it, endpoint(silent=True) as there:
        settings = await subscribe(it, there, answer_seconds=0.1)
        default = await subscribe(it, there, app=await another_app(it))
        await it.control("DELETE", f"webhooks/{default['id']}")
        await it.customer()
        await later(it)
        there.silent = False
        await later(it, 10)
        first, second = await deliveries(it)

    assert [float(one["answer_seconds"]) for one in (settings, default)] == [0.1, 3.0]
    assert (first["status"], first["error"], first["outcome"]) == (None, "no answer within 0.1 s", "again")
    assert (second["status"], second["outcome"]) == (200, "taken")
    assert there.posts[0].body == there.posts[1].body


async def test_nobody_there_is_a_failure_like_any_other() -> None:
    """The endpoint listens again before the next attempt, and is told."""
    async with company() as it:
        async with endpoint() as gone:
            pass
        await subscribe(it, gone)
        await it.customer()
        await later(it)
        found = (await deliveries(it))[0]

    assert (found["status"], found["outcome"]) == (None, "again")
    assert "ClientConnectorError" in found["error"]


async def three_customers(*, hold_later: bool) -> tuple[int, list[str]]:
    """Two are made while the endpoint fails, one after: the posts that failed, and who was told of in which order."""
    async with company() as it, endpoint(status=500) as there:
        await subscribe(it, there, hold_later=hold_later)
        names = {}
        for name in ("first", "second"):
            names[(await it.customer(name))["Id"]] = name
            await later(it)
        failed, there.status = len(there.posts), 200
        names[(await it.customer("third"))["Id"]] = "third"
        await later(it)
        await later(it, 10)
        return failed, [names[id_] for told in there.told[failed:] for _, id_, _ in told]


async def test_later_bodies_may_be_held_until_the_first_is_taken() -> None:
    """Then they come at once, in their order."""
    assert await three_customers(hold_later=True) == (1, ["first", "second", "third"])


async def test_later_bodies_overtake_one_that_waits() -> None:
    """By default each body has its own attempts: a client cannot rely on their order."""
    assert await three_customers(hold_later=False) == (2, ["third", "first", "second"])


async def test_what_happens_within_the_window_is_one_body() -> None:
    """As production merges in steps of minutes: a minute here, counted from the first event."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, aggregate_seconds=60)
        for second in range(0, 120, 20):
            await it.customer(f"at {second}")
            await later(it, 20)
        await later(it, 60)

    assert [len(told) for told in there.told] == [3, 3]


async def test_a_change_wakes_who_has_nothing_to_send() -> None:
    """Nobody moves the clock here, and nobody asks whether all is sent."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, delay_seconds=0, aggregate_seconds=0)
        await it.customer()
        await asyncio.wait_for(there.came.wait(), timeout=30)

    assert len(there.posts) == 1


async def test_a_delay_longer_than_the_window_makes_more_bodies() -> None:
    """Each body takes in what its window holds, and leaves when its delay is over."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, aggregate_seconds=5, delay_seconds=30)
        await it.customer("a")
        await later(it, 10)
        await it.customer("b")
        await later(it, 20)
        first = [len(told) for told in there.told]
        await later(it, 10)

    assert (first, [len(told) for told in there.told]) == ([1], [1, 1])


async def test_a_body_may_come_twice() -> None:
    """After it was taken, with the same ids: a client that counts must count each event once."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, duplicates=1, format="cloudevents")
        await it.customer()
        await later(it)
        once = len(there.posts)
        await later(it)
        await later(it, HOUR)
        found = await deliveries(it)

    assert (once, len(there.posts)) == (1, 2)
    assert there.posts[0].body == there.posts[1].body
    assert [one["duplicate"] for one in found] == [False, True]


async def a_run(*, seed: int, **settings: object) -> list[list[str]]:
    """The ids of each post of ten changes, two at a time."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, seed=seed, **settings)
        for number in range(0, 10, 2):
            await it.customer(f"c{number}")
            await it.customer(f"c{number + 1}")
            await later(it, 2)
        await later(it, 60)
        await later(it, 60)
        return [[id_ for _, id_, _ in told] for told in there.told]


def flat(run: list[list[str]]) -> list[int]:
    return [int(id_) for id_ in chain.from_iterable(run)]


async def test_the_same_seed_gives_the_same_disorder() -> None:
    """Which bodies come twice, and in what order everything comes, can be repeated; another seed differs."""
    chaos = {"shuffle": True, "duplicates": 0.5}
    first, same, other = await a_run(seed=1, **chaos), await a_run(seed=1, **chaos), await a_run(seed=2, **chaos)

    assert first == same
    assert first != other


async def test_shuffled_events_come_in_another_order_and_none_is_lost() -> None:
    """Within a body and from body to body."""
    straight, shuffled = await a_run(seed=3), await a_run(seed=3, shuffle=True)

    assert all(one < following for one, following in pairwise(flat(straight)))
    assert flat(shuffled) != flat(straight)
    assert any(told != sorted(told, key=int) for told in shuffled)
    firsts = [min(int(id_) for id_ in told) for told in shuffled]
    assert firsts != sorted(firsts)
    assert sorted(flat(shuffled)) == flat(straight)


async def test_an_accelerated_clock_brings_retries_sooner() -> None:
    """At sixty sandbox seconds in a real one, the first retry comes after a sixth of a second."""
    async with company() as it, endpoint(status=500) as there:
        await subscribe(it, there)
        await it.customer()
        await later(it)
        await it.control("POST", "clock", {"speed": 60})
        it.clock.advance(9 / 60)
        await later(it, 0)
        before = len(there.posts)
        it.clock.advance(1 / 60)
        await later(it, 0)

    assert (before, len(there.posts)) == (1, 2)


async def test_the_sandbox_ends_with_bodies_still_waiting() -> None:
    """Closing does not wait for an endpoint that is silent, nor for one that is tried again in hours."""
    async with endpoint(silent=True) as silent, endpoint(status=500) as failing, company() as it:
        await subscribe(it, failing, app=await another_app(it, it.realm))
        await subscribe(it, silent)
        await it.customer()
        await it.control("POST", "clock", {"advance_seconds": 1})
        await silent.came.wait()
        await it.running.close()
        left = [task for task in asyncio.all_tasks() if task.get_name().startswith("webhooks")]

    assert (left, len(silent.posts), len(failing.posts)) == ([], 1, 1)
