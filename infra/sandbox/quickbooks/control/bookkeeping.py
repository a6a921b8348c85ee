"""What a person does in QuickBooks: payments recorded and edited, records made, edited, voided, deleted."""

from aiohttp import web

from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import COMPANY, Route


async def record_payment(request: web.Request) -> web.StreamResponse:
    """Somebody records a payment in QuickBooks."""
    return ways.told(bookkeeper.record_payment(ways.realm(request), await ways.body(request)))


async def edit_payment(request: web.Request) -> web.StreamResponse:
    """Somebody edits it: the body is the whole payment again."""
    return ways.told(bookkeeper.edit_payment(ways.realm(request), request.match_info["id"], await ways.body(request)))


async def delete_payment(request: web.Request) -> web.StreamResponse:
    """Somebody deletes it."""
    return ways.told(bookkeeper.remove(ways.realm(request), "Payment", request.match_info["id"]))


async def void_payment(request: web.Request) -> web.StreamResponse:
    """Somebody voids it."""
    return ways.told(bookkeeper.void(ways.realm(request), "Payment", request.match_info["id"]))


async def change_record(request: web.Request) -> web.StreamResponse:
    """Somebody makes, edits, voids or deletes a record in QuickBooks."""
    realm, body, act = ways.realm(request), await ways.body(request), request.match_info["act"]
    entity = str(body["entity"])
    if act == "create":
        return ways.told(bookkeeper.create(realm, entity, body["fields"]))
    if act == "edit":
        return ways.told(bookkeeper.edit(realm, entity, str(body["id"]), body["fields"]))
    return ways.told((bookkeeper.void if act == "void" else bookkeeper.remove)(realm, entity, str(body["id"])))


ROUTES: tuple[Route, ...] = (
    ("POST", f"{COMPANY}/payments", record_payment),
    ("PUT", COMPANY + r"/payments/{id:\d+}", edit_payment),
    ("DELETE", COMPANY + r"/payments/{id:\d+}", delete_payment),
    ("POST", COMPANY + r"/payments/{id:\d+}/void", void_payment),
    ("POST", COMPANY + "/{act:edit|create|void|delete}", change_record),
)
