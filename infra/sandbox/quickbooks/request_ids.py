"""What a company remembers of `requestid`: the same id again is answered with the first answer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.faults import Refusal, refusal
from infra.sandbox.quickbooks.switches import RequestIdLife, Switches

LONGEST = 50
FIRST_FAULT, SERVER_TROUBLE = 400, 500
DAY = timedelta(hours=24)

Key = tuple[str, str, str]  # realm, request id, and the bId of an item of a batch; "" for a call of its own


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first answer to an id, a digest of the request that it answered, and when."""

    request: bytes
    answer: Answer
    at: datetime


@dataclass(slots=True)
class Held:
    """What a running call knows of its ids: those that are settled without executing, and what it answered itself."""

    settled: dict[Key, Answer | Refusal] = field(default_factory=dict)
    made: dict[Key, Answer] = field(default_factory=dict)


class RequestIds:
    """The ids of one sandbox. An id is running from its call's execution, or the wait for it, until the answer goes."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: dict[Key, Remembered] = {}  # oldest first
        self._running: dict[Key, asyncio.Event] = {}

    @asynccontextmanager
    async def held(self, wanted: Mapping[Key, bytes], switches: Switches) -> AsyncIterator[Held]:
        """Look the ids up, each with its request, and hold those that are to be executed until this ends.

        What stands in `made` by then is remembered, even where the answer is lost afterwards.
        """
        if switches.while_running == "waits":
            while running := next((self._running[key] for key in wanted if key in self._running), None):
                await running.wait()
        held = Held({key: found for key, sent in wanted.items() if (found := self._settled(key, sent, switches))})
        begun, ended = [key for key in wanted if key not in held.settled and key not in self._running], asyncio.Event()
        self._running.update(dict.fromkeys(begun, ended))
        try:
            yield held
        finally:
            for key, answer in held.made.items():
                self._remember(key, wanted[key], answer, switches)
            for key in begun:
                del self._running[key]
            ended.set()

    def answers_of(self, realm: str) -> list[tuple[Key, Remembered]]:
        """What a company remembers, oldest first."""
        return [(key, one) for key, one in self._answers.items() if key[0] == realm]

    def put_back(self, realm: str, answers: list[tuple[Key, Remembered]]) -> None:
        """The company remembers these and no others, as a backup has them."""
        kept = [(key, one) for key, one in self._answers.items() if key[0] != realm]
        self._answers = dict(sorted((*kept, *answers), key=lambda one: one[1].at))

    def _settled(self, key: Key, sent: bytes, switches: Switches) -> Answer | Refusal | None:
        """The answer to play back, or the refusal (600); None when the request is to be executed."""
        self._forget_old(switches.request_ids)
        if switches.request_ids == "none":
            return None
        reused = refusal("request_id_reused", value=key[1])
        if key in self._running:
            return reused if switches.while_running == "refused" else None
        known = self._answers.get(key)
        if known is None:
            return None
        failed = known.answer.status >= FIRST_FAULT
        if failed and switches.after_fault != "played_back":
            return reused if switches.after_fault == "refused" else None
        if known.request != sha256(sent).digest() and switches.other_body == "refused":
            return reused
        return known.answer

    def _remember(self, key: Key, sent: bytes, answer: Answer, switches: Switches) -> None:
        """Keep the answer; an id that was executed again keeps the newest. Trouble of the server is no answer."""
        if switches.request_ids != "none" and answer.status < SERVER_TROUBLE:
            self._answers.pop(key, None)
            self._answers[key] = Remembered(sha256(sent).digest(), answer, self._now())

    def _forget_old(self, life: RequestIdLife) -> None:
        if life in ("forever", "none"):
            return
        lives = DAY if life == "24h" else timedelta(seconds=int(life))
        while self._answers:
            oldest = next(iter(self._answers))
            if self._now() < self._answers[oldest].at + lives:
                return
            del self._answers[oldest]


def check_length(request_id: str) -> None:
    """Raises Refusal (2130) for an id that is too long; an empty one is none."""
    if len(request_id) > LONGEST:
        raise refusal("request_id_format", value=request_id)


def too_long_for_batch(request_id: str, bid: str) -> Refusal | None:
    """The fault of one item whose bId, put behind the batch's request id, makes it too long (6000)."""
    length = len(request_id) + len(bid)
    if not request_id or length <= LONGEST:
        return None
    return refusal("request_id_length", most=LONGEST, value=f"{request_id[:10]}...", length=length)
