"""A shell in front of a migrated database of its own: the command klipsync, and SQL to prepare and to look."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import asyncpg
from cryptography.fernet import Fernet
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from typer.testing import CliRunner

from consumers.records import Record
from infra.cli import app
from infra.database.books import StoredBooks
from infra.database.engine import Database
from infra.database.intake import DUE_CHANNEL
from infra.database.migrate import migrate
from schemas import exact
from schemas.kinds import TenantId

KLIPSYNC: Final = str(Path(sys.executable).with_name("klipsync"))
REALM: Final = "9130"
SECONDS: Final = 60.0

Settings = Mapping[str, str | None]
"""Environment variables; None leaves one out."""

_TENANT: Final = """
INSERT INTO tenant (id, name, time_zone, currency, operator_pause, pause_cause, paused_until, rewound_at)
VALUES (:id, :id, 'UTC', 'USD', :operator_pause, :pause_cause,
        clock_timestamp() + make_interval(secs => :paused_for), CASE WHEN :rewound THEN clock_timestamp() END)
"""

_CONNECTION: Final = """
INSERT INTO connection (tenant_id, realm, environment, refresh_token, consent, session, state, cause)
VALUES (:id, :realm, 'production', 'x', 1, 'stay_connected', :state, :cause)
"""

_RECORD: Final = """
INSERT INTO sync_record (tenant_id, kind, klipboard_id, desired, revision, settled_revision, settled_version, state,
                         cause, next_step, waits_kind, waits_id, next_attempt_at, first_failed_at, tries, sent, seen,
                         unreturned, settled_at, folded_at)
VALUES (:tenant, :kind, :id, CAST(:desired AS jsonb), :revision, :settled, :settled_version, :state, :cause, :next_step,
        :waits_kind, :waits_id, clock_timestamp() + make_interval(secs => :next_in), :first_failed_at, :tries,
        CAST(:sent AS jsonb), CAST(:seen AS jsonb), CAST(:unreturned AS jsonb),
        CAST('2026-03-02T09:00:00Z' AS timestamptz) + make_interval(secs => :age),
        CAST('2026-03-02T08:00:00Z' AS timestamptz) + make_interval(secs => :age))
"""

_LINK: Final = """
INSERT INTO link (ledger, realm, tenant_id, kind, klipboard_id, type, quickbooks_id, token)
VALUES ('quickbooks', :realm, :tenant, :kind, :id, :type, :quickbooks_id, '3')
"""

_ATTEMPT: Final = """
INSERT INTO attempt (id, call_id, tenant_id, kind, klipboard_id, operation, type, path, request_id, body, realm, fence,
                     first_version, last_version, repeats, outcome, fault, intuit_tid, answered_at, next_step_at,
                     first_sent_at, sent_at)
VALUES (:request_id, :request_id, :tenant, :kind, :id, 'create', 'Invoice', '/invoice', :request_id, 'x', :realm, 42,
        4, 6, 2, CAST(:outcome AS text), CAST(:fault AS jsonb), :tid,
        CASE WHEN CAST(:outcome AS text) IS NOT NULL THEN clock_timestamp() END,
        clock_timestamp() + interval '2 minutes', '2026-03-02T09:00:00Z', '2026-03-02T09:00:05Z')
