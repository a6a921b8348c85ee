"""What every command about records and tenants says of itself, and of a database or a setting that is amiss."""

import re

import pytest

from infra import cli
from tests.integration.shell import Shell

pytestmark = pytest.mark.postgres


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell.at(database_url)


COMMANDS = [
    *(["records", "list"], ["records", "show", "acme", "invoice/1"], ["records", "replay", "--all"]),
    *(["records", "recreate", "acme", "invoice/1", "--yes"], ["records", "ignore", "acme", "invoice/1"]),
    *(["tenants", "list"], ["tenants", "show", "acme"], ["tenants", "pause", "acme", "--why", "x"]),
    ["tenants", "resume", "acme"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_without_tables_is_told(database_url: str, command: list[str]) -> None:
    """One sentence and exit code 1, and no traceback."""
    shell = Shell(database_url, {"KLIPSYNC_DATABASE": database_url})

    ended = shell.here(*command)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "The database has no tables of klipsync yet. `klipsync worker` makes them when it starts.\n"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"KLIPSYNC_DATABASE": None}, "KLIPSYNC_DATABASE: postgresql+asyncpg://user@host/name;"),
        ({"KLIPSYNC_DATABASE": "postgresql+asyncpg://u:hush@127.0.0.1:1/x"}, "The database cannot be reached: "),
        ({"KLIPSYNC_DATABASE": "postgresql://u:hush@127.0.0.1:1/x"}, "KLIPSYNC_DATABASE begins with postgresql://"),
        ({"KLIPSYNC_DATABASE": "hush"}, "KLIPSYNC_DATABASE is no address of a database"),
        ({"KLIPSYNC_DATABASE": "postgresql+asyncpg://u:hush@h:port/x"}, "KLIPSYNC_DATABASE is no address"),
        ({"KLIPSYNC_LEASE": "hush"}, "KLIPSYNC_LEASE: "),
        ({"KLIPSYNC_LEASE": "PT1S"}, "KLIPSYNC_LEASE must be at least three times KLIPSYNC_LEASE_RENEWAL"),
    ],
    ids=["none", "nobody there", "driver", "no address", "port", "wrong setting", "settings that contradict"],
)
def test_settings_that_cannot_be_are_told(shell: Shell, settings: dict[str, str | None], sentence: str) -> None:
    """A sentence that names the setting, never its secret part, exit code 1, and no traceback."""
    for command in (["records", "list"], ["tenants", "list"]):
        ended = shell.here(*command, settings=settings)

        assert (ended.code, ended.out, len(ended.err.splitlines())) == (1, "", 1)
        assert sentence in ended.err
        assert "hush" not in ended.err


def test_a_database_that_refuses_is_told(shell: Shell) -> None:
    """With PostgreSQL's own words, and no statement."""
    ended = shell.installed(
        "tenants", "list", settings={"KLIPSYNC_DATABASE": shell.url.replace("klipsync_test_", "missing_")}
    )

    assert (ended.code, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert "does not exist" in ended.err
    assert "SELECT" not in ended.err


@pytest.mark.parametrize(
    "command",
    [["tenants", name] for name in ("add", "list", "show", "pause", "resume")]
    + [["records", name] for name in ("list", "show", "replay", "recreate", "ignore")],
    ids=" ".join,
)
def test_every_help_shows_an_example(command: list[str]) -> None:
    """A person at night copies it."""
    shell = Shell("", {})

    ended = shell.here(*command, "--help")

    assert ended.code == 0
    assert f"Example: klipsync {' '.join(command)}" in " ".join(ended.out.split())


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_listed_and_can_be_called(name: str) -> None:
    """`klipsync --help` names it, and it has a help of its own: its module is found only when it is called."""
    shell = Shell("", {})

    listed, ended = shell.here("--help"), shell.here(name, "--help")

    assert re.search(rf"^\W+{name} ", listed.out, re.MULTILINE)
    assert (ended.code, f"Usage: klipsync {name}" in " ".join(ended.out.split())) == (0, True)


def test_a_misspelt_command_is_guessed() -> None:
    """Also one whose module nobody has imported."""
    ended = Shell("", {}).here("recrds")

    assert (ended.code, "Did you mean 'records'?" in ended.err) == (2, True)
