"""A company in a sandbox of a test's own: real HTTP on a free port, a clock that stands still until it is moved."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp

from infra.clock import ManualClock
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.switches import Switches

START = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
Body = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """An answer: its status, its text and what the text says."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was answered
        return json.loads(self.text, parse_float=Decimal)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        return self.json[name]

    @property
    def code(self) -> str:
        """The first fault's code, of either envelope."""
        content = self.json
        return str(content["Fault"]["Error"][0]["code"] if "Fault" in content else content["fault"]["error"][0]["code"])

    @property
    def detail(self) -> str:
        return str(self.json["Fault"]["Error"][0]["Detail"])


@dataclass
class Company:
    """A company, and how a test talks to it."""

    running: RunningSandbox
    session: aiohttp.ClientSession
    clock: ManualClock
    realm: str
    access_token: str
    refresh_token: str

    async def call(self, method: str, path: str, body: object = None, **query: str) -> Told:
        """One API call of this company."""
        url = f"{self.running.base_url}/v3/company/{self.realm}/{path}"
        headers = {"Authorization": f"Bearer {self.access_token}", "Accept": "application/json"}
        return await self._send(method, url, body, headers, query)

    async def control(self, method: str, path: str, body: object = None, **query: str) -> Told:
        """One call of the control API."""
        return await self._send(method, f"{self.running.control_url}/{path}", body, {}, query)

    async def refresh(self, token: str) -> Told:
        """One refresh at the token endpoint."""
        basic = aiohttp.encode_basic_auth(self.running.client_id, self.running.client_secret)
        form = {"grant_type": "refresh_token", "refresh_token": token}
        async with self.session.post(self.running.token_url, data=form, headers={"Authorization": basic}) as answer:
            return Told(answer.status, await answer.text(), dict(answer.headers))

    async def make(self, entity: str, **fields: object) -> Body:
        """A new record, which must succeed."""
        told = await self.call("POST", entity.lower(), fields)
        assert told.status == 200, told.text
        return dict(told[entity])

    async def read(self, entity: str, record_id: str) -> Body:
        """A record as it is now."""
        told = await self.call("GET", f"{entity.lower()}/{record_id}")
        assert told.status == 200, told.text
        return dict(told[entity])

    async def customer(self, name: str = "Amy", **fields: object) -> Body:
        return await self.make("Customer", DisplayName=name, **fields)

    async def invoice(self, customer: Body, amount: str = "100.00", **fields: object) -> Body:
        wanted: Body = {"CustomerRef": {"value": customer["Id"]}, "Line": [sold(amount)], **fields}
        return await self.make("Invoice", **wanted)

    async def paid(self, customer: Body, amount: str, *lines: tuple[Body, str]) -> Body:
        """A payment recorded by the bookkeeper, applied to invoices."""
        told = await self.control("POST", f"{self.realm}/payments", payment(customer, amount, *lines))
        assert told.status == 200, told.text
        return dict(told.json)

    async def query(self, text: str) -> Told:
        return await self.call("GET", "query", query=text)

    async def _send(self, method: str, url: str, body: object, headers: Body, query: dict[str, str]) -> Told:
        content = None if body is None else json.dumps(body)
        async with self.session.request(method, url, data=content, headers=headers, params=query) as answer:
            return Told(answer.status, await answer.text(), dict(answer.headers))


def sold(amount: str, **fields: object) -> Body:
    """A line over that amount, of the default item."""
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}, **fields}


def payment(customer: Body, amount: str, *lines: tuple[Body, str]) -> Body:
    """A payment as the control API wants it."""
    applied = [{"invoice": invoice["Id"], "amount": part} for invoice, part in lines]
    return {"customer": customer["Id"], "date": "2026-03-03", "amount": amount, "method": "Check", "lines": applied}


@asynccontextmanager
async def company(
    switches: Switches | None = None, *, start: datetime = START, clock: ManualClock | None = None, **fields: object
) -> AsyncIterator[Company]:
    """A new sandbox with one company. Limits are off unless the switches say otherwise: the clock stands still."""
    clock = clock or ManualClock(start)
    running = await serve(clock=clock, switches=switches or Switches(limits="off"))
    try:
        async with aiohttp.ClientSession() as session:
            fields = {"name": "Craig's", **fields}
            async with session.post(f"{running.control_url}/companies", json=fields) as answer:
                opened = await answer.json()
                assert answer.status == 200, opened
            yield Company(running, session, clock, opened["realm"], opened["access_token"], opened["refresh_token"])
    finally:
        await running.close()