"""

_OWNER: Final = """
INSERT INTO lease (tenant_id, owner, session, fence, expires_at)
VALUES (:tenant, :owner, 's', 1, CAST(CAST(:until AS text) AS timestamptz))
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Commands see these settings of klipsync and no others."""

    url: str
    settings: Mapping[str, str]

    @classmethod
    def at(cls, url: str) -> Self:
        """A shell whose database has klipsync's tables."""
        asyncio.run(_migrated(url))
        return cls(url, {"KLIPSYNC_DATABASE": url, "KLIPSYNC_TOKEN_KEYS": Fernet.generate_key().decode()})

    def installed(self, *arguments: str, stdin: str = "", settings: Settings | None = None) -> Result:
        """Run the installed command as a process of its own."""
        ended = subprocess.run(
            [KLIPSYNC, *arguments],
            input=stdin,
            env=self._env(settings or {}),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Result(ended.returncode, ended.stdout, ended.stderr)

    def here(self, *arguments: str, stdin: str = "", settings: Settings | None = None) -> Result:
        """The same in this process, which is quicker. An exception that is no orderly exit fails the test."""
        ours = {name: None for name in os.environ if name.startswith("KLIPSYNC_")}
        ended = CliRunner().invoke(app, list(arguments), input=stdin, env={**ours, **self._env(settings or {})})
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Result(ended.exit_code, ended.stdout, ended.stderr)

    def on_a_terminal(self, *arguments: str, columns: int = 100) -> str:
        """What a person sees on a terminal of so many columns."""
        ours, theirs = pty.openpty()
        env = self._env({"COLUMNS": str(columns), "LINES": "50"})
        with subprocess.Popen([KLIPSYNC, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
            os.close(theirs)
            shown = b"".join(iter(lambda: _read(ours), b""))
            assert process.wait(SECONDS) == 0, shown
        os.close(ours)
        return shown.decode()

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """What the command prints with --json."""
        ended = self.here(*arguments, "--json")
        assert ended.code == 0, ended
        return json.loads(ended.out)

    def sql(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - columns
        """Run a statement; its rows, if it has any."""
        return asyncio.run(_execute(self.url, statement, parameters))

    def tenant(
        self,
        id: str = "acme",  # noqa: A002 - the column
        *,
        realm: str | None = REALM,
        connection: str = "connected",
        cause: str | None = None,
        owner: str | None = None,
        lease: str = "2100-01-01T00:00:00Z",
        **changes: Any,  # noqa: ANN401 - columns
    ) -> None:
        usual = {"operator_pause": None, "pause_cause": None, "paused_for": None, "rewound": False}
        self.sql(_TENANT, id=id, **{**usual, **changes})
        if realm is not None:
            self.sql(_CONNECTION, id=id, realm=realm, state=connection, cause=cause)
        if owner is not None:
            self.sql(_OWNER, tenant=id, owner=owner, until=lease)

    def record(self, subject: str, *, tenant: str = "acme", **changes: Any) -> None:  # noqa: ANN401 - columns
        kind, _, id_ = subject.partition("/")
        usual: dict[str, Any] = {
            **dict.fromkeys(("cause", "next_step", "waits_kind", "waits_id", "next_in", "first_failed_at", "seen")),
            "content": {"name": f"Name of {id_}"},
            "state": "synced",
            "revision": 3,
            "settled": 3,
            "settled_version": 4,
            "age": 0.0,
            "tries": 0,
            "sent": {},
            "unreturned": {},
        }
        row = {**usual, **changes}
        part = {"version": 6, "digest": "d", "value": row.pop("content")}
        stored = {name: _json(row[name]) for name in ("sent", "seen", "unreturned")}
        desired = exact.dumps({"content": part})
        self.sql(_RECORD, tenant=tenant, kind=kind, id=id_, desired=desired, **{**row, **stored})

    def link(self, subject: str, quickbooks_id: str, *, tenant: str = "acme", realm: str = REALM) -> None:
        kind, _, id_ = subject.partition("/")
        types = {"invoice": "Invoice", "item": "Item", "supplier": "Vendor"}
        type_ = types.get(kind, "Customer")
        self.sql(_LINK, tenant=tenant, realm=realm, kind=kind, id=id_, type=type_, quickbooks_id=quickbooks_id)

    def attempt(self, subject: str, request_id: str, **changes: Any) -> None:  # noqa: ANN401 - columns
        kind, _, id_ = subject.partition("/")
        row = {"tenant": "acme", "realm": REALM, "outcome": None, "fault": None, "tid": None, **changes}
        self.sql(_ATTEMPT, kind=kind, id=id_, request_id=request_id, **{**row, "fault": _json(row["fault"])})

    def state(self, subject: str) -> tuple[Any, ...]:
        """A record's state, revision and settled revision."""
        kind, _, id_ = subject.partition("/")
        statement = (
            "SELECT state, revision, settled_revision FROM sync_record WHERE kind = :kind AND klipboard_id = :id"
        )
        (found,) = self.sql(statement, kind=kind, id=id_)
        return found

    def due(self) -> Sequence[Record]:
        """What the owner of acme would look at."""
        return asyncio.run(_due(self.url))

    def worker(self, name: str) -> None:
        """A worker that was seen this hour."""
        self.sql(
            "INSERT INTO worker (name, session, seen_at) VALUES (:name, 's', clock_timestamp() + interval '1 hour')",
            name=name,
        )

    def actions(self) -> list[tuple[Any, ...]]:
        """What was stored of an operator's doings: action, tenant, details."""
        return self.sql("SELECT action, tenant_id, details FROM operator_action ORDER BY id")

    def tables(self) -> Sequence[object]:
        """All that a command might change: to show that one did not."""
        names = ("tenant", "connection", "sync_record", "link", "attempt", "operator_action")
        return [self.sql(f"SELECT to_jsonb(t) FROM {name} t ORDER BY to_jsonb(t)") for name in names]  # noqa: S608

    def _env(self, settings: Settings) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KLIPSYNC_")}
        wanted = {**clean, "COLUMNS": "500", "TERM": "dumb", "NO_COLOR": "1", **self.settings, **settings}
        return {name: value for name, value in wanted.items() if value is not None}


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[asyncio.Queue[str]]:
    """The tenants whose owners are woken, one by one."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn=address)
    await connection.add_listener(DUE_CHANNEL, lambda *told: heard.put_nowait(str(told[-1])))
    try:
        yield heard
    finally:
        await connection.close()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so that the other end was closed
        return b""


async def _due(url: str) -> Sequence[Record]:
    database = Database(url, connections=1)
    try:
        return await StoredBooks(database).due(TenantId("acme"), limit=50, besides=())
    finally:
        await database.close()


def _json(value: Any) -> str | None:  # noqa: ANN401 - JSON
    return None if value is None else exact.dumps(value)


async def _migrated(url: str) -> None:
    database = Database(url, connections=1)
    await migrate(database)
    await database.close()


async def _execute(url: str, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    engine = create_async_engine(url, poolclass=NullPool, json_deserializer=exact.loads)
    async with engine.begin() as connection:
        ran = await connection.execute(text(statement), parameters)
        rows = [tuple(row) for row in ran] if ran.returns_rows else []
    await engine.dispose()
    return rows
