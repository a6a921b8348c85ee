"""How commands print: tables on a terminal, plain lines with tabs elsewhere, JSON for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from schemas import exact

if TYPE_CHECKING:
    from consumers.records import State

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: for scripts.")]

NOTHING: Final = "-"
_UNPRINTABLE: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns; a cell may have several lines."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and what they are; what is empty is left out."""

    facts: Sequence[tuple[str, str | None]]
    title: str = ""


Part = Table | Facts


def echo_json(value: Any) -> None:  # noqa: ANN401 - JSON is whatever it is
    """One line of JSON; times in ISO 8601, amounts of money as text."""
    typer.echo(exact.dumps(_plain(value)))


def echo_parts(parts: Sequence[Part], *, console: Console | None = None) -> None:
    """Tables on a terminal, plain lines elsewhere."""
    screen = console or Console()
    for place, part in enumerate(part for part in parts if _has_something(part)):
        if place:
            screen.print()
        if not screen.is_terminal:
            typer.echo("\n".join(_lines(part)), file=screen.file)
            continue
        if part.title:
            screen.print(Text(part.title, style="bold"))
        screen.print(_rich(part))


def cell(value: object) -> str:
    """A value as text that is safe on a terminal: times to the second, nothing as a dash, no control characters."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case datetime():
            from infra.database.circumstances import moment

            return moment(value)
        case str():
            return "".join(_shown(letter) for letter in value)
        case _:
            return str(value)


def counted(number: int, thing: str) -> str:
    """`1 record`, `2,000 records`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listing(counts: "Mapping[State, int] | Mapping[str, int]") -> str:
    """`failed 2, synced 40`."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def _shown(letter: str) -> str:
    if letter.isprintable() or letter == "\n":
        return letter
    return " " if letter.isspace() else _UNPRINTABLE


def _has_something(part: Part) -> bool:
    return bool(part.rows) if isinstance(part, Table) else any(value for _, value in part.facts)


def _lines(part: Part) -> list[str]:
    title = [part.title] if part.title else []
    if isinstance(part, Facts):
        return [*title, *(f"{name}: {_one_line(value)}" for name, value in part.facts if value)]
    return [*title, *("\t".join(map(_one_line, row)) for row in (part.columns, *part.rows))]


def _one_line(value: str) -> str:
    return " ".join(cell(value).split())


def _rich(part: Part) -> RenderableType:
    if isinstance(part, Facts):
        grid = RichTable.grid(padding=(0, 2))
        for name, value in part.facts:
            if value:
                grid.add_row(Text(name, style="dim"), Text(cell(value)))
        return grid
    table = RichTable(box=SIMPLE_HEAD, pad_edge=False)
    for column in part.columns:
        table.add_column(column, overflow="fold")  # an id that is cut short would serve nobody
    for row in part.rows:
        table.add_row(*(Text(cell(value)) for value in row))  # Text: a name in brackets is no markup
    return table


def _plain(value: Any) -> Any:  # noqa: ANN401
    match value:
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case str():
            return str(value)
        case Sequence():
            return [_plain(one) for one in value]
        case datetime() | date():
            return value.isoformat()
        case _:
            return value
