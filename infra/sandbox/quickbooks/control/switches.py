"""The switches: read and set."""

from dataclasses import asdict

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import Route


async def read_switches(request: web.Request) -> web.StreamResponse:
    """All switches."""
    return ways.told(asdict(ways.sandbox(request).switches))


async def set_switches(request: web.Request) -> web.StreamResponse:
    """Some switches; the answer has all."""
    sandbox = ways.sandbox(request)
    sandbox.switch(sandbox.switches.changed(await ways.body(request)))
    return ways.told(asdict(sandbox.switches))


ROUTES: tuple[Route, ...] = (
    ("GET", "/_sandbox/switches", read_switches),
    ("POST", "/_sandbox/switches", set_switches),
)
