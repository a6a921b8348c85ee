"""Logs: one line for each event, for people or for machines; without secrets, and without what libraries shout."""

import ast
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import BaseModel

from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.errors import BadTokenKeys
from infra.telemetry import logs
from infra.telemetry.redaction import redacted

ROOT = Path(__file__).parents[2]
PRODUCT = ("schemas", "mapping", "consumers", "producers", "infra")
FERNET = "gAAAAABlZ" + "x_-9" * 20 + "=="

Lines = Callable[[], list[dict[str, Any]]]

log = structlog.get_logger("klipsync.test")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """What `configure` changes is the process's own: the next test finds it as it was."""
    root, hook, show = logging.getLogger(), sys.excepthook, warnings.showwarning
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    sys.excepthook, warnings.showwarning = hook, show
    structlog.reset_defaults()


def configured(monkeypatch: pytest.MonkeyPatch, stream: StringIO | None = None, *, as_json: bool) -> StringIO:
    """What stands for standard error from now on."""
    shown = stream or StringIO()
    with monkeypatch.context() as here:
        here.setattr(sys, "stderr", shown)
        logs.configure(as_json=as_json)
    return shown


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What people see."""
    return configured(monkeypatch, as_json=False)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """What was logged since the last look, as JSON."""
    shown = configured(monkeypatch, as_json=True)

    def logged() -> list[dict[str, Any]]:
        new = [json.loads(line) for line in shown.getvalue().splitlines()]
        shown.seek(0)
        shown.truncate()
        return new

    return logged


def test_an_event_is_a_line_of_json_on_standard_error(lines: Lines) -> None:
    """Time in UTC, level, logger, sentence, fields, in this order."""
    log.warning("A lease was lost", tenant="acme", fence=7)

    (told,) = lines()

    assert told.pop("timestamp").endswith("Z")
    assert list(told.items()) == [
        ("level", "warning"),
        ("logger", "klipsync.test"),
        ("event", "A lease was lost"),
        ("tenant", "acme"),
        ("fence", 7),
    ]


def test_an_event_is_one_plain_line_for_people(plain: StringIO) -> None:
    """Without colours where nobody's terminal shows them; a field makes no second line and moves no cursor."""
    log.info("A lease was lost", tenant="acme\n2026-01-01 [info] all is well", subject="x\x1b[2K")
    shown = plain.getvalue()

    (line,) = shown.splitlines()
    assert "[info     ] A lease was lost [klipsync.test] tenant='acme\\n2026-01-01 [info] all is well'" in line
    assert r"subject='x\x1b[2K'" in line
    assert "\x1b" not in shown


class Terminal(StringIO):
    """Standard error that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_has_colours_unless_somebody_wants_none(
    monkeypatch: pytest.MonkeyPatch, no_color: str, *, coloured: bool
) -> None:
    """NO_COLOR is how people say so to every program."""
    monkeypatch.setenv("NO_COLOR", no_color)
    shown = configured(monkeypatch, Terminal(), as_json=False)

    log.warning("A lease was lost", tenant="acme")

    assert ("\x1b" in shown.getvalue()) is coloured


def test_a_logger_without_a_name_is_called_by_its_module(lines: Lines) -> None:
    """Most loggers have no name of their own; one can tell whose line it is."""
    namespace: dict[str, Any] = {"__name__": "infra.worker.worker", "structlog": structlog}
    exec("log = structlog.get_logger()\ndef tell(): log.info('It goes on')", namespace)  # noqa: S102

    namespace["tell"]()
    (told,) = lines()

    assert told["logger"] == "infra.worker.worker"


def test_an_exception_is_told_with_its_way_through_our_code(lines: Lines) -> None:
    """Type, message, file and line of each of ours, where else it was raised; and what it came from."""
    try:
        TokenCipher.of("no key")
    except BadTokenKeys:
        log.exception("It cannot start", tenant="acme")

    (told,) = lines()

    ours, theirs = told["exception"][:2]
    assert ours["type"] == "infra.quickbooks.errors.BadTokenKeys"
    assert ours["message"].startswith("KLIPSYNC_TOKEN_KEYS must hold Fernet keys")
    assert ours["frames"][-1].startswith("infra/quickbooks/cipher.py:")
    assert ours["frames"][-1].endswith(" of")
    assert theirs["type"] == "ValueError"
    assert theirs["frames"][-1].startswith("cryptography/fernet.py:")
    assert told["tenant"] == "acme"


def test_an_exception_is_told_to_people_below_its_line(plain: StringIO) -> None:
    """The same, a line for each step."""
    try:
        TokenCipher.of("no key")
    except BadTokenKeys:
        log.exception("It cannot start")

    first, error, *frames = plain.getvalue().splitlines()[:5]

    assert first.endswith("It cannot start [klipsync.test]")
    assert error.startswith("  infra.quickbooks.errors.BadTokenKeys: KLIPSYNC_TOKEN_KEYS must hold")
    assert [frame for frame in frames if frame.startswith("    infra/quickbooks/cipher.py:")]


def test_each_error_of_a_group_is_told(lines: Lines) -> None:
    """A worker's loops end as a group: the one that matters may be any of them."""
    group = ExceptionGroup("two loops ended", [ValueError("the first"), KeyError("the second")])

    log.error("It ended", exc_info=group)
    (told,) = lines()

    assert [one["message"] for one in told["exception"]][1:] == ["the first", "'the second'"]


