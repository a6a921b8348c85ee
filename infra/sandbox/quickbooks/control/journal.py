"""The journal: read and clear."""

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import Route

MOST_JOURNAL_ENTRIES = 100_000  # in one answer


async def read_journal(request: web.Request) -> web.StreamResponse:
    """The requests after a number, oldest first."""
    after = int(request.query.get("after", "0"))
    most = int(request.query.get("limit", str(MOST_JOURNAL_ENTRIES)))
    found = ways.sandbox(request).journal.after(after, realm=request.query.get("realm"))
    return web.json_response({"entries": [entry.shown() for entry, _ in zip(found, range(most), strict=False)]})


async def clear_journal(request: web.Request) -> web.StreamResponse:
    """Forget all requests."""
    ways.sandbox(request).journal.clear()
    return ways.told({})


ROUTES: tuple[Route, ...] = (
    ("GET", "/_sandbox/journal", read_journal),
    ("DELETE", "/_sandbox/journal", clear_journal),
)
