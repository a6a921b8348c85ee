"""What commands print, on a terminal and elsewhere."""

from io import StringIO

import pytest
from rich.console import Console

from infra.cli.tables import Facts, Part, Table, cell, echo_parts

TABLE = Table(title="Names", columns=("tenant", "why"), rows=[("acme", "first line\nsecond line")])


def printed(*parts: Part, terminal: bool, width: int = 60) -> str:
    file = StringIO()
    echo_parts(parts, console=Console(file=file, force_terminal=terminal, width=width, color_system=None))
    return file.getvalue()


def test_elsewhere_a_row_is_a_line_with_tabs() -> None:
    """So that `cut`, `grep` and a log can take it; a value's own line breaks and tabs would break that."""
    table = Table(columns=("a", "b"), rows=[("1\n2", "x\ty"), ("", "z")])

    assert printed(table, terminal=False) == "a\tb\n1 2\tx y\n-\tz\n"


def test_elsewhere_a_long_line_stays_one() -> None:
    """It is not broken where a terminal of 80 columns would end."""
    table = Table(columns=("a",), rows=[("word " * 40,)])

    assert len(printed(table, terminal=False).splitlines()) == 2


def test_a_terminal_gets_a_table() -> None:
    """With its title, and a cell's lines one below the other."""
    lines = [line.strip() for line in printed(TABLE, terminal=True).splitlines()]

    assert lines[0] == "Names"
    assert [line.split(maxsplit=1) for line in lines if "line" in line] == [["acme", "first line"], ["second", "line"]]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_in_brackets_is_a_name(*, terminal: bool) -> None:
    """Whoever calls a product [red]Paint[/] reads it so."""
    table = Table(columns=("name",), rows=[("[red]Paint[/]",)])
    facts = Facts(title="[b]", facts=[("[i]", "[red]Paint[/]")])

    out = printed(table, facts, terminal=terminal)

    assert out.count("[red]Paint[/]") == 2
    assert "[b]" in out


def test_an_id_is_never_cut_short() -> None:
    """On a narrow terminal it goes on in the next line: half a request id would serve nobody."""
    table = Table(columns=("request id",), rows=[("0123456789abcdef" * 2,)])

    lines = printed(table, terminal=True, width=20).split()

    assert "".join(lines).endswith("0123456789abcdef" * 2)


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A name that comes from outside could clear the screen, or write over what stands there."""
    assert cell("Har\x1b[2Jbour\x07\u202e") == "Har\ufffd[2Jbour\ufffd\ufffd"


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_empty_is_left_out(*, terminal: bool) -> None:
    """A page shows what there is."""
    empty = Table(title="Payments", columns=("payment",), rows=[])
    facts = Facts(title="State", facts=[("state", "synced"), ("cause", None)])

    out = printed(empty, facts, terminal=terminal)

    assert "state" in out
    assert "Payments" not in out
    assert "cause" not in out
