"""The sandbox over HTTP: the API, the token endpoint and the control API on one port."""

import secrets
from dataclasses import dataclass

from aiohttp import web

from infra.clock import Clock
from infra.sandbox.quickbooks import control, gateway
from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.api import Request
from infra.sandbox.quickbooks.fault_rules import TOKEN_ENTITY, Call, FaultRule
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.keys import SANDBOX
from infra.sandbox.quickbooks.oauth import CLIENT_ID, CLIENT_SECRET, NotGranted, is_client
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.wire import write_json

LARGEST_BODY = 16 * 1024 * 1024  # bytes
TOKEN_PATH = "/oauth2/v1/tokens/bearer"
UNAUTHORIZED = 401


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
    return RunningSandbox(base, base + TOKEN_PATH, f"{base}/_sandbox", CLIENT_ID, CLIENT_SECRET, sandbox, runner)


def application(sandbox: Sandbox) -> web.Application:
    """The routes."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app[SANDBOX] = sandbox
    app.router.add_post(TOKEN_PATH, _answer_token_call)
    app.router.add_route("*", "/v3/company/{realm}/{tail:.*}", _answer_api_call)
    control.add_routes(app)
    return app


async def _answer_api_call(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    entry, body = _opened(sandbox, request), await request.read()
    asked = Request(
        method=request.method,
        path=request.path,
        url=str(request.url),
        tail=request.match_info["tail"].strip("/"),
        query=request.query,
        body=body,
    )
    entry.body, entry.realm, entry.request_id = body, request.match_info["realm"], request.query.get("requestid")
    entry.entity = asked.first
    rule = sandbox.fault_rules.striking(Call(entry.realm, request.method, request.path, asked.first))
    broken = await _broken_before(sandbox, rule, request, entry)
    if broken is not None:
        return broken
    headers = request.headers
    door = gateway.Door(entry.realm, headers.get("Authorization", ""), headers.get("Accept", ""), asked)
    return _sent(request, entry, gateway.answer(sandbox, door, entry), rule)


async def _answer_token_call(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    entry = _opened(sandbox, request)
    entry.operation = TOKEN_ENTITY
    form = await request.post()
    rule = sandbox.fault_rules.striking(Call(None, "POST", request.path, TOKEN_ENTITY))
    broken = await _broken_before(sandbox, rule, request, entry)
    if broken is not None:
        return broken
    fields = {name: str(value) for name, value in form.items()}
    return _sent(request, entry, _token_answer(sandbox, request.headers.get("Authorization", ""), fields), rule)


def _token_answer(sandbox: Sandbox, authorization: str, form: dict[str, str]) -> Answer:
    if not is_client(authorization):
        return Answer(UNAUTHORIZED, write_json({"error": "invalid_client"}), fault_code="invalid_client")
    if form.get("grant_type") != "refresh_token":
        return Answer(400, write_json({"error": "unsupported_grant_type"}), fault_code="unsupported_grant_type")
    try:
        granted = sandbox.tokens.refresh(form.get("refresh_token", ""), sandbox.switches)
    except NotGranted as refused:
        name, description = refused.args
        return Answer(400, write_json({"error": name, "error_description": description}), fault_code=name)
    return Answer(200, write_json(granted))


def _opened(sandbox: Sandbox, request: web.Request) -> Entry:
    return sandbox.journal.open(
        at=sandbox.clock.now(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        user_agent=request.headers.get("User-Agent", ""),
        intuit_tid=f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
    )


async def _broken_before(
    sandbox: Sandbox, rule: FaultRule | None, request: web.Request, entry: Entry
) -> web.StreamResponse | None:
    """What a fault rule does before anything is executed; None when the call goes on."""
    if rule is None or rule.kind == "lose_answer":
        return None
    if rule.kind == "delay":
        await sandbox.clock.sleep(rule.seconds)
        return None
    if rule.kind == "cut_before":
        return _cut(request, entry)
    entry.status = rule.status
    return web.Response(status=rule.status, text=rule.body, headers={"intuit_tid": entry.intuit_tid})


def _sent(request: web.Request, entry: Entry, answer: Answer, rule: FaultRule | None) -> web.StreamResponse:
    """Note the answer and send it, or lose it: what it tells of has happened either way."""
    entry.status, entry.fault_code = answer.status, answer.fault_code
    entry.entity = answer.entity or entry.entity
    entry.object_id = answer.object_id or entry.object_id
    entry.sync_token = answer.sync_token
    if rule is not None and rule.kind == "lose_answer":
        return _cut(request, entry)
    return web.Response(
        status=answer.status,
        body=answer.body.encode(),
        headers={
            "Content-Type": answer.content_type,
            "intuit_tid": entry.intuit_tid,
            "Cache-Control": "no-cache, no-store",
            **({"QBO-Version": "1995.162"} if answer.status < 400 else {}),  # noqa: PLR2004 - absent on faults
            **answer.headers,
        },
    )


def _cut(request: web.Request, entry: Entry) -> web.StreamResponse:
    """Close the connection; the response that aiohttp wants goes nowhere."""
    entry.answer_lost = True
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
