"""Snapshots: of the whole sandbox or one company, as an answer or kept under a name, and put back."""

from aiohttp import web

from infra.sandbox.quickbooks import snapshots
from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import COMPANY, Route


async def write_snapshot(request: web.Request) -> web.StreamResponse:
    """The snapshot itself, for a file: of one company where the path names it."""
    text = snapshots.snapshot(ways.sandbox(request), _realm(request))
    return web.Response(text=text, content_type="application/json")


async def restore_snapshot(request: web.Request) -> web.StreamResponse:
    """The body is a snapshot, however long; the answer names the companies that are back."""
    text = b"".join([piece async for piece in request.content.iter_any()])
    return ways.told({"companies": snapshots.restore(ways.sandbox(request), text)})


async def keep(request: web.Request) -> web.StreamResponse:
    """Keep one in memory under a name."""
    sandbox, name = ways.sandbox(request), request.match_info["name"]
    sandbox.snapshots[name] = snapshots.snapshot(sandbox, _realm(request))
    return ways.told({"name": name, "characters": len(sandbox.snapshots[name])})


async def restore_kept(request: web.Request) -> web.StreamResponse:
    """Put back what is kept under a name."""
    sandbox, name = ways.sandbox(request), request.match_info["name"]
    if name not in sandbox.snapshots:
        raise KeyError(f"no snapshot is called {name}")
    return ways.told({"companies": snapshots.restore(sandbox, sandbox.snapshots[name])})


async def list_kept(request: web.Request) -> web.StreamResponse:
    """The names."""
    return ways.told({"snapshots": list(ways.sandbox(request).snapshots)})


async def forget_kept(request: web.Request) -> web.StreamResponse:
    """Drop one."""
    ways.sandbox(request).snapshots.pop(request.match_info["name"], None)
    return ways.told({})


def _realm(request: web.Request) -> str | None:
    return ways.realm(request).realm if "realm" in request.match_info else None


ROUTES: tuple[Route, ...] = (
    ("GET", "/_sandbox/snapshot", write_snapshot),
    ("GET", f"{COMPANY}/snapshot", write_snapshot),
    ("POST", "/_sandbox/restore", restore_snapshot),
    ("GET", "/_sandbox/snapshots", list_kept),
    ("POST", "/_sandbox/snapshots/{name}", keep),
    ("POST", COMPANY + "/snapshots/{name}", keep),
    ("POST", "/_sandbox/snapshots/{name}/restore", restore_kept),
    ("DELETE", "/_sandbox/snapshots/{name}", forget_kept),
)
