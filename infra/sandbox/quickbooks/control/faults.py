"""Fault rules: add, list, remove."""

from typing import Any

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import Route
from infra.sandbox.quickbooks.wire import write_json


async def add_fault(request: web.Request) -> web.StreamResponse:
    """A new fault rule; its id."""
    wanted: dict[str, Any] = await ways.body(request)
    if isinstance(wanted.get("body"), dict):
        wanted["body"] = write_json(wanted["body"])
    return ways.told({"id": ways.sandbox(request).fault_rules.add(**wanted).id})


async def list_faults(request: web.Request) -> web.StreamResponse:
    """The rules and how many calls each has broken."""
    rules = [rule.shown() for rule in ways.sandbox(request).fault_rules]
    return web.json_response({"faults": rules})


async def remove_faults(request: web.Request) -> web.StreamResponse:
    """One rule or all."""
    ways.sandbox(request).fault_rules.remove(request.match_info.get("id"))
    return ways.told({})


ROUTES: tuple[Route, ...] = (
    ("POST", "/_sandbox/faults", add_fault),
    ("GET", "/_sandbox/faults", list_faults),
    ("DELETE", "/_sandbox/faults", remove_faults),
    ("DELETE", "/_sandbox/faults/{id}", remove_faults),
)
