"""The documents name what is there: paths, functions, links, tables, columns, states, words and decisions."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from consumers.attempts import Closing
from consumers.records import State
from infra.database import tables
from infra.database.returns import APPLIED, REVERSED
from schemas.returns import ReversalReason

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*DOCS.rglob("*.md"), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG"))])
ROOMS = ("schemas", "mapping", "consumers", "producers", "infra", "tests", "docs", "benchmarks", "examples", ".ci")

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(rf"(?:{'|'.join(map(re.escape, ROOMS))})/[\w./*-]*(?:::[\w.]+)?|[\w-]+\.(?:md|toml)|Makefile")
RELATION = re.compile(r"^ *(\w+) [|}][|o](--|\.\.)[|o][|{] (\w+) : ", re.MULTILINE)
PLACEHOLDER = "NNNN"
HEADINGS = ["Context", "Decision", "Consequences"]


def spoken(path: Path) -> str:
    """A document without its blocks of code."""
    return FENCE.sub("", path.read_text())


def absent(span: str, *, beside: Path = ROOT) -> str | None:
    """What a span of code names and does not exist; None where it names nothing of the repository, or all is there.

    `path/file.py::Class.method` names a definition, `path/*.md` any file, `name.md` one of the top level or `beside`.
    """
    if PATH.fullmatch(span) is None or PLACEHOLDER in span:
        return None
    name, _, defined = span.partition("::")
    if "*" in name:
        return None if any(ROOT.glob(name)) else span
    path = next((folder / name for folder in (ROOT, beside) if (folder / name).exists()), None)
    if path is None or (name.endswith("/") and not path.is_dir()):
        return span
    return None if not defined or is_defined(path, defined) else span


def is_defined(path: Path, dotted: str) -> bool:
    """Whether a module defines, at its top level or in a class there, what the dotted name says."""
    body: list[ast.stmt] = ast.parse(path.read_text()).body
    for word in dotted.split("."):
        found = next((node for node in body if word in names_of(node)), None)
        if found is None:
            return False
        body = found.body if isinstance(found, ast.ClassDef) else []
    return True


def names_of(node: ast.stmt) -> set[str]:
    """What a statement of a module or a class gives a name to."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def anchors(path: Path) -> set[str]:
    """The headings of a document, as links name them."""
    titles = re.findall(r"^#+ (.+)$", spoken(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def sections() -> dict[str, str]:
    """Of the page about the tables: what stands under the heading that is a table's name."""
    parts = re.split(r"^## (.+)$", (DOCS / "tables.md").read_text(), flags=re.MULTILINE)[1:]
    return {title: text for title, text in zip(parts[::2], parts[1::2], strict=True) if re.fullmatch(r"[a-z_]+", title)}


def block(kind: str, text: str) -> str:
    """The first diagram of that kind in a text; empty where there is none."""
    found = re.search(rf"```mermaid\n{re.escape(kind)}\n(.*?)```", text, re.DOTALL)
    return found.group(1) if found is not None else ""


def columns_of(section: str) -> list[str]:
    """The columns that a section's table describes, in its first cells."""
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    return [name for cell in cells for name in SPAN.findall(cell)]


def states_of(section: str) -> set[str]:
    """The states that a section's diagram draws, by their own names where it gives them shorter ones."""
    drawn = block("stateDiagram-v2", section)
    names = {alias: name for name, alias in re.findall(r'state "(.+)" as (\w+)', drawn)}
    ends = {end for pair in re.findall(r"^ *(\S+) --> (\S+)", drawn, re.MULTILINE) for end in pair}
    return {names.get(end, end) for end in ends} - {"[*]", "open", "looked_at"}


def words() -> Iterator[tuple[str, str]]:
    """Each word of the glossary with the file that it is said to live in."""
    for row in re.findall(r"^\| \*\*.*\|$", (DOCS / "glossary.md").read_text(), re.MULTILINE):
        spelled, _, home = (cell.strip() for cell in row.strip("|").split("|"))
        yield from ((word, home.strip("`")) for word in re.findall(r"\*\*(.+?)\*\*", spelled))


def plain(text: str) -> str:
    """Words in small letters with one space around each: `request id`, `request_id` and `RequestId` are the same."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return f" {' '.join(re.findall(r'[a-z0-9]+', apart.lower()))} "


def test_every_path_that_a_document_names_exists() -> None:
    """A path in backticks is there, and so is the function or class behind `::`."""
    found = {
        str(path.relative_to(ROOT)): [
            span for span in SPAN.findall(spoken(path)) if absent(span, beside=path.parent) is not None
        ]
        for path in DOCUMENTS
    }

    assert {name: spans for name, spans in found.items() if spans} == {}


@pytest.mark.parametrize(
    ("span", "is_absent"),
    [
        ("consumers/fold.py", False),
        ("consumers/fold.py::fold", False),
        ("consumers/writes.py::Writes.send", False),
        ("consumers/records.py::RESTING", False),
        ("docs/*.md", False),
        ("mapping/", False),
        ("Makefile", False),
        ("klipboard/billing", False),
        ("docs/decisions/NNNN-title.md", False),
        ("consumers/unfold.py", True),
        ("consumers/fold.py/", True),
        ("consumers/fold.py::unfold", True),
        ("consumers/writes.py::Writes.unsend", True),
        ("docs/*.rst", True),
        ("NOTHING.md", True),
    ],
)
def test_a_named_path_is_known_from_other_code(span: str, *, is_absent: bool) -> None:
    """What begins with a room is a path; what begins otherwise is somebody else's word."""
    assert (absent(span) is not None) is is_absent


def test_links_between_documents_resolve() -> None:
    """A link leads to a file that is there, and to a heading that it has."""
    broken = []
    for path in DOCUMENTS:
        for link in LINK.findall(spoken(path)):
            if "://" in link:
                continue
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{path.relative_to(ROOT)}: {link}")

    assert broken == []


def test_every_table_is_described_and_every_described_table_exists() -> None:
    """docs/tables.md has a section for each table, and for nothing else."""
    assert tables.NOW is not None  # importing the module is what fills the metadata
    assert set(sections()) == set(SQLModel.metadata.tables)


@pytest.mark.parametrize("name", sorted(SQLModel.metadata.tables))
def test_every_column_is_described_once(name: str) -> None:
    """A column that is added, renamed or dropped changes docs/tables.md too."""
    assert sorted(columns_of(sections()[name])) == sorted(SQLModel.metadata.tables[name].columns.keys())


def test_the_diagram_of_the_tables_draws_their_foreign_keys() -> None:
    """Every table is in the diagram; a solid line is a foreign key, and every foreign key is a solid line."""
    drawn = RELATION.findall(block("erDiagram", (DOCS / "tables.md").read_text()))
    keys = {
        (foreign.column.table.name, table.name)
        for table in SQLModel.metadata.tables.values()
        for foreign in table.foreign_keys
    }

    entities = {name for one, _, other in drawn for name in (one, other)}

    assert {(one, other) for one, line, other in drawn if line == "--"} == keys
    assert entities | {"intake_offset"} == set(SQLModel.metadata.tables)


@pytest.mark.parametrize(("table", "states"), [("sync_record", State), ("attempt", Closing)])
def test_every_state_is_drawn_and_every_drawn_state_exists(table: str, states: type[StrEnum]) -> None:
    """The diagrams of docs/tables.md have the states of the code, no fewer and no others."""
    assert states_of(sections()[table]) == {state.value for state in states}


def test_what_a_payment_can_come_to_is_described() -> None:
    """The states of an application are drawn, and the reasons of a reversal named."""
    section = sections()["payment_application"]

    named = set(SPAN.findall(section))

    assert states_of(section) == {APPLIED, REVERSED}
    assert {reason.value for reason in ReversalReason} <= named


def test_every_word_of_the_glossary_stands_in_its_file() -> None:
    """A word that nobody uses any more leaves the glossary, or is found in another file."""
    found = list(words())

    missing = [f"{word}: {home}" for word, home in found if plain(word) not in plain((ROOT / home).read_text())]

    assert found
    assert missing == []


def test_no_word_of_the_glossary_has_two_meanings() -> None:
    """One word, one meaning: no word has two rows."""
    found = [word for word, _ in words()]

    assert sorted(found) == sorted(set(found))


def test_decisions_are_numbered_listed_and_told_in_one_form() -> None:
    """Every decision has the next number, its three headings, and its line in the first page."""
    pages = sorted((DOCS / "decisions").glob("*.md"))
    listed = LINK.findall(spoken(pages[0]))

    odd = [page.name for page in pages if re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) != HEADINGS]

    assert [int(page.name[:4]) for page in pages] == list(range(len(pages)))
    assert [page.name for page in pages[1:]] == listed
    assert odd == []
