"""Apps and their consents: register an app, connect it to a company, end a consent, take the user out of a company."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import COMPANY, Route
from infra.sandbox.quickbooks.oauth.apps import CLIENT_ID, App
from infra.sandbox.quickbooks.oauth.paths import with_parameters
from infra.sandbox.quickbooks.wire import Doc

TEXTS = ("client_id", "client_secret", "name", "verifier_token", "disconnect_url")


async def register_app(request: web.Request) -> web.StreamResponse:
    """A new app, or new settings of one that exists: what is left out is drawn, or stays as it is."""
    apps, wanted = ways.sandbox(request).apps, await ways.body(request)
    known = apps.find(str(wanted.get("client_id", "")))
    app = _changed(known or _drawn(), wanted)
    apps.register(app)
    return ways.told(asdict(app))


async def list_apps(request: web.Request) -> web.StreamResponse:
    """Every app, with its secrets: they are invented."""
    return ways.told({"apps": [asdict(app) for app in ways.sandbox(request).apps]})


async def connect(request: web.Request) -> web.StreamResponse:
    """A consent without the authorize page: the tokens of an app (the first one unless named) for the company."""
    sandbox, realm = ways.sandbox(request), ways.realm(request).realm
    app = _named(request, await ways.body(request))
    access, refresh = sandbox.tokens.grant(realm, sandbox.switches, app=app.client_id)
    return ways.told({"client_id": app.client_id, "realm": realm, "access_token": access, "refresh_token": refresh})


async def disconnect(request: web.Request) -> web.StreamResponse:
    """The user disconnects an app (the first one unless named) in QuickBooks; nobody tells its server.

    `browser_goes_to`: its disconnect URL with the company, which the sandbox does not call; null where it has none.
    """
    sandbox, realm = ways.sandbox(request), ways.realm(request).realm
    app = _named(request, await ways.body(request))
    sandbox.tokens.disconnect(realm, app=app.client_id)
    goes_to = with_parameters(app.disconnect_url, realmId=realm) if app.disconnect_url else None
    return ways.told({"browser_goes_to": goes_to})


async def set_user(request: web.Request) -> web.StreamResponse:
    """Whether the person who consented is a user of the company: {"member": false} takes them out."""
    body = await ways.body(request)
    if not isinstance(body["member"], bool):
        raise TypeError("member is true or false")
    ways.sandbox(request).tokens.set_user(ways.realm(request).realm, member=body["member"])
    return ways.told({})


def _drawn() -> App:
    return App(
        client_id=f"app-{secrets.token_hex(8)}",
        client_secret=secrets.token_urlsafe(24),
        verifier_token=secrets.token_urlsafe(24),
    )


def _changed(app: App, wanted: Mapping[str, Any]) -> App:
    unknown = wanted.keys() - {*TEXTS, "redirect_uris"}
    if unknown:
        raise ValueError(f"an app has no {', '.join(sorted(unknown))}")
    texts: Doc = {name: str(wanted[name]) for name in TEXTS if name in wanted}
    uris = wanted.get("redirect_uris", list(app.redirect_uris))
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise TypeError("redirect_uris is a list of addresses")
    return replace(app, **texts, redirect_uris=tuple(uris))


def _named(request: web.Request, body: Mapping[str, Any]) -> App:
    client_id = str(body.get("client_id", CLIENT_ID))
    app = ways.sandbox(request).apps.find(client_id)
    if app is None:
        raise KeyError(f"no app {client_id}")
    return app


ROUTES: tuple[Route, ...] = (
    ("POST", "/_sandbox/apps", register_app),
    ("GET", "/_sandbox/apps", list_apps),
    ("POST", f"{COMPANY}/connect", connect),
    ("POST", f"{COMPANY}/disconnect", disconnect),
    ("POST", f"{COMPANY}/user", set_user),
)
