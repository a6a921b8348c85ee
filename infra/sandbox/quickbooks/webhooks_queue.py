"""The bodies of one subscription on their way: gathered, written, sent again, held, repeated. Pure of waiting and HTTP.

gathering --closed and due--> attempted --200--> taken (--duplicate--> attempted once more)
                                  |  ^
                              else|  |after its wait
                                  v  |
                                waiting --policy gives up--> dropped; or the endpoint is off and everything is
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from uuid import UUID

from infra.sandbox.quickbooks import webhooks_letters, webhooks_retries
from infra.sandbox.quickbooks.moved_clock import SOON
from infra.sandbox.quickbooks.webhooks_events import Event
from infra.sandbox.quickbooks.webhooks_letters import Letter
from infra.sandbox.quickbooks.webhooks_subscription import Subscription

STRETCHED = (1.0, 4.0)  # a shuffled body's delay grows by a factor between these, so that later ones overtake it
OFF, TAKEN, AGAIN, DROPPED = "off", "taken", "again", "dropped"


@dataclass(slots=True)
class Delivery:
    """One body, gathered or written. Times are the sandbox clock's seconds."""

    number: int
    due: float
    closes: float  # until then it takes in more events
    events: list[Event] = field(default_factory=list)
    letter: Letter | None = None
    failures: int = 0
    duplicate: bool = False
    over: bool = False  # taken, or given up


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt, and the seconds until the next one."""

    name: str
    wait: float | None = None


class Queue:
    """In the order in which bodies are due, and begun."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.off = False
        self.waiting = 0  # bodies that are not over
        self._by_due: list[tuple[float, int, Delivery]] = []  # a heap; an entry whose delivery has moved on is skipped
        self._gathered: dict[str, Delivery] = {}  # the latest body of all companies, or of each
        self._holding: Delivery | None = None  # a body that failed, and all others wait for
        self._begun = self._pushed = 0
        self._failing_since: datetime | None = None
        self._luck = Random(subscription.seed)
        self._ids = Random(f"ids {subscription.seed}")

    def take(self, events: Iterable[Event], *, now: float) -> None:
        """Events that this subscription may want. One that is off takes none: they are lost."""
        for event in events:
            if not self.off and self.subscription.wants(event):
                self._gathering(event, now).events.append(event)

    def due(self, *, now: float) -> Delivery | None:
        """The body that is to be sent now, if there is one."""
        first = self._next()
        return first if first is not None and first.due <= now + SOON else None

    def seconds_left(self, *, now: float) -> float | None:
        """Until the next body is due; None when there is none."""
        first = self._next()
        return None if first is None else max(0.0, first.due - now)

    def letter_of(self, delivery: Delivery, *, at: datetime) -> Letter:
        """The body as it goes out, written at the first attempt and the same ever after."""
        if delivery.letter is None:
            wanted = self.subscription
            if wanted.shuffle:
                self._luck.shuffle(delivery.events)
            delivery.letter = webhooks_letters.letter(
                self._body(delivery.events), verifier_token=wanted.verifier_token, at=at, tid=self._new_id()
            )
        return delivery.letter

    def settle(self, delivery: Delivery, *, status: int | None, now: float, at: datetime) -> Outcome:
        """It was attempted, with this answer (None: none in time). Says what comes next."""
        self._holding = None
        if status == webhooks_retries.TAKEN:
            self._failing_since = None
            self._end(delivery)
            self._repeat(delivery, now)
            return Outcome(TAKEN)
        delivery.failures += 1
        self._failing_since = self._failing_since or at
        if webhooks_retries.is_off(self.subscription.retries, failing_for=at - self._failing_since):
            self._give_up()
            return Outcome(OFF)
        return self._again(delivery, status, now)

    def _again(self, delivery: Delivery, status: int | None, now: float) -> Outcome:
        policy = self.subscription.retries
        wait = webhooks_retries.wait_after(policy, failures=delivery.failures, status=status)
        if wait is None:
            self._end(delivery)
            return Outcome(DROPPED)
        delivery.due = now + wait
        self._put(delivery)
        if self.subscription.hold_later:
            self._holding = delivery
        return Outcome(AGAIN, wait)

    def _repeat(self, taken: Delivery, now: float) -> None:
        """Some bodies come once more, as they were."""
        if not taken.duplicate and self._luck.random() < self.subscription.duplicates:
            again = Delivery(taken.number, now + self.subscription.delay_seconds, now, letter=taken.letter)
            again.duplicate = True
            self._begin(again)

    def _give_up(self) -> None:
        self.off, self.waiting = True, 0
        self._by_due.clear()
        self._gathered.clear()

    def _next(self) -> Delivery | None:
        if self._holding is not None:
            return self._holding
        while self._by_due:
            due, _, delivery = self._by_due[0]
            if not delivery.over and delivery.due == due:
                return delivery
            heappop(self._by_due)
        return None

    def _gathering(self, event: Event, now: float) -> Delivery:
        """The body that still takes events in, or a new one."""
        key = "" if self.subscription.realms_together else event.realm
        latest = self._gathered.get(key)
        if latest is None or latest.letter is not None or now > latest.closes + SOON:
            self._begun += 1
            latest = Delivery(self._begun, now + self._delay(), now + self.subscription.aggregate_seconds)
            self._gathered[key] = latest
            self._begin(latest)
        return latest

    def _begin(self, delivery: Delivery) -> None:
        self.waiting += 1
        self._put(delivery)

    def _end(self, delivery: Delivery) -> None:
        self.waiting -= 1
        delivery.over = True

    def _put(self, delivery: Delivery) -> None:
        self._pushed += 1
        heappush(self._by_due, (delivery.due, self._pushed, delivery))

    def _delay(self) -> float:
        wanted = self.subscription
        stretch = self._luck.uniform(*STRETCHED) if wanted.shuffle else 1.0
        return max(wanted.delay_seconds, wanted.aggregate_seconds) * stretch

    def _body(self, events: list[Event]) -> bytes:
        wanted = self.subscription
        if wanted.format == "classic":
            return webhooks_letters.classic(events)
        return webhooks_letters.cloud_events(
            events,
            ids=[self._new_id() for _ in events],
            source=webhooks_letters.source_of(wanted.app),
            void_verb=wanted.void_verb,
        )

    def _new_id(self) -> str:
        return str(UUID(int=self._ids.getrandbits(128), version=4))


def next_try(outcome: Outcome, *, at: datetime) -> datetime | None:
    """When the next attempt comes."""
    return None if outcome.wait is None else at + timedelta(seconds=outcome.wait)
