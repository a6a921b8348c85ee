"""The rules that hold for the repository as a whole: its rooms, its names, its sizes, and what it never mentions."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("schemas", "mapping", "consumers", "producers", "infra")
PACKAGES = (*PRODUCT, "tests")
ROOMS = {*PACKAGES, "docs", "benchmarks", "examples", ".ci"}
PAPERS = {
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml", "constraints.txt",
    ".pre-commit-config.yaml", ".gitignore",
}  # fmt: skip

LONGEST_FILE = 400  # lines
CODE = {".py", ".toml", ".sql", ".mako", ".sh"}
UNREAD = {".jsonl", ".sha256", ".png", ".gz"}  # data: long, or not text

# Words that say nothing about what a thing is. As the first word of a function they are verbs.
EMPTY_VERBS = {"process", "handle", "do", "manage"}
EMPTY_NOUNS = {"data", "util", "utils", "helper", "helpers", "misc", "manager"}
# `reference data` is a word of the trade: accounts, tax codes, the catalogue (docs/glossary.md).
# Names that a library chose: SQLAlchemy's types, asyncio's protocols, http.server.
DICTATED = {"process_bind_param", "process_result_value", "process_literal_param", "data_received", "do_GET", "do_POST"}

# Written with a gap, which is closed below, so that this file names none of them itself.
SOURCES = r"\bshared~/|DESIGN~\.md|DESIGN~ §|QUICKBOOKS~_FACTS|KLIPBOARD~_RULES|STYLE~\.md|\bfact~ sheet".replace(
    "~", ""
)
MACHINE = r"(?<![\w.])/(work~/|root~/|home~/|tmp~/klip)".replace("~", "")
HOSTS = r"pypi~\.org|pythonhosted~\.org|find~-links|index~-url|trusted~-host".replace("~", "")


def own_files() -> list[Path]:
    """Every file that git would keep: all but what .gitignore names."""
    return sorted(path for path in _walk(ROOT) if path.is_file())


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name == ".git" or any(fnmatch(path.name, pattern) for pattern in _ignored()):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _ignored() -> list[str]:
    return [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line]


def modules(*packages: str) -> list[Path]:
    """Every Python file of these top-level packages."""
    return [path for path in own_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in packages]


def definitions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Every function and class of a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in small letters."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]


def says_nothing(name: str, *, verb_allowed: bool) -> bool:
    """Whether a name rests on an empty word."""
    found = words(name.replace("ReferenceData", "").replace("reference_data", ""))
    empty_verb = not verb_allowed and bool(found) and found[0] in EMPTY_VERBS
    return name not in DICTATED and (empty_verb or not EMPTY_NOUNS.isdisjoint(found))


def places_of(pattern: str, paths: list[Path]) -> list[str]:
    """Where a pattern stands, as `file:line: text`."""
    found = re.compile(pattern, re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in paths
        if path.suffix not in UNREAD
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if found.search(line)
    ]


def test_the_top_level_holds_its_rooms_and_nothing_else() -> None:
    """Top level: the six packages, and beside them only what a repository needs."""
    top = {path.relative_to(ROOT).parts[0] for path in own_files()}

    assert top <= ROOMS | PAPERS
    assert all((ROOT / package / "__init__.py").is_file() for package in PACKAGES)


def test_every_package_has_its_init() -> None:
    """A folder of modules without `__init__.py` would be left out of an installed klipsync."""
    assert [path for path in modules(*PACKAGES) if not (path.parent / "__init__.py").is_file()] == []


def test_the_pins_name_no_address() -> None:
    """The constraints say what, with its hash; where from is the matter of each machine's pip."""
    assert places_of(rf"://|^\s*-(?!-hash=)|{HOSTS}", [ROOT / "constraints.txt"]) == []


def test_every_pin_has_a_hash() -> None:
    """A pin without a hash would make pip refuse the whole file, or trust whatever it is given."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.lstrip().startswith("#")]

    unhashed = [line for line, after in pairwise([*lines, ""]) if "==" in line and "--hash=sha256:" not in after]

    assert any("==" in line for line in lines)
    assert unhashed == []


@pytest.mark.parametrize("pattern", [SOURCES, MACHINE, HOSTS], ids=["sources", "machine paths", "registry hosts"])
def test_no_file_mentions_what_only_one_machine_has(pattern: str) -> None:
    """The repository stands alone: no path of one machine, no registry, no paper that does not come with it."""
    # The lock target has to name the options that it switches off.
    paths = [path for path in own_files() if path != ROOT / "Makefile"]

    assert places_of(pattern, paths) == []


def test_no_file_is_too_long_to_read() -> None:
    """A file holds one noun and is never over 400 lines."""
    code = [path for path in own_files() if path.suffix in CODE or path.name == "Makefile" or path.parent.name == ".ci"]

    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in code}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_module_has_an_empty_name() -> None:
    """A module is named after the one noun it holds."""
    # A module of the embedded parts may hold an operating system's processes: there the word is a thing, not a verb.
    empty = [path for path in modules(*PACKAGES) if says_nothing(path.stem, verb_allowed="embedded" in path.parts)]

    assert empty == []


def test_no_function_and_no_class_has_an_empty_name() -> None:
    """Functions fold, plan, map, write, settle, poll, merge, publish, relay, claim, release: they say what they do."""
    empty = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for path in modules(*PACKAGES)
        for node in definitions(path)
        if not node.name.startswith("test_") and says_nothing(node.name, verb_allowed=_may_use_verbs(path, node))
    ]

    assert empty == []


def _may_use_verbs(path: Path, node: ast.AST) -> bool:
    """HTTP handlers handle, and a class or a fixture may be an operating system's process."""
    serves_http = "aiohttp" in path.read_text() and "web" in path.read_text()
    is_thing = isinstance(node, ast.ClassDef) or "embedded" in path.parts or "tests" in path.relative_to(ROOT).parts[:1]
    return serves_http or is_thing


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("process_event", True),
        ("_handle", True),
        ("do_nothing", True),
        ("string_utils", True),
        ("TenantData", True),
        ("subprocess_of", False),
        ("fold", False),
        ("metadata", False),
        ("process_bind_param", False),
    ],
)
def test_an_empty_name_is_known_by_its_words(name: str, *, empty: bool) -> None:
    """The rule looks at whole words, so that `metadata` may stay and `TenantData` may not."""
    assert says_nothing(name, verb_allowed=False) is empty


def test_every_test_says_what_it_promises() -> None:
    """Each test opens with a sentence: the promise that it keeps."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for path in modules("tests")
        for node in definitions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert silent == []
