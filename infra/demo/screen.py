"""What a person sees while the demo runs: one moving line on a terminal, a line now and then elsewhere."""

import time
from dataclasses import dataclass
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

_EVERY: Final = 10.0  # seconds between lines where nothing can move


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """How things stand."""

    published: int
    events: int
    matched: int
    records: int
    calls: int
    lost_answers: int
    kills: int
    payments_back: int
    payments: int
    left: str


class Screen:
    """Progress on standard error, so that `--json` keeps standard output to itself."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._last = 0.0

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, markup=False)

    def show(self, now: Now) -> None:
        """How things stand."""
        if self._live is not None:
            self._live.update(_table(now))
        elif time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            self.say(", ".join(f"{name} {value}" for name, value in _pairs(now)))


def _table(now: Now) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in _pairs(now):
        table.add_row(f"[dim]{name}[/dim]", value)
    return table


def _pairs(now: Now) -> list[tuple[str, str]]:
    return [
        ("events published", f"{now.published}/{now.events}"),
        ("things right in QuickBooks", f"{now.matched}/{now.records}"),
        ("payments back", f"{now.payments_back}/{now.payments}"),
        ("calls", f"{now.calls}"),
        ("answers lost", f"{now.lost_answers}"),
        ("workers killed", f"{now.kills}"),
        ("left", now.left),
    ]
