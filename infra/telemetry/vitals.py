"""Which process a worker is, and when each of its loops last came round."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from infra.clock import Clock

LONGEST_PASS: Final = 60.0
"""Seconds after which an intake that has not come round stands still."""


class Loop(StrEnum):
    """A loop whose silence means something."""

    RENEWALS = "renewals"
    """Each round of it is answered by the database, whatever there is to renew."""
    INTAKE = "intake"


@dataclass(slots=True, kw_only=True)
class Vitals:
    """A loop that has not come round yet is silent since this was made."""

    worker: str
    session: str
    clock: Clock
    _born: float = field(init=False)
    _beats: dict[Loop, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._born = self.clock.boottime()

    def beat(self, loop: Loop) -> None:
        """The loop came round."""
        self._beats[loop] = self.clock.boottime()

    def silence(self, loop: Loop) -> float:
        """Seconds since it last did."""
        return self.clock.boottime() - self._beats.get(loop, self._born)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds of silence that are no reason to worry: of the database, and of intake."""

    lease: float
    intake: float


def reason_to_worry(*, renewals: float, intake: float, patience: Patience) -> str | None:
    """Why a worker whose loops have been silent for so many seconds is not well; None: it is."""
    if renewals > patience.lease:
        return (
            f"The database has been out of reach for {renewals:.0f} s, longer than a lease ({patience.lease:g} s):"
            " others may act for this worker's tenants now. Check PostgreSQL."
        )
    if intake > patience.intake:
        return (
            f"Intake has completed no pass for {intake:.0f} s: events are not folded."
            " Check Kafka and PostgreSQL, and the log's lines with action intake_waits."
        )
    return None
