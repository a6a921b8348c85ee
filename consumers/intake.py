"""Intake: reads Kafka from the stored offsets and folds, batch by batch, until it is told to stop."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog

from consumers import counts
from consumers.folding import WentBack, fold_batch, put_aside, refuse_a_step_back
from consumers.ports import Arrived, Clock, IntakeStore, Log, LogUnreachable, Place, Reassigned, Standing
from consumers.starts import Alarm, Start, start_of

_log = structlog.get_logger("klipsync.intake")

_T = TypeVar("_T")
_TRIES: Final = 3  # more, for a message that stands alone and cannot be folded
_IDLE_TAKES: Final = 6  # about three seconds without an event


class _Stopping(Exception):  # noqa: N818 - not an error
    """Told to stop while waiting. What is not folded yet is read again after the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    """Durations are seconds."""

    batch: int = 500
    take: float = 0.5
    """How long an empty log is waited for."""
    poison: float = 30.0
    """A message that cannot be folded is tried three times more over this long."""
    backoff_first: float = 0.1
    backoff_longest: float = 5.0


class Intake:
    """One member of the group that folds. Needs no lease: the lock on the stored offsets keeps two apart."""

    def __init__(self, *, log: Log, store: IntakeStore, clock: Clock, settings: IntakeSettings) -> None:
        self._source = log
        self._store = store
        self._clock = clock
        self._settings = settings
        self._reached: dict[Place, int] = {}
        self._idle = 0
        self._stop = asyncio.Event()
        self.placed = asyncio.Event()
        """Set once stored offsets were compared with Kafka: from then on a database that went back in time is known."""

    async def run(self, stop: asyncio.Event) -> None:
        """Fold until `stop`. The transaction under way is finished first; what only waits for Kafka is not."""
        self._stop = stop
        while not stop.is_set():
            try:
                await self._patiently(self._place)
                batch = await self._patiently(self._take)
                await self._fold(batch)
                await self._look_about(idle=not batch)
            except Reassigned:
                _log.info("partitions changed hands", action="reassigned")
            except WentBack as error:
                await self._patiently(partial(self._look_back, error))
            except _Stopping:
                return
            except Exception as error:  # noqa: BLE001 - the outer edge: intake outlives its own bugs, and tells them
                _log.error("intake failed; it starts again", action="intake_failed", where=_frames(error))
                self._source.forget()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._settings.backoff_longest)

    async def _take(self) -> Sequence[Arrived]:
        return await self._unless_stopped(self._source.take(limit=self._settings.batch, seconds=self._settings.take))

    # --- where to read from ---

    async def _place(self) -> None:
        """Let every partition that was assigned begin at its stored offset, after a look at whether that can be."""
        standings = await self._unless_stopped(self._source.unplaced())
        if not standings:
            return
        cluster = self._source.cluster
        stored = await self._store.stored([standing.place for standing in standings])
        starts = {
            standing.place: start_of(standing=standing, cluster=cluster, stored=stored.get(standing.place, {}))
            for standing in standings
        }
        _sound(standings, starts)
        await self._begin(cluster, starts, {place: by[cluster] for place, by in stored.items() if cluster in by})

    async def _begin(self, cluster: str, starts: dict[Place, Start], stored: dict[Place, int]) -> None:
        offsets = {place: start.offset for place, start in starts.items()}
        rewound = {place: offsets[place] for place in starts if Alarm.DATABASE_WENT_BACK in starts[place].alarms}
        if rewound:
            # Before anything is folded: an owner that saw a new record without this mark might create it twice.
            await self._store.mark_rewound(cluster, rewound)
        if moved := {place: offset for place, offset in offsets.items() if stored.get(place) != offset}:
            await self._store.restart(cluster, moved, instead=stored)
        self._source.start_from(offsets)
        self.placed.set()
        self._reached = offsets
        if rewound:
            # A crash before this sounds the alarm once more, which costs a reading and nothing else.
            await self._unless_stopped(self._source.commit(rewound))

    async def _look_about(self, *, idle: bool) -> None:
        """A database that is put back while nobody says anything is noticed too, and not at the next event alone."""
        self._idle = self._idle + 1 if idle else 0
        if self._idle >= _IDLE_TAKES:
            self._idle = 0
            await self._patiently(self._compare)

    async def _compare(self) -> None:
        cluster, found = self._source.cluster, await self._store.stored(self._reached)
        refuse_a_step_back({place: found.get(place, {}).get(cluster, 0) for place in self._reached}, self._reached)

    async def _look_back(self, error: WentBack) -> None:
        counts.INTAKE_ALARMS.labels(Alarm.DATABASE_WENT_BACK).inc()
        _log.error("a stored offset went back", action="intake_alarm", alarm=Alarm.DATABASE_WENT_BACK, why=str(error))
        await self._store.mark_rewound(self._source.cluster, error.places)
        self._source.forget()

    # --- folding ---

    async def _fold(self, batch: Sequence[Arrived]) -> None:
        """Fold a batch; what cannot be folded is halved until the offender stands alone, and the rest goes on."""
        if not batch:
            return
        try:
            await self._patiently(lambda: self._store_batch(batch))
        except (WentBack, Reassigned, _Stopping):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a message or a bug may cause must not stop the others
            if len(batch) == 1:
                await self._try_again(batch[0], error)
                return
            middle = len(batch) // 2
            await self._fold(batch[:middle])
            await self._fold(batch[middle:])

    async def _store_batch(self, batch: Sequence[Arrived]) -> None:
        following = await fold_batch(
            store=self._store, cluster=self._source.cluster, batch=batch, reached=self._reached
        )
        # A crash here leaves Kafka's commit behind the stored offset, which is the one that counts.
        self._reached.update(following)
        await self._unless_stopped(self._source.commit(following))

    async def _try_again(self, arrived: Arrived, error: Exception) -> None:
        """Three tries more, then the message is put aside: perhaps another deployment was under way."""
        for _ in range(_TRIES):
            await self._wait(self._settings.poison / _TRIES)
            try:
                await self._patiently(lambda: self._store_batch([arrived]))
            except (WentBack, Reassigned, _Stopping):
                raise
            except Exception as again:  # noqa: BLE001 - as above
                error = again
            else:
                return
        _log.error("message put aside as a bug", action="dead_letter", place=_spoken(arrived), where=_frames(error))
        await self._patiently(lambda: self._put_aside(arrived, error))

    async def _put_aside(self, arrived: Arrived, error: Exception) -> None:
        cluster = self._source.cluster
        await put_aside(store=self._store, cluster=cluster, arrived=arrived, error=error, tries=1 + _TRIES)
        self._reached[arrived.place] = arrived.offset + 1
        await self._unless_stopped(self._source.commit({arrived.place: arrived.offset + 1}))

    # --- waiting ---

    async def _patiently(self, step: Callable[[], Awaitable[_T]]) -> _T:
        """Repeat for ever what fails through nobody's fault, with a growing wait between."""
        wait = self._settings.backoff_first
        while True:
            try:
                return await step()
            except Exception as error:
                if not isinstance(error, LogUnreachable) and not self._store.is_nobodys_fault(error):
                    raise
                counts.INTAKE_REPEATS.inc()
                _log.warning("intake waits", action="intake_waits", error=type(error).__name__, seconds=wait)
            await self._wait(wait)
            wait = min(2 * wait, self._settings.backoff_longest)

    async def _wait(self, seconds: float) -> None:
        await self._unless_stopped(self._clock.sleep(seconds))
        if self._stop.is_set():
            raise _Stopping

    async def _unless_stopped(self, step: Awaitable[_T]) -> _T:
        """Broken off when told to stop: a Kafka that is away may let it wait for ever, and nothing rests on its end."""
        going_on = asyncio.ensure_future(step)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({going_on, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not going_on.done():
                raise _Stopping
            return going_on.result()
        finally:
            going_on.cancel()
            stopping.cancel()


def _sound(standings: Sequence[Standing], starts: dict[Place, Start]) -> None:
    for standing in standings:
        for alarm in sorted(starts[standing.place].alarms):
            counts.INTAKE_ALARMS.labels(alarm).inc()
            _log.error(
                "a stored offset does not fit Kafka's log",
                action="intake_alarm",
                alarm=alarm,
                next_step=alarm.sentence,
                topic=standing.place.topic,
                partition=standing.place.partition,
                start=starts[standing.place].offset,
            )


def _spoken(arrived: Arrived) -> str:
    return f"{arrived.place.topic} [{arrived.place.partition}] {arrived.offset}"


def _frames(error: Exception) -> str:
    """What failed and where, without the message: that may quote customers' names."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "site-packages" not in each.filename]
    return " < ".join([type(error).__name__, *(f"{each.filename}:{each.lineno}" for each in reversed(frames[-4:]))])
