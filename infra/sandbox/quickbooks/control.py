"""The control API under `/_sandbox`: companies, faults on request, clock, switches, journal. No limits, no journal."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web

from infra.sandbox.quickbooks import bookkeeper, books
from infra.sandbox.quickbooks.answers import fault
from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.keys import SANDBOX
from infra.sandbox.quickbooks.sandbox import DEFAULT_ZONE, Sandbox
from infra.sandbox.quickbooks.seeds import INCOME
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc, read_json, write_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_JOURNAL_ENTRIES = 100_000  # in one answer


def add_routes(app: web.Application) -> None:
    """All of it."""
    company = r"/_sandbox/{realm:\d+}"
    routes: list[tuple[str, str, Handler]] = [
        ("POST", "/_sandbox/companies", open_company),
        ("GET", "/_sandbox/companies", list_companies),
        ("POST", "/_sandbox/faults", add_fault),
        ("GET", "/_sandbox/faults", list_faults),
        ("DELETE", "/_sandbox/faults", remove_faults),
        ("DELETE", "/_sandbox/faults/{id}", remove_faults),
        ("GET", "/_sandbox/journal", read_journal),
        ("DELETE", "/_sandbox/journal", clear_journal),
        ("POST", "/_sandbox/clock", move_clock),
        ("GET", "/_sandbox/clock", read_clock),
        ("GET", "/_sandbox/switches", read_switches),
        ("POST", "/_sandbox/switches", set_switches),
        ("POST", f"{company}/payments", record_payment),
        ("PUT", company + r"/payments/{id:\d+}", edit_payment),
        ("DELETE", company + r"/payments/{id:\d+}", delete_payment),
        ("POST", company + r"/payments/{id:\d+}/void", void_payment),
        ("POST", company + "/{act:edit|create|void|delete}", change_record),
        ("GET", f"{company}/books", read_books),
        ("POST", f"{company}/expire-tokens", expire_tokens),
    ]
    for method, path, handler in routes:
        app.router.add_route(method, path, _answering(handler))


def _answering(handler: Handler) -> Handler:
    """Refusals and mistakes in the request are told as JSON."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refused:
            return web.Response(
                status=refused.status, text=fault(refused, time="").body, content_type="application/json"
            )
        except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, status=400)

    return answered


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, text=write_json(value), content_type="application/json")


async def _body(request: web.Request) -> Doc:
    found = read_json(await request.read() or b"{}")
    if not isinstance(found, dict):
        raise TypeError("the body is one JSON object")
    return found


def _sandbox(request: web.Request) -> Sandbox:
    return request.app[SANDBOX]


def _realm(request: web.Request) -> Realm:
    realm = _sandbox(request).realms.get(request.match_info["realm"])
    if realm is None:
        raise KeyError(f"no company {request.match_info['realm']}")
    return realm


async def open_company(request: web.Request) -> web.StreamResponse:
    """A new company, connected: its realm, tokens and income account."""
    sandbox, body = _sandbox(request), await _body(request)
    zone = ZoneInfo(str(body.get("time_zone", DEFAULT_ZONE)))
    opened = sandbox.open_company(name=str(body["name"]), realm=body.get("realm"), zone=zone)
    opened.custom_fields = tuple(str(name) for name in body.get("custom_fields", ()))
    access, refresh = sandbox.tokens.grant(opened.realm, sandbox.switches)
    return _json({**_company(opened), "access_token": access, "refresh_token": refresh})


def _company(realm: Realm) -> Doc:
    return {"realm": realm.realm, "name": realm.name, "time_zone": realm.zone.key, "income_account": INCOME}


async def list_companies(request: web.Request) -> web.StreamResponse:
    """Every company, without its tokens."""
    return _json({"companies": [_company(realm) for realm in _sandbox(request).realms.values()]})


