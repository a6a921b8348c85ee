"""Starting a sandbox with its companies in it, and what a program must know to use it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.clock import Clock
from infra.sandbox.quickbooks.connecting import connected
from infra.sandbox.quickbooks.oauth.paths import AUTHORIZE
from infra.sandbox.quickbooks.plan import Plan
from infra.sandbox.quickbooks.seed_files import seed_of
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.wire import Doc


class SetClock:
    """A clock that starts at a moment of our choice, past or future, and goes on as `base` does."""

    def __init__(self, base: Clock, moment: datetime) -> None:
        self._base = base
        self._origin = moment - timedelta(seconds=base.boottime())

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self._base.boottime())

    def boottime(self) -> float:
        return self._base.boottime()

    async def sleep(self, seconds: float) -> None:
        await self._base.sleep(seconds)


async def start(plan: Plan, *, clock: Clock) -> tuple[RunningSandbox, Doc]:
    """A sandbox that answers, and its ready line. Raises SeedWrong before a port is opened, OSError for the port."""
    seeds = [seed_of(name) for name in plan.companies]
    base = clock if plan.at is None else SetClock(clock, plan.at)
    running = await serve(clock=base, switches=plan.switches, host=plan.host, port=plan.port)
    running.sandbox.clock.run_at(plan.speed)
    try:
        realms = (*plan.realms, *(None for _ in seeds))
        opened = [connected(running.sandbox, seed, realm) for seed, realm in zip(seeds, realms, strict=False)]
    except BaseException:
        await running.close()
        raise
    return running, ready_line(running, opened)


def ready_line(running: RunningSandbox, companies: list[Doc]) -> Doc:
    """Addresses, the app's credentials, and the first company's realm and tokens; all of them under `companies`."""
    first: Mapping[str, Any] = companies[0] if companies else {}
    base = running.base_url
    return {
        "base_url": base,
        "realm": first.get("realm"),
        "client_id": running.client_id,
        "client_secret": running.client_secret,
        "redirect_uri": running.redirect_uri,
        "access_token": first.get("access_token"),
        "refresh_token": first.get("refresh_token"),
        "discovery_url": running.discovery_url,
        "authorize_url": base + AUTHORIZE,
        "token_url": running.token_url,
        "control_url": running.control_url,
        "journal_url": f"{running.control_url}/journal",
        "companies": companies,
    }