def test_errors_that_cause_each_other_in_a_circle_have_an_end(lines: Lines) -> None:
    """Python allows it, and a log must not hang on it."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    log.error("It failed", exc_info=first)
    (told,) = lines()

    assert [one["message"] for one in told["exception"]] == ["first", "second"]


def test_what_a_model_refuses_is_not_quoted(lines: Lines) -> None:
    """What pydantic says has the value in it: a customer's name, or an amount."""

    class Client(BaseModel):
        balance: int

    try:
        Client.model_validate({"balance": "Ada Lovelace"})
    except ValueError:
        log.exception("It cannot be read")
    (told,) = lines()

    assert told["exception"][0]["message"].startswith("Client.balance: Input should be a valid integer")
    assert "Ada" not in json.dumps(told)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer eyJhbGciOi.J9_x-y~z+/= sent", "Authorization: Bearer [redacted] sent"),
        ("bearer abc", "bearer [redacted]"),
        ("Basic QUJDREVGR0hJSktMTU5PUA==", "Basic [redacted]"),
        ("Basic accounting", "Basic accounting"),
        ("a=b&refresh_token=AB1%2Fxy&c=d", "a=b&refresh_token=[redacted]&c=d"),
        ('{"refresh_token": "RT1-77", "x": 1}', '{"refresh_token": "[redacted]", "x": 1}'),
        (r"{\"access_token\":\"abc\"}", r"{\"access_token\":\"[redacted]\"}"),
        ("{'client_secret': 's3cret'}", "{'client_secret': '[redacted]'}"),
        ("Intuit no longer accepts its refresh token", "Intuit no longer accepts its refresh token"),
        (f"stored {FERNET}.", "stored [redacted]."),
        (repr(FERNET.encode()), "b'[redacted]'"),
        ("postgresql://klipsync:s3cret@db/klipsync", "postgresql://klipsync:[redacted]@db/klipsync"),
        ("duplicate key\nDETAIL:  Key (name)=(Ada) exists.\n[SQL: x]", "duplicate key\nDETAIL: [redacted]\n[SQL: x]"),
        ("invalid input for query argument $1: 'Ada' (no int)", "invalid input for query argument $1: [redacted]"),
    ],
)
def test_a_secret_is_blanked_wherever_it_stands(text: str, clean: str) -> None:
    """Bearer and refresh tokens, tokens as they are stored, passwords, and the rows that PostgreSQL quotes."""
    found = redacted({"why": [text]})

    assert found == {"why": [clean]}


