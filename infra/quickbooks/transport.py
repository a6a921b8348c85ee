"""The innermost ring: one HTTP request out, one reply back, and an honest word on what is known when none comes.

`Transport` is the one seam for fakes: everything that talks to QuickBooks or to its token endpoint goes through it.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, Self

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

CONNECT_SECONDS = 5.0  # what is not connected by then never left, and may be repeated at once
KEEP_ALIVE_SECONDS = 15.0  # far below what gateways keep: a reused connection that just closed leaves a call unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; `url` is encoded and carries its query.

    `may_leave`: asked with the connection in hand, right before the first byte; when it says no nothing is sent.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    may_leave: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, whole. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):  # noqa: N818 - the name says what happened
    """No byte of the request left: there was no connection."""


class NoReply(Exception):  # noqa: N818
    """The request may have arrived, and nobody knows what became of it."""

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class Transport(Protocol):
    """Sends a request once, never twice."""

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - told to the socket
        """The whole reply within `timeout` seconds. Raises `NotSent` or `NoReply`."""


class _Cut(Exception):  # noqa: N818
    """Stands for aiohttp's own errors, see `_once`."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating: it sends a GET again by itself when a connection breaks, unseen by our pacing.

    It does so on `ClientOSError` and `ServerDisconnectedError`; under another name they reach us at once.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Cut(type(error).__name__) from error


class _TooLate(Exception):  # noqa: N818
    """The connection stands, and the time to use it is over."""


_MAY_LEAVE: ContextVar[Callable[[], bool]] = ContextVar("may_leave")
"""Of the request that this task is sending."""


class _TimelyRequest(aiohttp.ClientRequest):
    """Asks at the last moment: a process that slept while it connected must not send what it was allowed to before."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if not _MAY_LEAVE.get()():
            raise _TooLate
        return await super().send(conn)


class HttpTransport:
    """aiohttp's one session: `async with HttpTransport() as transport`."""

    def __init__(self, *, connect_timeout: float = CONNECT_SECONDS) -> None:
        self._connect_timeout = connect_timeout
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # No limit of its own: a call that waits for a connection has been counted as left already.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector,
            middlewares=(_once,),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_TimelyRequest,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109
        """The whole reply. Raises `NotSent` or `NoReply`."""
        try:
            return await self._exchange(request, timeout)
        # All are raised before the first byte is written: no address, no connection, no TLS, or too late.
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, _TooLate) as error:
            raise NotSent(f"no connection to {URL(request.url).host} ({type(error).__name__})") from error
        except TimeoutError as error:
            raise NoReply(f"no answer within {timeout:g} s") from error
        # A kept-alive connection that the other side had closed looks the same as one cut while at work: unknown.
        except (aiohttp.ClientError, OSError, _Cut) as error:
            raise NoReply(f"the connection was cut ({error.__cause__ or type(error).__name__})") from error

    async def _exchange(self, request: Request, timeout: float) -> Reply:  # noqa: ASYNC109
        if self._session is None:
            raise RuntimeError("HttpTransport is used outside of its `async with`")
        # Connecting gets its own, shorter time: what ends in it is known never to have left.
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(self._connect_timeout, timeout / 2))
        _MAY_LEAVE.set(request.may_leave)
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=request.body,
            timeout=limits,
            allow_redirects=False,  # a redirected write would be two requests
        ) as response:
            return Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=await _read(response),
            )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.read()
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise NoReply(f"the answer broke off ({type(error).__name__})", status=response.status) from error
