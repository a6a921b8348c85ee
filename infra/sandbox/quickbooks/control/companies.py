"""Companies: open, list, read their books, expire their tokens."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from aiohttp import web

from infra.sandbox.quickbooks import books, connecting, seed_files
from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import COMPANY, Route
from infra.sandbox.quickbooks.seed_files import Seed
from infra.sandbox.quickbooks.wire import Doc


async def open_company(request: web.Request) -> web.StreamResponse:
    """A new company, connected: its realm, tokens and income account.

    `{"company": name, or a seed as YAML text or as JSON}`; `name`, `realm`, `time_zone` and `custom_fields` go before
    what the seed says. Without `company` it is one that has nothing but what every company has.
    """
    body = await ways.body(request)
    seed = _seed(body)
    realm = body.get("realm")
    return ways.told(connecting.connected(ways.sandbox(request), seed, None if realm is None else str(realm)))


def _seed(body: Doc) -> Seed:
    seed = seed_files.seed_of(_source(body.get("company", seed_files.BARE)))
    wanted: Doc = {}
    if "name" in body:
        wanted |= {"name": str(body["name"]), "legal_name": str(body["name"])}
    if "time_zone" in body:
        wanted["zone"] = ZoneInfo(str(body["time_zone"]))
    if "custom_fields" in body:
        wanted["custom_fields"] = tuple(map(str, body["custom_fields"]))
    return replace(seed, **wanted)


def _source(company: object) -> str | Doc:
    """A built-in name or a seed; never a file, which somebody else's machine would have to read."""
    if isinstance(company, dict):
        return company
    text = str(company)
    return text if text in seed_files.NAMES else seed_files.parsed(text, "the company")


async def list_companies(request: web.Request) -> web.StreamResponse:
    """Every company, without its tokens."""
    return ways.told({"companies": [connecting.described(realm) for realm in ways.sandbox(request).realms.values()]})


async def read_books(request: web.Request) -> web.StreamResponse:
    """Every object of a company."""
    return ways.told(books.books(ways.realm(request)))


async def read_summary(request: web.Request) -> web.StreamResponse:
    """Trial balance, receivables by age, payables."""
    return ways.told(books.summary(ways.realm(request)))


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
    ("GET", f"{COMPANY}/books/summary", read_summary),
    ("POST", f"{COMPANY}/expire-tokens", expire_tokens),
)
