"""Calls that are broken on request: how, which, how often, and what was executed all the same."""

import asyncio
import json

import aiohttp
import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.held_clock import HeldClock, arrived
from tests.contract.sandbox_company import Company, Told, company

LIMITS_OFF = Switches(limits="off")
BROKEN_ANSWER = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


async def rule(it: Company, kind: str, **conditions: object) -> Told:
    return await it.control("POST", "faults", {"kind": kind, **conditions})


async def amy(it: Company) -> Told:
    return await it.call("POST", "customer", {"DisplayName": "Amy"})


async def customers(it: Company) -> int:
    return int((await it.query("select count(*) from Customer"))["QueryResponse"]["totalCount"])


@pytest.mark.parametrize(("kind", "made"), [("lose_answer", 1), ("cut_before", 0), ("cut_mid", 1)])
async def test_a_connection_that_is_cut_leaves_what_was_executed(kind: str, made: int) -> None:
    """The client sees a broken connection in all three; the journal says that the answer was lost."""
    async with company() as it:
        await rule(it, kind, method="POST", count=1)
        with pytest.raises(BROKEN_ANSWER):
            await amy(it)
        found = await customers(it)
        entry = (await it.control("GET", "journal"))["entries"][0]

    assert found == made
    assert (entry["answer_lost"], entry["status"]) == (True, 200 if made else None)


@pytest.mark.parametrize(("kind", "made"), [("status", 0), ("status_after", 1)])
async def test_another_status_answers_before_or_after_executing(kind: str, made: int) -> None:
    """A 503 says nothing about what happened."""
    async with company() as it:
        await rule(it, kind, status=503, body={"unavailable": True}, method="POST", count=1)
        told = await amy(it)
        entry = (await it.control("GET", "journal"))["entries"][0]

        assert (told.status, told.json, entry["status"]) == (503, {"unavailable": True}, 503)
        assert told.headers["intuit_tid"] == entry["intuit_tid"]
        assert await customers(it) == made


@pytest.mark.parametrize(
    ("named", "status", "kind", "start"),
    [
        ("html_502", 502, "text/html", "<html>"),
        ("html_503", 503, "text/html", "<html>"),
        ("html_504", 504, "text/html", "<html>"),
        ("empty_500", 500, "text/plain", ""),
        ("empty_503", 503, "text/plain", ""),
        ("system_fault", 500, "application/json", '{"Fault":{"Error":[{"Message":"An application error'),
        ("service_fault", 503, "application/json", '{"Fault"'),
    ],
)
async def test_gateways_answer_in_forms_of_their_own(named: str, status: int, kind: str, start: str) -> None:
    """Pages, nothing at all, or a fault with code 10000."""
    async with company() as it:
        await rule(it, "status", named=named)
        told = await amy(it)

    assert (told.status, told.headers["Content-Type"].split(";")[0]) == (status, kind)
    assert told.text.startswith(start)
    assert bool(told.text) is bool(start)
    if named == "system_fault":
        assert (told.code, told["Fault"]["type"]) == ("10000", "SystemFault")


@pytest.mark.parametrize(
    ("named", "status", "code", "kind"),
    [
        ("try_again", 400, "6000", "ValidationFault"),
        ("company_status", 400, "6190", "ValidationFault"),
        ("access_lost", 403, "120", "AuthorizationFault"),
        ("query_failed", 400, "4002", "ValidationFault"),
        ("permission", 400, "5020", "ValidationFault"),
        ("throttled", 429, "3001", "SERVICE"),
        ("withdrawn", 403, "3100", "AUTHORIZATION"),
    ],
)
async def test_a_fault_of_the_table_is_answered_by_its_name(named: str, status: int, code: str, kind: str) -> None:
    """Also those that no object causes by itself, each in its own envelope; nothing is executed."""
    async with company() as it:
        await rule(it, "status", named=named, method="POST", count=1)
        told = await amy(it)
        entry = (await it.control("GET", "journal"))["entries"][0]
        found = await customers(it)

    told_type = told["fault" if kind.isupper() else "Fault"]["type"]  # the gateway's own types are in capitals
    assert (told.status, told.code, told_type, found) == (status, code, kind, 0)
    assert (entry["status"], entry["fault_code"]) == (status, code)


@pytest.mark.parametrize(("body", "half"), [("", True), ("}{ garbage", False)])
async def test_a_malformed_answer_is_whole_to_http_and_no_json(body: str, *, half: bool) -> None:
    """200, its full length, and half of a body or garbage; it was executed."""
    async with company() as it:
        await rule(it, "malformed", body=body, method="POST", count=1)
        told = await amy(it)
        found = await customers(it)

    assert (told.status, int(told.headers["Content-Length"]), found) == (200, len(told.text), 1)
    assert told.text.startswith('{"Customer"') if half else told.text == body
    with pytest.raises(json.JSONDecodeError):
        json.loads(told.text)


