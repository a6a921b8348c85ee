"""How a running sandbox's answers are printed: JSON for machines, tables and facts for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer

from infra.cli.tables import Facts, Table, cell, echo_json, echo_parts

Row = Mapping[str, Any]
_REQUEST: Final = ("n", "at", "status", "method", "operation", "entity", "object_id", "fault_code", "intuit_tid")


def tell_rows(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """A table, or all of it as JSON."""
    if as_json:
        echo_json(rows)
    elif not rows:
        typer.echo("There are none.")
    else:
        echo_parts([_table(rows, columns)])


def tell_facts(found: Row, *, as_json: bool) -> None:
    """Names and values; what is inside something is left to --json."""
    if as_json:
        echo_json(found)
        return
    flat = [(name, _text(value)) for name, value in found.items() if not isinstance(value, list | dict)]
    echo_parts([Facts(facts=flat)])


def tell_requests(entries: Sequence[Row], *, headed: bool, as_json: bool) -> None:
    """One request a line."""
    if as_json:
        for entry in entries:
            echo_json(entry)
        return
    if headed:
        typer.echo("\t".join(_REQUEST))
    for entry in entries:
        typer.echo("\t".join(cell(_text(entry.get(name))) for name in _REQUEST))


def tell_books(found: Row, *, as_json: bool) -> None:
    """Trial balance, receivables and payables, each with its total."""
    if as_json:
        echo_json(found)
        return
    echo_parts(
        [
            _table(found["trial_balance"]["accounts"], ("id", "name", "debit", "credit"), title="Trial balance"),
            _totals(found["trial_balance"], ("debit", "credit"), title="Trial balance in all"),
            *(part for name in ("receivables", "payables") for part in _owed(found[name], title=name.capitalize())),
        ]
    )


def _owed(found: Row, *, title: str) -> list[Table | Facts]:
    columns = ("party", "name", "number", "date", "due", "days_late", "balance")
    return [
        _table(found["documents"], columns, title=title),
        _totals(found, ("total", *found["ages"]), title=f"{title} in all"),
    ]


def _totals(found: Row, names: Sequence[str], *, title: str) -> Facts:
    flat = {**found, **found.get("ages", {})}
    return Facts(facts=[(name, _text(flat[name])) for name in names], title=title)


def _table(rows: Sequence[Row], columns: Sequence[str], *, title: str = "") -> Table:
    return Table(columns=columns, rows=[[_text(row.get(name)) for name in columns] for row in rows], title=title)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
