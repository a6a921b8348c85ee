"""The door: tokens, limits, request ids, and calls that are broken on request."""

import aiohttp
import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import company

LIMITS_OFF = Switches(limits="off")


async def test_the_eleventh_call_of_a_second_is_throttled_in_the_gateways_envelope() -> None:
    """429 with code 3001; a second later the next ten are let through."""
    async with company(Switches()) as it:
        statuses = [(await it.call("GET", "customer/1")).status for _ in range(10)]
        refused = await it.call("GET", "customer/1")
        it.clock.advance(1.0)
        later = await it.call("GET", "customer/1")

    assert statuses == [400] * 10
    assert (refused.status, refused.code, refused["fault"]["type"]) == (429, "3001", "SERVICE")
    assert refused["fault"]["error"][0]["detail"] == "The request limit was reached.  Try again later"
    assert later.status == 400


async def test_the_501st_call_of_a_minute_is_throttled() -> None:
    """The window slides: what left a minute ago counts no more."""
    async with company(Switches()) as it:
        statuses = []
        for _ in range(500):
            statuses.append((await it.call("GET", "customer/1")).status)
            it.clock.advance(0.1)
        refused = await it.call("GET", "customer/1")
        it.clock.advance(10.0)
        later = await it.call("GET", "customer/1")

    assert set(statuses) == {400}
    assert (refused.status, later.status) == (429, 400)


async def test_an_expired_token_is_refused_and_a_refresh_brings_a_new_one() -> None:
    """401 with 3200 after an hour; the new access token works at once."""
    async with company() as it:
        it.clock.advance(3600)
        expired = await it.call("GET", f"companyinfo/{it.realm}")
        fresh = await it.refresh(it.refresh_token)
        it.access_token = fresh["access_token"]
        works = await it.call("GET", f"companyinfo/{it.realm}")

    assert (expired.status, expired.code) == (401, "3200")
    assert expired.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert (fresh["expires_in"], fresh["x_refresh_token_expires_in"]) == (3600, 8_640_000)
    assert works["CompanyInfo"]["CompanyName"] == "Craig's"


async def test_a_token_of_another_company_is_refused() -> None:
    """403 with 3100."""
    async with company() as it:
        other = (await it.control("POST", "companies", {"name": "Other"})).json
        it.realm = other["realm"]
        told = await it.call("GET", "customer/1")

    assert (told.status, told.code) == (403, "3100")


async def test_refresh_tokens_stay_a_day_with_grace_and_die_at_once_without() -> None:
    """Grace: the same value within 24 hours, then a new one. Harsh: the old one is invalid_grant."""
    async with company(LIMITS_OFF) as it:
        same = (await it.refresh(it.refresh_token))["refresh_token"]
        it.clock.advance(86_400)
        rolled = (await it.refresh(it.refresh_token))["refresh_token"]
    async with company(LIMITS_OFF.changed({"refresh_tokens": "harsh"})) as harsh:
        new = (await harsh.refresh(harsh.refresh_token))["refresh_token"]
        dead = await harsh.refresh(harsh.refresh_token)

        assert (same, rolled == same) == (it.refresh_token, False)
        assert new != harsh.refresh_token
        assert (dead.status, dead["error"]) == (400, "invalid_grant")


async def test_a_repeated_request_id_plays_the_first_answer_back() -> None:
    """Byte for byte, even after the object was deleted; nothing is executed."""
    async with company() as it:
        amy = await it.customer()
        line = {"Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [line]}
        first = await it.call("POST", "invoice", body, requestid="abc")
        gone = {"Id": first["Invoice"]["Id"], "SyncToken": "0"}
        await it.call("POST", "invoice", gone, operation="delete")
        it.clock.advance(60)
        again = await it.call("POST", "invoice", body, requestid="abc")
        count = await it.query("select count(*) from Invoice")
        journal = (await it.control("GET", "journal", realm=it.realm))["entries"]

    assert again.text == first.text
    assert count["QueryResponse"]["totalCount"] == 0
    assert [entry["replayed"] for entry in journal if entry["request_id"] == "abc"] == [False, True]


async def test_without_memory_a_repeated_request_id_is_executed_again() -> None:
    """The switch `none`: the second create meets the name of the first."""
    async with company(LIMITS_OFF.changed({"request_ids": "none"})) as it:
        await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="abc")
        again = await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="abc")

    assert again.code == "6240"


@pytest.mark.parametrize(("after_fault", "status"), [("played_back", 400), ("forgotten", 200)])
async def test_a_request_id_after_a_fault_does_as_the_switch_says(after_fault: str, status: int) -> None:
    """Played back: the old fault although its reason is gone. Forgotten: executed."""
    async with company(LIMITS_OFF.changed({"after_fault": after_fault})) as it:
        made = await it.customer("Amy")
        await it.call("POST", "vendor", {"DisplayName": "Amy"}, requestid="abc")
        renamed = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Bea"}
        await it.call("POST", "customer", renamed)
        again = await it.call("POST", "vendor", {"DisplayName": "Amy"}, requestid="abc")

    assert again.status == status


async def test_a_lost_answer_is_committed() -> None:
    """The connection closes without an answer; the record is there, once, and the journal says so."""
    async with company() as it:
        rule = {"kind": "lose_answer", "method": "POST", "entity": "customer", "count": 1}
        await it.control("POST", "faults", rule)
        with pytest.raises(aiohttp.ClientConnectionError):
            await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="abc")
        again = await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="abc")
        count = await it.query("select count(*) from Customer")
        lost = (await it.control("GET", "journal"))["entries"][0]

    assert again.status == 200
    assert count["QueryResponse"]["totalCount"] == 1
    assert (lost["status"], lost["answer_lost"], lost["object_id"]) == (200, True, again["Customer"]["Id"])


async def test_a_cut_before_executes_nothing_and_a_status_answers_in_its_place() -> None:
    """Rules end with their count, and the call gets through."""
    async with company() as it:
        await it.control("POST", "faults", {"kind": "cut_before", "method": "POST", "count": 1})
        await it.control("POST", "faults", {"kind": "status", "status": 503, "body": "<html>", "count": 1})
        with pytest.raises(aiohttp.ClientConnectionError):
            await it.call("POST", "customer", {"DisplayName": "Amy"})
        broken = await it.call("POST", "customer", {"DisplayName": "Amy"})
        count = await it.query("select count(*) from Customer")

    assert (broken.status, broken.text) == (503, "<html>")
    assert count["QueryResponse"]["totalCount"] == 0


async def test_without_accept_json_the_answer_is_xml() -> None:
    """QuickBooks' default is XML: a client that forgets the header learns it here."""
    async with company() as it:
        url = f"{it.running.base_url}/v3/company/{it.realm}/companyinfo/{it.realm}"
        async with it.session.get(url, headers={"Authorization": f"Bearer {it.access_token}"}) as answer:
            text = await answer.text()

    assert text.startswith("<?xml")
