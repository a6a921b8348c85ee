"""Companies: open, list, read their books, expire their tokens."""

from zoneinfo import ZoneInfo

from aiohttp import web

from infra.sandbox.quickbooks import books
from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import COMPANY, Route
from infra.sandbox.quickbooks.sandbox import DEFAULT_ZONE
from infra.sandbox.quickbooks.seeds import INCOME
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc


async def open_company(request: web.Request) -> web.StreamResponse:
    """A new company, connected: its realm, tokens and income account."""
    sandbox, body = ways.sandbox(request), await ways.body(request)
    zone = ZoneInfo(str(body.get("time_zone", DEFAULT_ZONE)))
    opened = sandbox.open_company(name=str(body["name"]), realm=body.get("realm"), zone=zone)
    opened.custom_fields = tuple(str(name) for name in body.get("custom_fields", ()))
    access, refresh = sandbox.tokens.grant(opened.realm, sandbox.switches)
    return ways.told({**_company(opened), "access_token": access, "refresh_token": refresh})


def _company(realm: Realm) -> Doc:
    return {"realm": realm.realm, "name": realm.name, "time_zone": realm.zone.key, "income_account": INCOME}


async def list_companies(request: web.Request) -> web.StreamResponse:
    """Every company, without its tokens."""
    return ways.told({"companies": [_company(realm) for realm in ways.sandbox(request).realms.values()]})


async def read_books(request: web.Request) -> web.StreamResponse:
    """Every object of a company."""
    return ways.told(books.books(ways.realm(request)))


async def expire_tokens(request: web.Request) -> web.StreamResponse:
    """Make tokens stop working: access ones (default) and, if asked, the refresh token."""
    body, realm = await ways.body(request), ways.realm(request)
    access, refresh = bool(body.get("access", True)), bool(body.get("refresh", False))
    ways.sandbox(request).tokens.expire(realm.realm, access=access, refresh=refresh)
    return ways.told({})


ROUTES: tuple[Route, ...] = (
    ("POST", "/_sandbox/companies", open_company),
    ("GET", "/_sandbox/companies", list_companies),
    ("GET", f"{COMPANY}/books", read_books),
    ("POST", f"{COMPANY}/expire-tokens", expire_tokens),
)