async def add_fault(request: web.Request) -> web.StreamResponse:
    """A new fault rule; its id."""
    wanted: dict[str, Any] = await _body(request)
    for name in ("rate", "seconds"):
        if name in wanted:
            wanted[name] = float(wanted[name])
    if isinstance(wanted.get("body"), dict):
        wanted["body"] = write_json(wanted["body"])
    return _json({"id": _sandbox(request).fault_rules.add(**wanted).id})


async def list_faults(request: web.Request) -> web.StreamResponse:
    """The rules and how many calls each has broken."""
    rules = [rule.shown() for rule in _sandbox(request).fault_rules]
    return web.json_response({"faults": rules})


async def remove_faults(request: web.Request) -> web.StreamResponse:
    """One rule or all."""
    _sandbox(request).fault_rules.remove(request.match_info.get("id"))
    return _json({})


async def read_journal(request: web.Request) -> web.StreamResponse:
    """The requests after a number, oldest first."""
    after = int(request.query.get("after", "0"))
    most = int(request.query.get("limit", str(MOST_JOURNAL_ENTRIES)))
    found = _sandbox(request).journal.after(after, realm=request.query.get("realm"))
    return web.json_response({"entries": [entry.shown() for entry, _ in zip(found, range(most), strict=False)]})


async def clear_journal(request: web.Request) -> web.StreamResponse:
    """Forget all requests."""
    _sandbox(request).journal.clear()
    return _json({})


async def move_clock(request: web.Request) -> web.StreamResponse:
    """Forward by so many seconds."""
    _sandbox(request).clock.advance(float((await _body(request))["advance_seconds"]))
    return await read_clock(request)


async def read_clock(request: web.Request) -> web.StreamResponse:
    """The sandbox's time."""
    return _json({"now": _sandbox(request).clock.now().isoformat()})


async def read_switches(request: web.Request) -> web.StreamResponse:
    """All switches."""
    return _json(asdict(_sandbox(request).switches))


async def set_switches(request: web.Request) -> web.StreamResponse:
    """Some switches; the answer has all."""
    sandbox = _sandbox(request)
    sandbox.switch(sandbox.switches.changed(await _body(request)))
    return _json(asdict(sandbox.switches))


async def record_payment(request: web.Request) -> web.StreamResponse:
    """Somebody records a payment in QuickBooks."""
    return _json(bookkeeper.record_payment(_realm(request), await _body(request)))


async def edit_payment(request: web.Request) -> web.StreamResponse:
    """Somebody edits it: the body is the whole payment again."""
    return _json(bookkeeper.edit_payment(_realm(request), request.match_info["id"], await _body(request)))


async def delete_payment(request: web.Request) -> web.StreamResponse:
    """Somebody deletes it."""
    return _json(bookkeeper.remove(_realm(request), "Payment", request.match_info["id"]))


async def void_payment(request: web.Request) -> web.StreamResponse:
    """Somebody voids it."""
    return _json(bookkeeper.void(_realm(request), "Payment", request.match_info["id"]))


async def change_record(request: web.Request) -> web.StreamResponse:
    """Somebody makes, edits, voids or deletes a record in QuickBooks."""
    realm, body, act = _realm(request), await _body(request), request.match_info["act"]
    entity = str(body["entity"])
    if act == "create":
        return _json(bookkeeper.create(realm, entity, body["fields"]))
    if act == "edit":
        return _json(bookkeeper.edit(realm, entity, str(body["id"]), body["fields"]))
    return _json((bookkeeper.void if act == "void" else bookkeeper.remove)(realm, entity, str(body["id"])))


async def read_books(request: web.Request) -> web.StreamResponse:
    """Every object of a company."""
    return _json(books.books(_realm(request)))


async def expire_tokens(request: web.Request) -> web.StreamResponse:
    """Make tokens stop working: access ones (default) and, if asked, the refresh token."""
    body, realm = await _body(request), _realm(request)
    access, refresh = bool(body.get("access", True)), bool(body.get("refresh", False))
    _sandbox(request).tokens.expire(realm.realm, access=access, refresh=refresh)
    return _json({})
