"""An endpoint of a test's own: real HTTP on a free port, and everything that is posted to it."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.contract.sandbox_company import Body, Company


@dataclass(frozen=True)
class Post:
    """One request."""

    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was posted
        return json.loads(self.body)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """(entity, id, operation) of each event of a classic body."""
        return [
            (one["name"], one["id"], one["operation"])
            for entry in self.json["eventNotifications"]
            for one in entry["dataChangeEvent"]["entities"]
        ]

    def is_signed_with(self, token: str) -> bool:
        """Checked over the raw bytes, as Intuit's documents say."""
        expected = b64encode(hmac.new(token.encode(), self.body, sha256).digest()).decode()
        return hmac.compare_digest(expected, self.headers["intuit-signature"])


@dataclass
class Endpoint:
    """Answers with `status` at once, or, while `silent`, not at all."""

    url: str = ""
    status: int = 200
    silent: bool = False
    posts: list[Post] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posts.append(Post(await request.read(), headers))
        self.came.set()
        if self.silent:
            await self._end.wait()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})

    async def welcome(self, _: web.Request) -> web.Response:
        """Where a redirection would lead."""
        return web.Response()

    @property
    def told(self) -> list[list[tuple[str, str, str]]]:
        """The events of each post."""
        return [post.told for post in self.posts]

    def end(self) -> None:
        """Let the silent answers go."""
        self._end.set()


@asynccontextmanager
async def endpoint(**fields: Any) -> AsyncIterator[Endpoint]:  # noqa: ANN401
    """It listens until the block ends."""
    made = Endpoint(**fields)
    app = web.Application()
    app.router.add_post("/hook", made.answer)
    app.router.add_get("/elsewhere", made.welcome)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield made
    finally:
        made.end()
        await runner.cleanup()


async def subscribe(it: Company, there: Endpoint, **settings: object) -> Body:
    """Tell the endpoint of changes from now on."""
    told = await it.control("POST", "webhooks", {"url": there.url, **settings})
    assert told.status == 200, told.text
    return dict(told.json)


async def another_app(it: Company, *realms: str) -> str:
    """A second app, connected to these companies."""
    app = str((await it.control("POST", "apps", {"client_id": "another", "verifier_token": "another's"}))["client_id"])
    for realm in realms:
        told = await it.control("POST", f"{realm}/connect", {"client_id": app})
        assert told.status == 200, told.text
    return app


async def later(it: Company, seconds: float = 1.0) -> None:
    """The sandbox's clock moves on, and everything that is due by then has been attempted."""
    await it.control("POST", "clock", {"advance_seconds": seconds})
    await it.control("POST", "webhooks/settle")


async def deliveries(it: Company) -> list[Body]:
    """Every attempt, oldest first."""
    return list((await it.control("GET", "webhooks/deliveries"))["deliveries"])
