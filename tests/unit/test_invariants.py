"""docs/invariants.md lists promise, test and code side by side; here it is checked that the list is true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.test_docs import absent

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "invariants.md"
PRODUCT = ("schemas", "mapping", "consumers", "producers", "infra")
SPAN = re.compile(r"`([^`\n]+)`")
RULE = re.compile(r"R-\d\d")

# The business rules that this version keeps; README says which ones come later.
KEPT = {
    *("R-01", "R-17", "R-20", "R-21", "R-24", "R-27", "R-30", "R-36", "R-40", "R-41", "R-43", "R-44", "R-45"),
    *("R-46", "R-47", "R-48", "R-49"),
}


class Row(NamedTuple):
    """One promise."""

    promise: str
    tests: tuple[str, ...]
    code: tuple[str, ...]


def rows() -> Iterator[Row]:
    """Every row of every table on the page."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if len(cells) == 3 and not set(cells[0]) <= set("-: ") and cells[0].lower() != "promise":
            yield Row(cells[0], tuple(SPAN.findall(cells[1])), tuple(SPAN.findall(cells[2])))


def sentence_of(test: str) -> str:
    """The docstring of a test that is named as `path::function`."""
    name, _, function = test.partition("::")
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function:
            return ast.get_docstring(node) or ""
    return ""


def test_there_is_a_list() -> None:
    """An empty page would make every other check here pass."""
    assert len(list(rows())) > 100


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.promise[:60])
def test_each_promise_names_a_test_that_exists_and_code_that_exists(row: Row) -> None:
    """A promise without its test is a wish; one whose code is gone is a memory."""
    assert row.tests
    assert row.code
    assert [test for test in row.tests if not re.fullmatch(r"tests/[\w/]+\.py::test_\w+", test)] == []
    assert [code for code in row.code if code.partition("/")[0] not in PRODUCT or "::" not in code] == []
    assert [span for span in (*row.tests, *row.code) if absent(span) is not None] == []


def test_no_promise_stands_twice() -> None:
    """Two rows with one sentence would go apart in time."""
    promises = [row.promise for row in rows()]

    assert sorted(set(promises)) == sorted(promises)


def test_every_rule_of_the_business_that_is_kept_has_its_test() -> None:
    """Each rule id stands in the list, and in the sentence of a test that it names, so one can ask which it is."""
    listed = {rule for row in rows() for rule in RULE.findall(row.promise)}
    held = {rule for row in rows() for test in row.tests for rule in RULE.findall(sentence_of(test))}

    assert listed >= KEPT
    assert held >= KEPT
