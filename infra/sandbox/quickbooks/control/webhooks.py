"""Webhooks: subscribe, list, remove, and see what was delivered."""

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import Route
from infra.sandbox.quickbooks.keys import SANDBOX

PATH = "/_sandbox/webhooks"


async def subscribe(request: web.Request) -> web.StreamResponse:
    """Tell an app's endpoint of changes from now on; the answer has all settings, with its id and verifier token."""
    made = await ways.sandbox(request).webhooks.subscribe(await ways.body(request))
    return ways.told(made.shown())


async def list_subscriptions(request: web.Request) -> web.StreamResponse:
    """All endpoints."""
    return ways.told({"webhooks": [lane.shown() for lane in ways.sandbox(request).webhooks]})


async def remove_subscriptions(request: web.Request) -> web.StreamResponse:
    """One endpoint or all."""
    await ways.sandbox(request).webhooks.remove(request.match_info.get("id"))
    return ways.told({})


async def list_deliveries(request: web.Request) -> web.StreamResponse:
    """Every attempt, oldest first; `?subscription=` names one endpoint."""
    found = ways.sandbox(request).webhooks.log.of(request.query.get("subscription"))
    return ways.told({"deliveries": [attempt.shown() for attempt in found]})


async def forget_deliveries(request: web.Request) -> web.StreamResponse:
    """Forget the attempts so far."""
    ways.sandbox(request).webhooks.log.clear()
    return ways.told({})


async def settle(request: web.Request) -> web.StreamResponse:
    """Answers when nothing that is due by the sandbox's clock is still to be sent."""
    await ways.sandbox(request).webhooks.settled()
    return ways.told({})


def stop_with(app: web.Application) -> None:
    """Nothing is sent any more once the application ends."""
    app.on_cleanup.append(_stop)


async def _stop(app: web.Application) -> None:
    await app[SANDBOX].webhooks.close()


ROUTES: tuple[Route, ...] = (
    ("POST", PATH, subscribe),
    ("GET", PATH, list_subscriptions),
    ("DELETE", PATH, remove_subscriptions),
    ("GET", f"{PATH}/deliveries", list_deliveries),
    ("DELETE", f"{PATH}/deliveries", forget_deliveries),
    ("POST", f"{PATH}/settle", settle),
    ("DELETE", PATH + r"/{id:\d+}", remove_subscriptions),
)