def test_a_field_that_is_called_a_secret_is_blank_whatever_it_holds(lines: Lines) -> None:
    """In nested fields too; what merely counts tokens stays."""
    log.info("It was asked", refresh_token="RT1", headers={"Authorization": "xyz"}, tokens=3)

    (told,) = lines()

    assert (told["refresh_token"], told["headers"], told["tokens"]) == (
        "[redacted]",
        {"Authorization": "[redacted]"},
        3,
    )


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "plain"])
def test_no_way_into_the_log_lets_a_secret_through(monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> None:
    """The sentence, a field, an object's own words, an exception, and a library's line with its arguments."""
    stream = configured(monkeypatch, as_json=as_json)
    secret = f"refresh_token=AB1 {FERNET} Bearer xyz123"

    log.error(secret, why=secret, of=ValueError(secret), deep=[{"a": (secret,)}])
    log.error("It failed", exc_info=RuntimeError(secret))
    logging.getLogger("aiohttp.server").error("Error with %s", secret, exc_info=RuntimeError(secret))
    sys.excepthook(ValueError, ValueError(secret), None)
    shown = stream.getvalue()

    assert shown.count("[redacted]") >= 15
    assert not [piece for piece in ("AB1", "gAAAA", "xyz123") if piece in shown]


def test_libraries_log_the_same_way_from_warnings_on(lines: Lines) -> None:
    """One log, one form; their chatter stays out."""
    logging.getLogger("aiokafka.conn").info("connected")
    logging.getLogger("sqlalchemy.pool").warning("Connection %d is gone", 3)
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=ValueError("x"))

    first, second = lines()

    assert (first["level"], first["logger"], first["event"]) == ("warning", "sqlalchemy.pool", "Connection 3 is gone")
    assert second["exception"][0]["type"] == "ValueError"


NOISE = (
    ("aiokafka.consumer.group_coordinator", "Group Coordinator Request failed: [Error 15] COORDINATOR_NOT_AVAILABLE"),
    ("aiokafka.cluster", "Topic klipboard.clients not found in cluster metadata"),
    ("aiokafka.consumer.fetcher", "Failed fetch offsets from 1: [Error 6] NotLeaderForPartitionError: x"),
)


@pytest.mark.parametrize(("logger", "message"), NOISE)
def test_what_aiokafka_shouts_at_every_start_is_for_whoever_debugs(lines: Lines, logger: str, message: str) -> None:
    """Nothing is wrong then, and nobody should get used to errors in the log."""
    noisy = logging.getLogger(logger)

    noisy.error(message)
    unasked = lines()
    noisy.setLevel(logging.DEBUG)
    noisy.error(message)
    noisy.setLevel(logging.NOTSET)
    (asked,) = lines()

    assert unasked == []
    assert (asked["level"], asked["event"]) == ("debug", message)


def test_other_errors_of_the_same_libraries_are_heard(lines: Lines) -> None:
    """Only these sentences are lowered."""
    logging.getLogger("aiokafka.consumer.group_coordinator").error("Group Coordinator Request failed: [Error 30]")

    (told,) = lines()

    assert told["level"] == "error"


def test_a_bug_that_ends_the_process_is_its_last_line(lines: Lines) -> None:
    """Python's own last words would be no JSON, and would quote what they like."""
    sys.excepthook(ValueError, ValueError("what nobody foresaw"), None)

    (told,) = lines()

    assert (told["level"], told["event"]) == ("critical", "klipsync ended on a bug")
    assert told["exception"] == [{"type": "ValueError", "message": "what nobody foresaw", "frames": []}]


def test_every_log_call_is_a_constant_sentence_with_fields() -> None:
    """One can search for it, count it, and be sure that no customer is in it."""
    calls = [
        (f"{path.relative_to(ROOT)}:{call.lineno}", call)
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _is_log_call(call)
    ]

    assert len(calls) > 15
    assert [place for place, call in calls if not _is_constant(call)] == []


def _is_log_call(call: ast.Call) -> bool:
    """`log.info(…)` and its like, whatever the logger is called."""
    levels = {"debug", "info", "warning", "error", "critical", "exception"}
    by = call.func
    return (
        isinstance(by, ast.Attribute)
        and by.attr in levels
        and isinstance(by.value, ast.Name)
        and by.value.id.strip("_") in {"log", "logger"}
    )


def _is_constant(call: ast.Call) -> bool:
    sentence = call.args[0] if len(call.args) == 1 else None
    named = all(keyword.arg is not None for keyword in call.keywords)
    return isinstance(sentence, ast.Constant) and isinstance(sentence.value, str) and named
