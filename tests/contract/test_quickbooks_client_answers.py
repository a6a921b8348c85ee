"""What each reply of QuickBooks, or its absence, is taken for."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.quickbooks.answers import Accepted, Faulted, FaultError, NeverLeft, Unanswered
from tests.contract.quickbooks_wire import http, world, world_at

ACCEPTED = http(200, '{"Invoice":{"Id":"266","SyncToken":"0","TotalAmt":100.10},"time":"t"}', "Intuit-Tid: 1-a")
DUPLICATE = """{"Fault":{"Error":[{"Message":"Duplicate Name Exists Error",
"Detail":"The name supplied already exists. : null","code":"6240"}],"type":"ValidationFault"},"time":"t"}"""
TOKEN_EXPIRED = """{"warnings":null,"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200;
statusCode=401","detail":"Token expired: first","code":"3200","element":null}],"type":"AUTHENTICATION"},
"queryResponse":null,"time":1601359135412}""".replace("\n", " ")
THROTTLED = TOKEN_EXPIRED.replace("3200", "3001").replace("AUTHENTICATION", "SERVICE").replace("Token", "Limit")


async def test_an_accepted_write_brings_the_object_to_the_cent() -> None:
    """HTTP 200 is Accepted; money stays decimal, and the id that Intuit's support asks for is kept."""
    async with world(ACCEPTED) as at:
        answer = await at.write()

    assert isinstance(answer, Accepted)
    assert repr(answer.body["Invoice"]["TotalAmt"]) == repr(Decimal("100.10"))
    assert answer.intuit_tid == "1-a"


async def test_the_tid_is_read_however_it_is_spelt() -> None:
    """`intuit_tid` and `Intuit-Tid` are both in use."""
    async with world(http(200, "{}", "intuit_tid: 1-b")) as at:
        answer = await at.write()

    assert answer == Accepted(body={}, intuit_tid="1-b")


async def test_a_fault_of_the_books_is_read() -> None:
    """The API's own envelope: code, message, detail; a missing element is empty."""
    async with world(http(400, DUPLICATE)) as at:
        answer = await at.write()

    error = FaultError(
        code="6240", message="Duplicate Name Exists Error", detail="The name supplied already exists. : null"
    )
    assert answer == Faulted(status=400, errors=(error,), gateway=False)


async def test_a_fault_of_the_gateway_is_read() -> None:
    """The envelope in small letters: throttling comes back at once, the caller pauses the tenant."""
    async with world(http(429, THROTTLED)) as at:
        answer = await at.write()

    assert isinstance(answer, Faulted)
    assert (answer.status, answer.code, answer.gateway) == (429, "3001", True)
    assert len(at.wire.requests) == 1


async def test_a_fault_inside_a_success_is_a_fault() -> None:
    """HTTP 200 may carry a Fault."""
    async with world(http(200, DUPLICATE)) as at:
        answer = await at.write()

    assert isinstance(answer, Faulted)
    assert answer.code == "6240"


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_the_gateway_needs_no_readable_body_to_refuse(status: int) -> None:
    """401, 403 and 429 as HTML or empty are definite: the gateway passed nothing on."""
    page = http(status, "<html>no</html>", "Content-Type: text/html")
    async with world(page, page) as at:
        answer = await at.write()

    assert answer == Faulted(status=status, errors=(), gateway=True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, DUPLICATE),
        (500, ""),
        (502, "<html>"),
        (503, ""),
        (504, ""),
        (302, ""),
        (400, "<html>"),
        (404, "<html>"),
        (400, '{"odd":1}'),
        (200, "<html>"),
        (200, "[]"),
        (200, ""),
        (200, '"' + "\\ud800"),
        (200, "[" * 100_000),
    ],
)
async def test_what_cannot_be_read_is_unanswered(status: int, body: str) -> None:
    """A 5xx, whatever it carries, and every unreadable answer may or may not have been executed."""
    async with world(http(status, body)) as at:
        answer = await at.write()

    assert isinstance(answer, Unanswered)
    assert answer.status == status
    assert len(at.wire.requests) == 1


async def test_a_redirect_is_not_followed() -> None:
    """A redirected write would be two requests."""
    async with world(http(307, "", "Location: /v3/elsewhere"), ACCEPTED) as at:
        answer = await at.write()

    assert isinstance(answer, Unanswered)
    assert len(at.wire.requests) == 1


async def test_a_cut_connection_is_unanswered_and_nothing_is_repeated() -> None:
    """The request was written and no answer came: a write is not sent again behind our back."""
    async with world(None, ACCEPTED) as at:
        answer = await at.write()

    assert isinstance(answer, Unanswered)
    assert len(at.wire.requests) == 1


async def test_a_read_cut_on_a_kept_connection_is_not_repeated_unseen() -> None:
    """A GET is repeated by aiohttp itself when a connection breaks; pacing would not see that call."""
    async with world(ACCEPTED, None, ACCEPTED) as at:
        await at.query()
        answer = await at.query()

    assert isinstance(answer, Unanswered)
    assert len(at.wire.requests) == 2


async def test_a_write_cut_on_a_kept_connection_is_unanswered() -> None:
    """A reused connection that just closed looks like one cut while at work: nobody knows."""
    async with world(ACCEPTED, None, ACCEPTED) as at:
        await at.write()
        answer = await at.write()

    assert isinstance(answer, Unanswered)
    assert (len(at.wire.requests), at.wire.connections) == (2, 1)


async def test_an_answer_that_breaks_off_is_unanswered() -> None:
    """Half an object says that something happened, not what."""
    async with world(http(200, '{"Invoice":', length=500), None) as at:
        answer = await at.write()

    assert isinstance(answer, Unanswered)
    assert answer.status == 200


async def test_silence_is_unanswered_after_the_time_out() -> None:
    """QuickBooks may still be at work on it."""
    async with world(hangs=True) as at:
        started = datetime.now(UTC)
        answer = await at.write()

    assert isinstance(answer, Unanswered)
    assert "0.5 s" in answer.reason
    assert datetime.now(UTC) - started < timedelta(seconds=5)


async def test_a_refused_connection_never_left() -> None:
    """Nobody listens: tried three times, a moment apart, and nothing was sent."""
    async with world_at("http://127.0.0.1:1") as at:
        answer = await at.write()

    assert isinstance(answer, NeverLeft)
    assert len(at.leaves) == 3
    assert 0 < at.clock.boottime() < 5


async def test_an_unknown_host_never_left() -> None:
    """Without an address nothing can be sent."""
    async with world_at("http://quickbooks.invalid") as at:
        answer = await at.write()

    assert isinstance(answer, NeverLeft)


@pytest.mark.parametrize("first_words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None], ids=["plain", "cut", "mute"])
async def test_a_failed_tls_handshake_never_left(first_words: bytes | None) -> None:
    """The request is written only into an encrypted connection: what fails before that, or hangs, never left."""

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first_words is None:
            await asyncio.sleep(2)
        writer.write(first_words or b"")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server, world_at(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as at:
        answer = await at.write()

    assert isinstance(answer, NeverLeft)


async def test_no_token_of_ours_stays_in_a_fault() -> None:
    """The gateway's 401 quotes the access token; faults are stored and shown, so it is dropped."""
    async with world(http(401, TOKEN_EXPIRED), http(401, TOKEN_EXPIRED)) as at:
        answer = await at.write()

    assert isinstance(answer, Faulted)
    assert answer.code == "3200"
    assert "first" not in repr(answer)
