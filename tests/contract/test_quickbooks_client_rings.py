"""The order of the rings, and what goes over the wire."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from infra.quickbooks.addresses import QuickBooksAddresses
from infra.quickbooks.errors import Disconnected, TokensUnavailable
from infra.quickbooks.windows import Limit, Limits, PastCall
from schemas.quickbooks.answers import Accepted, Faulted, NeverLeft
from tests.contract.quickbooks_wire import REALM, TENANT, http, world, world_at

OK = http(200, "{}")
REFUSED = http(401, "")
SLOW = Limits(every_call=(Limit(calls=1, seconds=60.0),))


async def test_a_write_goes_out_as_it_was_given() -> None:
    """Its bytes, its request id, our name and the fence: what a repeat must equal."""
    async with world(OK) as at:
        await at.write()

    head, body = at.wire.requests[0].split(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v3/company/9130/invoice?requestid=abc123&minorversion=75 HTTP/1.1"
    assert "Authorization: Bearer first" in lines
    assert "Accept: application/json" in lines
    assert "Content-Type: application/json" in lines
    assert "User-Agent: klipsync/0.1 (worker=w-1; fence=7)" in lines
    assert body == b'{"CustomerRef":{"value":"1"}}'


async def test_a_query_is_encoded_whole() -> None:
    """Apostrophes, ampersands, plus signs and other alphabets arrive as they were."""
    statement = "select * from Customer where DisplayName = 'A\\'s & B+C = 100% ü'"
    async with world(OK) as at:
        await at.query(statement)

    sent = at.wire.requests[0].split(b" ")[1].decode()
    assert sent == (
        "/v3/company/9130/query?query=select%20%2A%20from%20Customer%20where%20DisplayName%20%3D%20%27A%5C%27s"
        "%20%26%20B%2BC%20%3D%20100%25%20%C3%BC%27&minorversion=75"
    )


async def test_a_long_query_is_posted() -> None:
    """A lookup of many numbers does not fit into an address."""
    numbers = ",".join(["'1001'"] * 500)
    statement = f"select * from Invoice where DocNumber in ({numbers})"  # noqa: S608 - no SQL
    async with world(OK) as at:
        await at.query(statement)

    head, body = at.wire.requests[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /v3/company/9130/query?minorversion=75 ")
    assert b"Content-Type: application/text" in head
    assert body.decode() == statement


async def test_an_object_is_read_by_type_and_id() -> None:
    """Types are written in small letters in addresses."""
    async with world(OK) as at:
        await at.client.read(tenant=TENANT, realm=REALM, type="Invoice", id="266", fence=1)

    assert at.wire.requests[0].startswith(b"GET /v3/company/9130/invoice/266?minorversion=75 ")


async def test_the_change_feed_is_asked_in_utc_and_rounded_down() -> None:
    """Rather a row twice than a row never."""
    since = datetime(2026, 3, 2, 9, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=1)))
    async with world(OK) as at:
        await at.client.changes(tenant=TENANT, realm=REALM, types=["Invoice", "Payment"], since=since, fence=1)

    sent = at.wire.requests[0].split(b" ")[1].decode()
    assert (
        sent == "/v3/company/9130/cdc?entities=Invoice%2CPayment&changedSince=2026-03-02T08%3A30%3A15Z&minorversion=75"
    )


async def test_a_refused_token_is_replaced_once_and_the_same_request_goes_again() -> None:
    """A gateway's 401 did not execute; `leave` is asked before each sending."""
    async with world(REFUSED, OK) as at:
        answer = await at.write()

    assert isinstance(answer, Accepted)
    assert at.tokens.refused == ["first"]
    assert at.leaves == [0, 1]
    first, second = at.wire.requests
    assert first.replace(b"Bearer first", b"Bearer second") == second


async def test_a_second_401_is_told() -> None:
    """It is not the token then: a person must look."""
    async with world(REFUSED, REFUSED, OK) as at:
        answer = await at.write()

    assert answer == Faulted(status=401, errors=(), gateway=True)
    assert len(at.wire.requests) == 2


async def test_the_repeat_after_a_401_is_paced_like_any_call() -> None:
    """QuickBooks counts it too."""
    async with world(REFUSED, OK, limits=SLOW) as at:
        await at.write()

    assert at.clock.boottime() == pytest.approx(60.0, abs=0.2)


async def test_nothing_is_sent_when_leave_says_no() -> None:
    """The lease is gone: the call never left, and spends nothing of the new owner's budget here."""
    async with world(OK, limits=SLOW) as at:
        at.may_leave = False
        answer = await at.write()
        at.may_leave = True
        await at.write()

    assert isinstance(answer, NeverLeft)
    assert len(at.wire.requests) == 1
    assert at.clock.boottime() == 0.0