async def test_a_slow_drip_comes_in_pieces_and_whole_in_the_end() -> None:
    """Ten pieces over the rule's seconds."""
    clock = HeldClock()
    async with company(clock=clock) as it:
        await rule(it, "drip", seconds=5, count=1)
        url = f"{it.running.base_url}/v3/company/{it.realm}/companyinfo/{it.realm}"
        headers = {"Authorization": f"Bearer {it.access_token}", "Accept": "application/json"}
        async with it.session.get(url, headers=headers) as answer:
            begun = answer.status, answer.content.at_eof()
            clock.wake()
            text = await answer.text()

    assert begun == (200, False)
    assert int(answer.headers["Content-Length"]) == len(text)
    assert json.loads(text)["CompanyInfo"]["CompanyName"] == "Craig's"
    assert clock.slept == [0.5] * 10


@pytest.mark.parametrize(("kind", "created"), [("delay", "09:00:07"), ("delay_after", "09:00:00")])
async def test_a_delay_stands_before_or_after_executing(kind: str, created: str) -> None:
    """What was made tells when it was executed; the answer comes afterwards in both."""
    async with company() as it:
        await rule(it, kind, seconds=7, count=1)
        told = await amy(it)
        now = (await it.control("GET", "clock"))["now"]

    assert told["Customer"]["MetaData"]["CreateTime"] == f"2026-03-02T{created}-08:00"
    assert now.startswith("2026-03-02T17:00:07")


@pytest.mark.parametrize(("kind", "made", "status"), [("delay", 0, None), ("delay_after", 1, 200)])
async def test_a_call_that_takes_longer_than_two_minutes_is_cut_off(kind: str, made: int, status: int | None) -> None:
    """At 120 seconds; it was executed if it was so by then."""
    clock = HeldClock()
    async with company(clock=clock) as it:
        await rule(it, kind, seconds=1000, count=1)
        call = asyncio.create_task(amy(it))
        await clock.asleep()
        clock.wake()
        with pytest.raises(BROKEN_ANSWER):
            await call
        found = await customers(it)
        entry = (await it.control("GET", "journal"))["entries"][0]

    assert (clock.slept, found) == ([120], made)
    assert (entry["answer_lost"], entry["status"]) == (True, status)


@pytest.mark.parametrize("kind", ["delay", "delay_after"])
async def test_a_call_is_executed_although_its_client_did_not_wait(kind: str) -> None:
    """The client hangs up while the sandbox takes its time: what was asked for happens, and the answer is lost."""
    clock = HeldClock()
    async with company(clock=clock) as it:
        await rule(it, kind, seconds=60, count=1)
        call = asyncio.create_task(amy(it))
        await clock.asleep()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await arrived(it, 1)  # by then the sandbox has seen the connection close
        clock.wake()
        found = await customers(it)
        entry = (await it.control("GET", "journal"))["entries"][0]

    assert (found, entry["status"], entry["answer_lost"]) == (1, 200, True)


async def test_a_drip_that_takes_too_long_is_cut_off_in_its_midst() -> None:
    """With a switch of five seconds: two pieces of two seconds, and then one."""
    clock = HeldClock()
    async with company(LIMITS_OFF.changed({"longest_call_seconds": 5}), clock=clock) as it:
        await rule(it, "drip", seconds=20, count=1)
        clock.wake()
        with pytest.raises(BROKEN_ANSWER):
            await amy(it)

    assert clock.slept == [2, 2, 1]


async def test_a_call_that_is_a_little_shorter_is_answered() -> None:
    """The limit itself is too long, anything below is not."""
    async with company(LIMITS_OFF.changed({"longest_call_seconds": 5})) as it:
        await rule(it, "delay", seconds=4.999, count=1)
        answered = await amy(it)
        await rule(it, "delay", seconds=5, count=1)
        with pytest.raises(BROKEN_ANSWER):
            await it.call("POST", "customer", {"DisplayName": "Bea"})

    assert answered.status == 200


# What a company's state refuses


async def test_a_company_whose_subscription_ended_is_read_and_not_written() -> None:
    """6190 on every write, also inside a batch; the bookkeeper's own pages go on."""
    create = {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Bea"}}
    async with company(LIMITS_OFF.changed({"subscription": "ended"})) as it:
        refused = await amy(it)
        mixed = await it.call(
            "POST", "batch", {"BatchItemRequest": [create, {"bId": "2", "Query": "select count(*) from Customer"}]}
        )
        read = await it.call("GET", f"companyinfo/{it.realm}")

    inside, found = mixed["BatchItemResponse"]
    assert (refused.code, inside["Fault"]["Error"][0]["code"]) == ("6190", "6190")
    assert (found["QueryResponse"]["totalCount"], read.status) == (0, 200)


async def test_a_user_who_lost_his_rights_can_do_nothing() -> None:
    """120 and 403 in the ordinary envelope."""
    async with company(LIMITS_OFF.changed({"user_rights": "lost"})) as it:
        for told in (await amy(it), await it.call("GET", "customer/1")):
            assert (told.status, told.code, told["Fault"]["type"]) == (403, "120", "AuthorizationFault")
