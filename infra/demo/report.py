"""The demo's result: numbers for a file, a table for a person, and whether it is good."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.demo.judge import KINDS, Finding, Verdict
from infra.demo.paid import PaymentVerdict

THROTTLED: Final = 429
_READS: Final = frozenset({"read", "query", "cdc"})
_SHOWN: Final = 15
"""Findings of one kind that are printed; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What `demo-report.json` holds. A call is one HTTP request to QuickBooks, `reads` of them only look."""

    events: int
    records: int
    calls: int
    reads: int
    calls_per_event: float
    throttled: int
    kills: int
    lost_answers: int
    matched: int
    mismatched: int
    missing: int
    duplicated: int
    payments_recorded: int
    payments_reconciled: int
    payments_reversed: int
    setup_seconds: float
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing is wrong, lost, doubled or throttled, and every payment came back."""
        came_back = self.payments_reconciled + self.payments_reversed == self.payments_recorded > 0
        return came_back and not (self.mismatched or self.missing or self.duplicated or self.throttled)

    def json(self) -> dict[str, Any]:
        """As it is written."""
        return asdict(self)


@dataclass(slots=True)
class Traffic:
    """What the sandbox's journal says of the calls it got."""

    calls: int = 0
    reads: int = 0
    throttled: int = 0
    lost_answers: int = 0
    last: int = 0

    def add(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Count further requests. Those to the token endpoint are none of QuickBooks' API."""
        for entry in entries:
            self.last = entry["n"]
            if "/v3/company/" in entry["path"]:
                self.calls += 1
                self.reads += entry["operation"] in _READS
                self.throttled += entry["status"] == THROTTLED
                self.lost_answers += bool(entry["answer_lost"])


def numbers(
    *,
    events: int,
    verdict: Verdict,
    payments: PaymentVerdict,
    traffic: Traffic,
    kills: int,
    setup_seconds: float,
    seconds: float,
) -> Numbers:
    """Everything in one place. Whatever is wrong about payments that exist nowhere counts as a mismatch."""
    strangers = len({name for _, name, why in payments.wrong if "in no books" in why})
    return Numbers(
        events=events,
        records=verdict.records,
        calls=traffic.calls,
        reads=traffic.reads,
        calls_per_event=round(traffic.calls / max(events, 1), 3),
        throttled=traffic.throttled,
        kills=kills,
        lost_answers=traffic.lost_answers,
        matched=sum(verdict.matched.values()),
        mismatched=len(verdict.mismatched) + strangers,
        missing=len(verdict.missing),
        duplicated=len(verdict.duplicated),
        payments_recorded=payments.recorded,
        payments_reconciled=payments.reconciled,
        payments_reversed=payments.reversed,
        setup_seconds=round(setup_seconds, 1),
        seconds=round(seconds, 1),
    )


def show(console: Console, result: Numbers, verdict: Verdict, payments: PaymentVerdict, hints: Iterable[str]) -> None:
    """The table, then what is wrong, thing by thing."""
    console.print(_table(result, verdict))
    for word, findings in (
        ("mismatched", verdict.mismatched),
        ("missing", verdict.missing),
        ("duplicated", verdict.duplicated),
    ):
        _show_findings(console, word, findings)
    for tenant, payment, why in payments.wrong[:_SHOWN]:
        console.print(f"[red]payment[/red]  {tenant} {escape(payment)}: {escape(why)}")
    for hint in hints:
        console.print(f"[yellow]klipsync says[/yellow]  {escape(hint)}")
    console.print(_sentence(result))


def _table(result: Numbers, verdict: Verdict) -> Table:
    table = Table(title="Klipboard's day in QuickBooks", caption_justify="left")
    for name in ("", "matched", "mismatched", "missing", "duplicated"):
        table.add_column(name, justify="left" if not name else "right")
    wrong = [Counter(one.kind for one in found) for found in (verdict.mismatched, verdict.missing, verdict.duplicated)]
    for kind in (*KINDS, *sorted({kind for counter in wrong for kind in counter} - set(KINDS))):
        row = (verdict.matched.get(kind, 0), *(counter[kind] for counter in wrong))
        table.add_row(_plural(kind), *map(str, row))
    table.add_section()
    table.add_row("together", *map(str, (result.matched, result.mismatched, result.missing, result.duplicated)))
    table.caption = _caption(result)
    return table


def _plural(kind: str) -> str:
    return {"client_location": "locations"}.get(kind, f"{kind}s")


def _caption(result: Numbers) -> str:
    return (
        f"{result.events} events, {result.calls} calls to QuickBooks ({result.reads} of them reads, "
        f"{result.throttled} throttled), {result.calls_per_event} calls per event\n"
        f"{result.kills} workers killed, {result.lost_answers} answers lost\n"
        f"{result.payments_recorded} payments recorded: {result.payments_reconciled} reconciled, "
        f"{result.payments_reversed} reversed\n"
        f"{result.seconds} s, after {result.setup_seconds} s of setting up"
    )


def _show_findings(console: Console, word: str, findings: list[Finding]) -> None:
    for one in findings[:_SHOWN]:
        name = f"{one.tenant} {one.kind}/{one.id}" if one.id else f"{one.tenant} {one.kind}"
        console.print(f"[red]{word}[/red]  {escape(name)} ({escape(one.title)}): {escape(one.why)}")
    if len(findings) > _SHOWN:
        console.print(f"[red]{word}[/red]  and {len(findings) - _SHOWN} more")


def _sentence(result: Numbers) -> str:
    if result.good:
        return "[green]Nothing was lost, nothing was doubled, and every payment came back.[/green]"
    return "[red]QuickBooks and Klipboard do not agree: see above.[/red]"
