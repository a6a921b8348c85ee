"""The poller: what happened in QuickBooks comes back, from the cursor on, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from producers.changes import Changes, UnreadableFeed
from producers.feed import REACH, Feed, FeedFailed
from producers.ports import ChangeFeed, Clock, Lacking, ReturnStore, Stored
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Faulted, NeverLeft, Unanswered

ROUNDS: Final = 4
"""Tries to store one answer: each but the last may find that an invoice or the payment methods must be read first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll came to. With a `failure` nothing was stored, and the cursor stayed."""

    rows: int = 0
    published: int = 0
    moved_to: datetime | None = None
    unreadable: tuple[str, ...] = ()
    """Objects that could not be read, one sentence each: bugs, to be told loudly. The others were stored."""
    failure: Faulted | NeverLeft | Unanswered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """Reads the change feed of the tenants that this worker owns."""

    quickbooks: ChangeFeed
    store: ReturnStore
    clock: Clock
    overlap: timedelta = timedelta(minutes=5)  # the feed may show a change a little after it was made

    async def poll(self, *, tenant: TenantId, realm: str, fence: int) -> Polled:
        """Read what changed since the cursor, and store it with everything that follows from it, in one transaction.

        Raises what the store raises where another worker owns the tenant by now; nothing is stored then.
        """
        feed = Feed(
            quickbooks=self.quickbooks, store=self.store, clock=self.clock, tenant=tenant, realm=realm, fence=fence
        )
        try:
            changes = await feed.read(since=await self._since(tenant=tenant, realm=realm))
            # A crash here, or anywhere before the commit, reads the same again: the cursor has not moved.
            stored = await self._stored(changes, feed=feed)
        except FeedFailed as failed:
            return Polled(failure=failed.answer)
        except UnreadableFeed as error:
            return Polled(failure=Unanswered(reason=str(error)))
        return Polled(
            rows=stored.rows,
            published=stored.published,
            moved_to=changes.server_time,
            unreadable=stored.unreadable,
        )

    async def _since(self, *, tenant: TenantId, realm: str) -> datetime:
        start = await self.store.start(tenant=tenant, realm=realm)
        since = start.at - self.overlap
        # What is older than the connection is nobody's change: a first poll is content with what the feed can reach.
        return since if start.is_cursor else max(since, self.clock.now() - REACH + timedelta(minutes=1))

    async def _stored(self, changes: Changes, *, feed: Feed) -> Stored:
        for _ in range(ROUNDS - 1):
            try:
                return await self._store(changes, feed=feed)
            except Lacking as lacking:
                changes = await self._completed(changes, lacking=lacking, feed=feed)
        return await self._store(changes, feed=feed)

    async def _store(self, changes: Changes, *, feed: Feed) -> Stored:
        return await self.store.store(tenant=feed.tenant, realm=feed.realm, fence=feed.fence, changes=changes)

    async def _completed(self, changes: Changes, *, lacking: Lacking, feed: Feed) -> Changes:
        if lacking.methods:
            changes = changes.with_methods(await feed.methods())
        if lacking.invoices:
            changes = changes.with_invoices(await feed.invoices(sorted(lacking.invoices)))
        return changes
