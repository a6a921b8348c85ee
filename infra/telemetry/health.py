"""Whether a worker is well: its loops come round, the database answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from infra.clock import Clock
from infra.telemetry.reach import kafka_answers
from infra.telemetry.recent import Recent
from infra.telemetry.vitals import Loop, Patience, Vitals, reason_to_worry

OK: Final = "ok"
_FRESH: Final = 5.0  # seconds for which it is known whether Kafka answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the worker is. `reason` is None while it is well; `database` and `kafka` are "ok" or say what is not."""

    worker: str
    session: str
    leases: int
    database: str
    kafka: str
    reason: str | None

    def json(self) -> dict[str, str | int]:
        """What is shown; the reason only where there is one."""
        told: dict[str, str | int] = {
            "worker": self.worker,
            "session": self.session,
            "leases": self.leases,
            "database": self.database,
            "kafka": self.kafka,
        }
        return told if self.reason is None else {**told, "reason": self.reason}


class Health:
    """Reports on one worker. That Kafka is away is told, and is no illness: a new start would not bring it back."""

    def __init__(
        self, *, vitals: Vitals, leases: Callable[[], int], kafka: str, patience: Patience, clock: Clock
    ) -> None:
        self._vitals = vitals
        self._leases = leases
        self._patience = patience
        ask: Callable[[], Awaitable[bool]] = partial(kafka_answers, kafka)
        self._kafka = Recent(ask, seconds=_FRESH, clock=clock)

    async def report(self) -> Report:
        """How it is now."""
        kafka = OK if await self._kafka.get() else "no answer"
        renewals, intake = self._vitals.silence(Loop.RENEWALS), self._vitals.silence(Loop.INTAKE)
        return Report(
            worker=self._vitals.worker,
            session=self._vitals.session,
            leases=self._leases(),
            # Renewals come every third of a lease: one that is late has missed its turn.
            database=OK if renewals <= self._patience.lease * 2 / 3 else f"no answer for {renewals:.0f} s",
            kafka=kafka,
            reason=reason_to_worry(renewals=renewals, intake=intake, patience=self._patience),
        )
