"""An answer that is good for a while: however many ask, it is found out once, and not all the time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from infra.clock import Clock

T = TypeVar("T")


class Recent(Generic[T]):
    """Asks when somebody wants to know; an answer lasts `seconds`, and at least `rest` times as long as it took."""

    def __init__(self, ask: Callable[[], Awaitable[T]], *, seconds: float, clock: Clock, rest: float = 0.0) -> None:
        self._ask = ask
        self._seconds = seconds
        self._clock = clock
        self._rest = rest
        self._asking = asyncio.Lock()
        self._known: tuple[float, T] | None = None  # until when it is good, and what it is

    async def get(self) -> T:
        """The answer. Raises what asking raises."""
        async with self._asking:
            began = self._clock.boottime()
            if self._known is None or began >= self._known[0]:
                answer = await self._ask()
                ended = self._clock.boottime()
                self._known = (ended + max(self._seconds, self._rest * (ended - began)), answer)
            return self._known[1]
