"""Webhooks: what changes in the companies is told to every endpoint that asked."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from secrets import randbits

from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.moved_clock import SOON, MovedClock
from infra.sandbox.quickbooks.oauth.apps import Apps
from infra.sandbox.quickbooks.oauth.tokens import Tokens
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.webhooks_events import Event, told
from infra.sandbox.quickbooks.webhooks_lane import Lane
from infra.sandbox.quickbooks.webhooks_log import AttemptLog
from infra.sandbox.quickbooks.webhooks_subscription import read_subscription
from infra.sandbox.quickbooks.wire import Doc


class Webhooks:
    """The subscriptions of one sandbox. Without one it keeps nothing and runs nothing.

    An app is told of the companies that have consented to it, as long as the consent lasts.
    """

    def __init__(self, clock: MovedClock, *, apps: Apps, tokens: Tokens) -> None:
        self.log = AttemptLog()
        self._clock, self._apps, self._tokens = clock, apps, tokens
        self._lanes: dict[str, Lane] = {}
        self._made = 0
        self._burst: list[Event] = []
        self._realms: dict[str, Realm] = {}
        self._expected: dict[str, asyncio.Task[None]] = {}  # what companies will do by themselves, by company

    def watch(self, realm: Realm) -> None:
        """Tell of this company's changes from now on, and no longer of one that it replaces."""
        replaced = self._expected.pop(realm.realm, None)
        if replaced is not None:
            replaced.cancel()
        self._realms[realm.realm] = realm
        realm.listeners.append(partial(self._notice, realm.realm))

    async def subscribe(self, settings: Doc) -> Lane:
        """A new endpoint; an app has one, so its older one goes. Raises ValueError or KeyError for wrong settings."""
        wanted = read_subscription(settings, apps=self._apps, seed=randbits(32))
        for lane in [one for one in self._lanes.values() if one.subscription.app == wanted.app]:
            await self.remove(lane.name)
        self._made += 1
        made = Lane(name=str(self._made), subscription=wanted, clock=self._clock, log=self.log)
        self._lanes[made.name] = made
        return made

    async def remove(self, name: str | None = None) -> None:
        """Take one endpoint away, or all, with what still waits for it."""
        gone = list(self._lanes) if name is None else [name]
        for one in gone:
            lane = self._lanes.pop(one, None)
            if lane is not None:
                await lane.close()

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    async def settled(self) -> None:
        """Wait until nothing that is due by the sandbox's clock is still to be sent."""
        for realm in self._realms.values():
            operations.catch_up(realm)
        await asyncio.sleep(0)  # the changes of this moment become events first
        while busy := [lane for lane in self._lanes.values() if lane.busy]:
            await busy[0].idle()

    async def close(self) -> None:
        """Stop all; nothing that waits is sent."""
        await self.remove()
        for task in self._expected.values():
            task.cancel()

    def _notice(self, realm: str, entity: str, record_id: str, operation: str, at: datetime) -> None:
        """One change. What changes without a pause belongs together, and is told of together."""
        if not self._lanes:
            return
        if not self._burst:
            asyncio.get_running_loop().call_soon(self._tell)
        self._burst.append(Event(realm, entity, record_id, operation, at, self._clock.now()))

    def _tell(self) -> None:
        burst, self._burst = self._burst, []
        for lane in self._lanes.values():
            events = told(burst, touched_lists=lane.subscription.touched_lists)
            lane.take([one for one in events if self._tokens.connected(lane.subscription.app, one.realm)])
        for realm in {event.realm for event in burst}:
            self._expect(self._realms[realm])

    def _expect(self, realm: Realm) -> None:
        """What the company is about to do by itself is told when it does it, not at somebody's next call."""
        running = self._expected.get(realm.realm)
        if realm.credits_due and (running is None or running.done()):
            self._expected[realm.realm] = asyncio.create_task(self._catch_up(realm), name="webhooks expected")

    async def _catch_up(self, realm: Realm) -> None:
        while realm.credits_due:
            left = (realm.credits_due[0][0] - self._clock.now()).total_seconds()
            await self._clock.sleep(max(left, 2 * SOON))
            operations.catch_up(realm)
