"""The control API under `/_sandbox`: companies, faults on request, clock, switches, journal. No limits, no journal."""

from aiohttp import web

from infra.sandbox.quickbooks.control import (
    apps,
    bookkeeping,
    clock,
    companies,
    faults,
    journal,
    snapshots,
    switches,
    webhooks,
)
from infra.sandbox.quickbooks.control.ways import answering

ROUTES = (
    *companies.ROUTES,
    *apps.ROUTES,
    *faults.ROUTES,
    *journal.ROUTES,
    *clock.ROUTES,
    *switches.ROUTES,
    *snapshots.ROUTES,
    *bookkeeping.ROUTES,
    *webhooks.ROUTES,
)


def add_routes(app: web.Application) -> None:
    """All of it."""
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, answering(handler))
    webhooks.stop_with(app)
