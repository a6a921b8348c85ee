"""The sandbox QuickBooks as a person at its keyboard sees it: its books, its payments, and the ways to break it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import aiohttp

from schemas import exact


class ControlRefused(Exception):  # noqa: N818 - the name says what happened
    """The sandbox refused something that was asked at its control address. The message is its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new company in the sandbox, ready to be connected."""

    tenant: str
    realm: str
    refresh_token: str
    income_account: str


class Control:
    """The control API of one sandbox. Money goes and comes as exact decimals."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def open_company(self, *, tenant: str, name: str, time_zone: str) -> Opened:
        """A company with a consent for klipsync."""
        made = await self.ask("POST", "companies", {"name": name, "time_zone": time_zone})
        return Opened(
            tenant=tenant,
            realm=made["realm"],
            refresh_token=made["refresh_token"],
            income_account=made["income_account"],
        )

    async def books(self, realm: str) -> dict[str, Any]:
        """Every object of a company, by type; deleted transactions under `deleted`."""
        found: dict[str, Any] = await self.ask("GET", f"{realm}/books")
        return found

    async def journal(self, *, after: int) -> list[dict[str, Any]]:
        """Every request that QuickBooks got after number `after`."""
        found: list[dict[str, Any]] = (await self.ask("GET", f"journal?after={after}"))["entries"]
        return found

    async def lose_answers(self, *, count: int, rate: float, seed: int) -> None:
        """From now on some writes are executed, and the connection is cut before their answer."""
        rule = {"kind": "lose_answer", "method": "POST", "count": count, "rate": rate, "seed": seed}
        await self.ask("POST", "faults", rule)

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """One request. Raises ControlRefused."""
        if self._session is None:
            raise AssertionError("use it inside `async with`")
        content = None if body is None else exact.dumps(body)
        async with self._session.request(method, f"{self._url}/{path}", data=content) as answer:
            text = await answer.text()
            if answer.status >= 400:  # noqa: PLR2004 - what is no success
                raise ControlRefused(f"{method} {path}: {answer.status} {text[:500]}")
            return json.loads(text, parse_float=Decimal)
