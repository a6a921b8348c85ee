"""Tokens in use: stored before they are used, refused once and the same call repeated, one exchange at a time."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from consumers.records import RealmId
from infra.database.engine import Database
from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.transport import Reply, Request, Transport
from infra.sandbox.quickbooks.switches import Switches
from schemas.kinds import TenantId
from tests.integration.grants import REALM, TENANT, granted
from tests.integration.line import line

pytestmark = pytest.mark.postgres
UNAUTHORIZED = 401


class Compared:
    """Compares the token of each call, as it leaves, with the one that is stored at that moment."""

    def __init__(self) -> None:
        self.database: Database | None = None
        self.cipher: TokenCipher | None = None
        self.same: list[bool] = []

    def __call__(self, name: str, real: Any) -> Any:  # noqa: ANN401 - any port
        return _Comparing(real, self) if name == "transport" else real

    async def stored(self) -> str:
        assert self.database is not None
        assert self.cipher is not None
        async with self.database.transaction() as connection:
            found = (await connection.execute(text("SELECT access_token FROM connection"))).scalar_one()
        return self.cipher.decrypt(found, tenant=TenantId("acme")) if found is not None else ""


class _Comparing:
    def __init__(self, inner: Transport, compared: Compared) -> None:
        self._inner = inner
        self._compared = compared

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - the port's word
        scheme, _, token = request.headers["Authorization"].partition(" ")
        if scheme == "Bearer":
            self._compared.same.append(token == await self._compared.stored())
        return await self._inner.send(request, timeout=timeout)


async def test_a_refreshed_token_is_stored_before_it_is_used(database_url: str) -> None:
    """Whenever a call leaves, its token lies in the database: a crash then costs no consent."""
    compared = Compared()
    async with line(database_url, wrap=compared) as here:
        assert here.settings.token_keys is not None
        compared.database = here.database
        compared.cipher = TokenCipher.of(here.settings.token_keys.get_secret_value())
        await here.client()
        await here.turns()
        here.running.sandbox.tokens.expire(here.realm.realm, access=True, refresh=False)
        await here.client(version=2, email="new@example.com")
        await here.turns()

        refused = [entry for entry in here.calls() if entry.status == UNAUTHORIZED]
        assert len(refused) == 1
        assert len(compared.same) >= 4
        assert all(compared.same)


async def test_a_refused_token_is_replaced_and_the_same_request_goes_once_more(database_url: str) -> None:
    """R-40: a 401 executed nothing: the same bytes leave under the same request id, and it costs the record no try."""
    async with line(database_url) as here:
        await here.turn()
        here.break_calls("status", status=UNAUTHORIZED, method="POST", count=1)
        await here.client()
        await here.turns()

        first, second = [entry for entry in here.calls() if entry.method == "POST"]
        record = await here.record("client/c1")
        assert (first.status, second.status) == (UNAUTHORIZED, 200)
        assert first.request_id == second.request_id
        assert first.body == second.body
        assert (record["state"], record["tries"], record["refusals"]) == ("synced", 0, 0)


async def test_a_token_that_is_refused_again_and_again_is_not_asked_for_for_ever(database_url: str) -> None:
    """A second 401 pauses the tenant: the record is not made to fail, and Intuit is left alone meanwhile."""
    async with line(database_url) as here:
        await here.turn()
        here.break_calls("status", status=UNAUTHORIZED, method="POST")
        await here.client()
        await here.turns()

        paused = await here.rows("SELECT paused_until > clock_timestamp() FROM tenant")
        assert len([entry for entry in here.calls() if entry.method == "POST"]) == 2
        assert paused == [(True,)]
        assert (await here.record("client/c1"))["tries"] == 0


async def test_connecting_waits_for_a_refresh_under_way_and_then_wins(database_url: str) -> None:
    """One exchange at a time: the new consent is stored after the old one's tokens, and replaces them."""
    async with granted(database_url, switches=Switches(refresh_tokens="grace")) as at:
        at.gate.open.clear()
        refresh = asyncio.create_task(at.keeper().access_token(TENANT))
        await at.gate.answered.wait()
        newer = at.consent()
        connect = asyncio.create_task(
            at.keeper().connect(tenant=TENANT, realm=REALM, environment="sandbox", refresh_token=newer)
        )
        await asyncio.wait([connect], timeout=0.3)
        waited = not connect.done()
        at.gate.open.set()
        older, consent = await asyncio.gather(refresh, connect)

        assert waited
        assert consent == 2
        assert await at.value("access_token") is None
        assert await at.keeper().access_token(TENANT) != older


async def test_tenants_do_not_wait_for_each_others_exchanges(database_url: str) -> None:
    """The lock is one tenant's: a slow answer of Intuit for one keeps no other from being connected."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        refresh = asyncio.create_task(at.keeper().access_token(TENANT))
        await at.gate.answered.wait()

        async with asyncio.timeout(5):
            consent = await at.keeper().connect(
                tenant=TenantId("t2"), realm=RealmId("9131"), environment="sandbox", refresh_token="x"
            )
        at.gate.open.set()

        assert consent == 1
        assert await refresh