async def test_an_error_of_leave_reaches_the_caller_and_nothing_is_sent() -> None:
    """A lost fence is the caller's to understand."""

    async def broken() -> bool:
        raise LookupError("the fence moved")

    async with world(OK) as at:
        with pytest.raises(LookupError):
            await at.client.write(
                tenant=TENANT, realm=REALM, path="/invoice", query={}, body=b"{}", fence=1, leave=broken
            )

    assert at.wire.requests == []


async def test_leave_is_asked_after_the_wait_for_room() -> None:
    """A lease checked before a minute in the line would say nothing about the moment of sending."""
    moments: list[float] = []
    async with world(OK, OK, limits=SLOW) as at:

        async def leave() -> bool:
            moments.append(at.clock.boottime())
            return True

        for _ in range(2):
            await at.client.write(
                tenant=TENANT, realm=REALM, path="/invoice", query={}, body=b"{}", fence=1, leave=leave
            )

    assert moments == [0.0, pytest.approx(60.0, abs=0.2)]


async def test_a_disconnected_tenant_is_answered_as_the_gateway_would() -> None:
    """Without consent nothing leaves; the answer says so in words for a person."""
    async with world(OK) as at:
        at.tokens.trouble = Disconnected(tenant=TENANT, cause="Intuit no longer accepts its refresh token.")
        answer = await at.write()

    assert isinstance(answer, Faulted)
    assert (answer.status, answer.gateway) == (401, True)
    assert "Connect it again" in answer.errors[0].message
    assert (at.leaves, at.wire.requests) == ([], [])


async def test_a_token_endpoint_out_of_reach_means_that_the_call_never_left() -> None:
    """That passes by itself: no consent is called ended because of it, neither before the call nor after a 401."""
    async with world(REFUSED) as at:
        at.tokens.trouble_after_refusal = TokensUnavailable(tenant=TENANT, cause="503")
        answer = await at.write()

    assert isinstance(answer, NeverLeft)


async def test_a_read_is_noted_before_it_leaves_and_when_it_is_answered() -> None:
    """Reads spend the same budget: each sending is noted, the refused one too."""
    async with world(REFUSED, OK) as at:
        await at.query()

    assert at.calls.noted == ["t1 9130 /query", "t1 9130 /query"]
    assert at.calls.answered == ["1", "2"]


async def test_an_unanswered_read_stays_so() -> None:
    """A new owner counts it until its time-out."""
    async with world(None) as at:
        await at.query()

    assert (len(at.calls.noted), at.calls.answered) == (1, [])


async def test_reads_and_writes_share_the_pace() -> None:
    """One budget per company."""
    async with world(OK, OK, limits=SLOW) as at:
        await at.query()
        await at.write()

    assert at.clock.boottime() == pytest.approx(60.0, abs=0.2)


async def test_a_call_that_never_left_costs_nothing() -> None:
    """A refused connection leaves the room free."""
    async with world_at("http://127.0.0.1:1") as at:
        await at.write()

    assert at.client._pace._gate(REALM).windows.ready_in(at.clock.boottime()) == 0.0
    assert at.client._pace._gate(REALM).windows._every_call.ends == []


async def test_a_cancelled_call_is_counted_as_unanswered() -> None:
    """A worker that stops in the middle leaves the call open, for the next owner and for this one's windows."""
    async with world(hangs=True, limits=SLOW) as at:
        task = asyncio.create_task(at.write())
        await at.wire.asked.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert at.client._pace._gate(REALM).windows.ready_in(0.0) == pytest.approx(60.5, abs=0.2)


async def test_batches_are_paced_as_batches() -> None:
    """40 a minute, whatever else leaves."""
    limits = Limits(every_call=(Limit(calls=99, seconds=1.0),), batches=(Limit(calls=1, seconds=60.0),))
    async with world(OK, OK, OK, limits=limits) as at:
        await at.write("/batch")
        await at.write()
        alone = at.clock.boottime()
        await at.write("/batch")

    assert alone == 0.0
    assert at.clock.boottime() == pytest.approx(60.0, abs=0.2)


async def test_a_new_owner_asks_what_the_former_one_called() -> None:
    """Awaited between claiming a tenant and its first call."""
    async with world(OK, limits=SLOW) as at:
        at.calls.past = [PastCall(left_ago=20.0, answered_ago=20.0)]
        await at.client.rebuild_pace(REALM)
        await at.write()

    assert at.clock.boottime() == pytest.approx(40.0, abs=0.2)


@pytest.mark.parametrize("address", ["quickbooks.api.intuit.com", "ftp://quickbooks", "https://"])
def test_an_address_that_is_none_is_told_at_the_start(address: str) -> None:
    """Settings are checked before the first call."""
    with pytest.raises(ValueError, match="no http"):
        QuickBooksAddresses(api=address, token="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer")
