"""The sandbox over HTTP: the API, the token endpoint and the control API on one port."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from infra.clock import Clock
from infra.sandbox.quickbooks import control, gateway, routes
from infra.sandbox.quickbooks.calls import Action, Request
from infra.sandbox.quickbooks.exchange import Exchange, fresh_tid
from infra.sandbox.quickbooks.fault_rules import Call
from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.keys import SANDBOX
from infra.sandbox.quickbooks.oauth import asked as oauth_requests
from infra.sandbox.quickbooks.oauth import paths
from infra.sandbox.quickbooks.oauth import routes as oauth
from infra.sandbox.quickbooks.oauth.apps import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from infra.sandbox.quickbooks.pace import CutOff, Pace
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.switches import Switches

LARGEST_BODY = 16 * 1024 * 1024  # bytes
POD = "qbo1"  # stands in the address that QuickBooks says it did not find


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that answers. `sandbox` is its inside, for tests in the same process."""

    base_url: str
    token_url: str
    control_url: str
    client_id: str
    client_secret: str
    sandbox: Sandbox
    _runner: web.AppRunner

    @property
    def redirect_uri(self) -> str:
        """Where the first app is sent after the authorize page; more can be registered."""
        return REDIRECT_URI

    @property
    def discovery_url(self) -> str:
        """Where OAuth clients learn the other addresses."""
        return self.base_url + paths.SANDBOX_DISCOVERY

    async def close(self) -> None:
        """Stop answering; everything is gone."""
        await self._runner.cleanup()


async def serve(*, clock: Clock, switches: Switches, host: str = "127.0.0.1", port: int = 0) -> RunningSandbox:
    """Start on a port (0: any free one). It answers when this returns."""
    sandbox = Sandbox(clock=clock, switches=switches)
    runner = web.AppRunner(application(sandbox), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    base = f"http://{host}:{runner.addresses[0][1]}"
    return RunningSandbox(base, base + paths.TOKEN, f"{base}/_sandbox", CLIENT_ID, CLIENT_SECRET, sandbox, runner)


def application(sandbox: Sandbox) -> web.Application:
    """The routes."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app[SANDBOX] = sandbox
    for route in oauth.ROUTES:
        app.router.add_route(route.method, route.path, _oauth_call(route))
    app.router.add_route("*", "/v3/company/{realm}/{tail:.*}", _answer_api_call)
    control.add_routes(app)
    return app


async def _answer_api_call(request: web.Request) -> web.StreamResponse:
    sandbox, realm = request.app[SANDBOX], request.match_info["realm"]
    asked = await _asked(request)
    action, token = _action(asked), request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    entry, holder = _opened(sandbox, request), sandbox.tokens.holder_of(token)
    entry.body, entry.realm, entry.request_id = asked.body, realm, request.query.get("requestid")
    entry.entity, entry.app = asked.first, holder[0] if holder else None
    operation = action.operation if isinstance(action, Action) else None
    call = Call(realm, request.method, request.path, asked.first, operation=operation, app=entry.app)
    exchange = _exchange(sandbox, request, entry, call)
    door = gateway.Door(realm, token, request.headers.get("Accept", ""), asked, action)
    broken = exchange.broken_before()
    if broken is not None:
        return broken
    try:
        answered = await gateway.answer(sandbox, door, entry, exchange.pace)
    except CutOff:
        return exchange.cut()
    return await exchange.sent(answered)


async def _asked(request: web.Request) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        url=f"https://{request.host}/{POD}{request.path}",
        tail=request.match_info["tail"].strip("/"),
        query=request.query,
        body=await request.read(),
        content_type=request.content_type if "Content-Type" in request.headers else "",
    )


def _action(asked: Request) -> Action | Refusal:
    try:
        return routes.read_action(asked)
    except Refusal as refused:
        return refused


def _oauth_call(route: oauth.Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answered(request: web.Request) -> web.StreamResponse:
        sandbox = request.app[SANDBOX]
        entry = _opened(sandbox, request)
        entry.operation = route.operation
        asked = await oauth_requests.read(request)
        exchange = _exchange(sandbox, request, entry, Call(None, request.method, request.path, route.operation))
        broken = exchange.broken_before()
        if broken is not None:
            return broken
        try:
            await exchange.pace.before()
            made = route.answer(sandbox, asked)
            entry.note(made)
            await exchange.pace.after()
        except CutOff:
            return exchange.cut()
        return await exchange.sent(made)

    return answered


def _opened(sandbox: Sandbox, request: web.Request) -> Entry:
    return sandbox.journal.open(
        at=sandbox.clock.now(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        user_agent=request.headers.get("User-Agent", ""),
        intuit_tid=fresh_tid(),
    )


def _exchange(sandbox: Sandbox, request: web.Request, entry: Entry, call: Call) -> Exchange:
    rule = sandbox.fault_rules.striking(call)
    pace = Pace(sandbox.clock, rule, longest=sandbox.switches.longest_call_seconds)
    books = sandbox.realms.get(call.realm or "")
    return Exchange(request, entry, rule, pace, books.now if books is not None else sandbox.clock.now)
