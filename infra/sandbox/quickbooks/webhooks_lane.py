"""The way to one endpoint: a task that waits for the next body, sends it, and waits again. One body at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import aiohttp

from infra.sandbox.quickbooks.moved_clock import MovedClock
from infra.sandbox.quickbooks.webhooks_events import Event
from infra.sandbox.quickbooks.webhooks_letters import Letter
from infra.sandbox.quickbooks.webhooks_log import Attempt, AttemptLog
from infra.sandbox.quickbooks.webhooks_queue import Delivery, Queue, next_try
from infra.sandbox.quickbooks.webhooks_subscription import Subscription
from infra.sandbox.quickbooks.wire import Doc


class Lane:
    """Starts with its subscription, in a running event loop, and ends when it is closed."""

    def __init__(self, *, name: str, subscription: Subscription, clock: MovedClock, log: AttemptLog) -> None:
        self.name = name
        self.subscription = subscription
        self._queue = Queue(subscription)
        self._clock = clock
        self._log = log
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"webhooks {name}")

    def take(self, events: Sequence[Event]) -> None:
        """Events that this subscription may want."""
        before = self._queue.waiting
        self._queue.take(events, now=self._clock.boottime())
        if self._queue.waiting > before:
            self._woken.set()

    @property
    def busy(self) -> bool:
        """Whether something is due or on its way."""
        return not self._task.done() and self._queue.due(now=self._clock.boottime()) is not None

    async def idle(self) -> None:
        """Wait until nothing is due."""
        self._idle.clear()
        self._woken.set()
        await self._idle.wait()

    async def close(self) -> None:
        """Stop; what was not taken is lost."""
        self._task.cancel()
        self._idle.set()
        with suppress(asyncio.CancelledError):
            await self._task

    def shown(self) -> Doc:
        """As the control API tells it: the settings, whether the endpoint is given up, how many bodies wait."""
        return {"id": self.name, **self.subscription.shown(), "off": self._queue.off, "waiting": self._queue.waiting}

    async def _run(self) -> None:
        limit = aiohttp.ClientTimeout(total=self.subscription.answer_seconds)
        async with aiohttp.ClientSession(timeout=limit) as session:
            while True:
                now = self._clock.boottime()
                delivery = self._queue.due(now=now)
                if delivery is not None:
                    await self._attempt(session, delivery)
                    continue
                self._idle.set()
                await self._clock.pause(self._woken, self._queue.seconds_left(now=now))

    async def _attempt(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        at, number = self._clock.now(), delivery.failures + 1
        letter = self._queue.letter_of(delivery, at=at)
        status, error = await self._posted(session, letter)
        answered = self._clock.now()
        outcome = self._queue.settle(delivery, status=status, now=self._clock.boottime(), at=answered)
        self._log.note(
            Attempt(
                subscription=self.name,
                delivery=delivery.number,
                attempt=number,
                duplicate=delivery.duplicate,
                at=at,
                url=self.subscription.url,
                headers=letter.headers,
                body=letter.body,
                status=status,
                error=error,
                outcome=outcome.name,
                next_try=next_try(outcome, at=answered),
            )
        )

    async def _posted(self, session: aiohttp.ClientSession, letter: Letter) -> tuple[int | None, str | None]:
        """The answer's status, or what came instead of one."""
        url = self.subscription.url
        try:
            async with session.post(url, data=letter.body, headers=letter.headers, allow_redirects=False) as answer:
                return answer.status, None
        except TimeoutError:
            return None, f"no answer within {self.subscription.answer_seconds} s"
        except aiohttp.ClientError as error:
            return None, f"{type(error).__name__}: {error}"
