"""What the control API's calls share: how one finds its sandbox and company, and how refusals are told."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfoNotFoundError

from aiohttp import web

from infra.sandbox.quickbooks.answers import fault
from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.keys import SANDBOX
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc, read_json, write_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]  # method, path, who answers

COMPANY = r"/_sandbox/{realm:\d+}"


def answering(handler: Handler) -> Handler:
    """Refusals and mistakes in the request are told as JSON."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refused:
            return web.Response(
                status=refused.status, text=fault(refused, time="").body, content_type="application/json"
            )
        except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError) as error:
            return told({"error": f"{type(error).__name__}: {error}"}, status=400)

    return answered


def told(value: object, *, status: int = 200) -> web.Response:
    """An answer in JSON."""
    return web.Response(status=status, text=write_json(value), content_type="application/json")


async def body(request: web.Request) -> Doc:
    """The request's JSON object; an empty body is an empty one."""
    found = read_json(await request.read() or b"{}")
    if not isinstance(found, dict):
        raise TypeError("the body is one JSON object")
    return found


def sandbox(request: web.Request) -> Sandbox:
    """The sandbox that is asked."""
    return request.app[SANDBOX]


def realm(request: web.Request) -> Realm:
    """The company in the path. Raises KeyError where there is none."""
    found = sandbox(request).realms.get(request.match_info["realm"])
    if found is None:
        raise KeyError(f"no company {request.match_info['realm']}")
    return found
