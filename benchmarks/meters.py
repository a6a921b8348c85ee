"""What a measured stretch cost: calls by the sandbox's journal, CPU seconds by the kernel; and were we alone."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psutil

_WRITES: Final = {"create", "update", "void", "delete"}
_FAULT: Final = 400
_IDLE: Final = {"idle", "iowait", "guest", "guest_nice"}  # guests' time is in user's, too
_QUIET: Final = 0.2  # cores
_ROLES: Final[Mapping[str, Callable[[str, Sequence[str]], bool]]] = {
    "sandbox": lambda _, command: "sandbox" in command,
    "integration": lambda _, command: "worker" in command or any(word.endswith("naive.py") for word in command),
    "postgres": lambda name, _: name.startswith("postgres"),
    "kafka": lambda name, _: name.startswith("java"),
}
"""Which of our child processes plays which role, by its name and its command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What the sandbox was asked in a phase. `last_write` is when the last write arrived that it took."""

    writes: int
    reads: int
    faults: int
    last_write: datetime | None

    @property
    def all(self) -> int:
        """Reads and writes spend the same budget at QuickBooks."""
        return self.writes + self.reads


def calls_of(entries: Sequence[Mapping[str, Any]]) -> Calls:
    """Count the journal's entries; calls for tokens are left out."""
    calls = [entry for entry in entries if entry["path"].startswith("/v3/")]
    writes = [entry for entry in calls if entry["operation"] in _WRITES]
    taken = [datetime.fromisoformat(entry["at"]) for entry in writes if (entry["status"] or _FAULT) < _FAULT]
    return Calls(
        writes=len(writes),
        reads=len(calls) - len(writes),
        faults=sum((entry["status"] or _FAULT) >= _FAULT for entry in calls),
        last_write=max(taken, default=None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How many CPU seconds the machine has spent by now, and how many of them our programs, by role."""

    at: float
    machine: float
    ours: Mapping[str, float]

    @classmethod
    def now(cls) -> "Moment":
        """Look. What our programs have waited for counts as theirs."""
        spent = psutil.cpu_times()._asdict()
        machine = sum(seconds for name, seconds in spent.items() if name not in _IDLE)
        ours = dict.fromkeys((*_ROLES, "rest"), 0.0)
        for role, seconds in _programs():
            ours[role] += seconds
        return cls(at=time.monotonic(), machine=machine, ours=ours)

    def spent_since(self, before: "Moment") -> dict[str, float]:
        """CPU seconds of our programs, by role."""
        return {role: seconds - before.ours[role] for role, seconds in self.ours.items()}

    def others_since(self, before: "Moment") -> float:
        """How many cores other people's programs took, on average."""
        others = self.machine - before.machine - sum(self.spent_since(before).values())
        return max(0.0, others / (self.at - before.at))


def company_note(cores: float) -> str:
    """For the end of a table: whether the machine was ours."""
    said = f"Other programs used {cores:.2f} of {os.cpu_count()} cores meanwhile."
    return said if cores < _QUIET else f"{said} Ratios shift, too, where programs have to queue: repeat it in quiet."


def _programs() -> Iterator[tuple[str, float]]:
    me = psutil.Process()
    for program in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            name, command, times = program.name(), program.cmdline(), program.cpu_times()
            role = next((role for role, plays in _ROLES.items() if plays(name, command)), "rest")
            yield role, times.user + times.system + times.children_user + times.children_system
