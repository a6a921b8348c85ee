"""Intuit's token endpoint: a refresh token in, new tokens out (Intuit: develop/authentication-and-authorization)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from infra.quickbooks.addresses import App
from infra.quickbooks.transport import NoReply, NotSent, Reply, Request, Transport
from schemas import exact

TIMEOUT_SECONDS = 30.0  # nobody can be called meanwhile, and nothing is lost by asking again later
HTTP_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """New tokens. The refresh token may be the old one or a new one: this is the one to keep. Lives in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_seconds: int
    refresh_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEnded:
    """invalid_grant: this refresh token is good for nothing any more."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppUnknown:
    """invalid_client: our settings are wrong; the consent is as good as before."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoGrant:
    """No answer, or none that can be read."""

    cause: str


Exchange = Granted | ConsentEnded | AppUnknown | NoGrant


class TokenEndpoint:
    """Asks once; whoever calls decides about asking again."""

    def __init__(self, *, address: str, app: App, transport: Transport, timeout: float = TIMEOUT_SECONDS) -> None:
        self._address = address
        self._app = app
        self._transport = transport
        self._timeout = timeout

    async def refresh(self, refresh_token: str) -> Exchange:
        """Exchange a refresh token."""
        request = self._request({"grant_type": "refresh_token", "refresh_token": refresh_token})
        try:
            reply = await self._transport.send(request, timeout=self._timeout)
        except (NotSent, NoReply) as error:
            return NoGrant(cause=str(error))
        return read_exchange(reply, before=refresh_token)

    def _request(self, form: Mapping[str, str]) -> Request:
        name = base64.b64encode(f"{self._app.client_id}:{self._app.client_secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {name}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Request(method="POST", url=self._address, headers=headers, body=urlencode(form).encode())


def read_exchange(reply: Reply, *, before: str) -> Exchange:
    """Pure. Only the error's name is kept: descriptions may quote tokens."""
    body = _object(reply.body)
    error = body.get("error")
    if reply.status == HTTP_OK and isinstance(body.get("access_token"), str):
        return _granted(body, before)
    if error == "invalid_grant":
        return ConsentEnded(cause="Intuit no longer accepts its refresh token (invalid_grant).")
    if error == "invalid_client":
        return AppUnknown(cause="invalid_client")
    return NoGrant(cause=f"the token endpoint answered {reply.status}")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = exact.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _granted(body: Mapping[str, Any], before: str) -> Granted:
    return Granted(
        access_token=body["access_token"],
        refresh_token=str(body.get("refresh_token") or before),
        access_seconds=int(body.get("expires_in") or 0),
        refresh_seconds=int(body["x_refresh_token_expires_in"]) if body.get("x_refresh_token_expires_in") else None,
    )
