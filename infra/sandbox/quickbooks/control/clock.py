"""The clock: read and move."""

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import Route


async def move_clock(request: web.Request) -> web.StreamResponse:
    """Forward by so many seconds."""
    ways.sandbox(request).clock.advance(float((await ways.body(request))["advance_seconds"]))
    return await read_clock(request)


async def read_clock(request: web.Request) -> web.StreamResponse:
    """The sandbox's time."""
    return ways.told({"now": ways.sandbox(request).clock.now().isoformat()})


ROUTES: tuple[Route, ...] = (
    ("POST", "/_sandbox/clock", move_clock),
    ("GET", "/_sandbox/clock", read_clock),
)
