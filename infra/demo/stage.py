"""Everything that must run before an event can become a QuickBooks record: parts, tables, topics, sandbox, tenants."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

from infra.database.engine import Database
from infra.database.migrate import migrate
from infra.demo.children import KLIPSYNC, ChildFailed, Kept, end, last_words, launch, run
from infra.demo.control import Opened
from infra.embedded import parts
from infra.embedded.parts import EmbeddedError, Parts
from infra.embedded.programs import is_alive
from infra.kafka.topics import ensure_topics

Report = Callable[[str], None]
_START: Final = 30.0  # seconds for the sandbox to say where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Kafka with its topics, and the migrated database."""

    kafka: str
    database: str
    state: Path
    parts: Parts | None = None
    """What runs embedded, where anything does."""

    async def ended(self) -> EmbeddedError | None:
        """Wait until an embedded part ends by itself; for ever where none runs."""
        if self.parts is None:
            await asyncio.Event().wait()
            return None
        return await self.parts.ended()

    @property
    def env(self) -> dict[str, str]:
        """What every process of ours must know of it."""
        keys = token_keys(self.state)
        return {"KLIPSYNC_KAFKA": self.kafka, "KLIPSYNC_DATABASE": self.database, "KLIPSYNC_TOKEN_KEYS": keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAddresses:
    """Where the sandbox QuickBooks answers."""

    base_url: str
    token_url: str
    control_url: str
    client_id: str
    client_secret: str

    @property
    def env(self) -> dict[str, str]:
        """What makes a worker talk to the sandbox."""
        return {
            "KLIPSYNC_QUICKBOOKS_API": self.base_url,
            "KLIPSYNC_QUICKBOOKS_TOKEN_URL": self.token_url,
            "KLIPSYNC_CLIENT_ID": self.client_id,
            "KLIPSYNC_CLIENT_SECRET": self.client_secret,
        }


@asynccontextmanager
async def base(
    state: Path, *, report: Report, kafka: str | None = None, database: str | None = None, prefix: str = ""
) -> AsyncIterator[Base]:
    """Start what no address was given for, then make tables and topics. Raises EmbeddedError, KafkaError."""
    started: Parts | None = None
    async with AsyncExitStack() as stack:
        if kafka is None or database is None:
            report("starting Kafka and PostgreSQL")
            started = await parts.start(state, report=report, kafka=kafka is None, postgres=database is None)
            await stack.enter_async_context(started)
            kafka, database = kafka or started.addresses.kafka, database or started.addresses.postgres
        report("making tables and topics")
        await asyncio.gather(_migrated(database), ensure_topics(kafka, prefix=prefix))
        yield Base(kafka=kafka, database=database, state=state, parts=started)


@asynccontextmanager
async def sandbox(log: Path, *, switches: Mapping[str, object] | None = None) -> AsyncIterator[SandboxAddresses]:
    """A sandbox QuickBooks in a process of its own, with these switches. Raises ChildFailed."""
    chosen = [word for name, value in (switches or {}).items() for word in ("--switch", f"{name}={value}")]
    command = (*KLIPSYNC, "sandbox", "--port", "0", "--company", "empty", *chosen, "--json")
    process = await launch(command, env={}, log=log, piped=True)
    try:
        async with asyncio.timeout(_START):
            line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise ChildFailed(f"The sandbox QuickBooks did not start; {log} ends with:\n{last_words(log)}")
        told = json.loads(line)
        yield SandboxAddresses(**{one.name: told[one.name] for one in fields(SandboxAddresses)})
    finally:
        await end(process)


@asynccontextmanager
async def workers(
    names: Sequence[str], *, env: Mapping[str, str], logs: Path, report: Report
) -> AsyncIterator[list[Kept]]:
    """Worker processes, each started again under its name when it dies, ended together."""
    kept = [
        Kept(
            name=name,
            command=(*KLIPSYNC, "worker", "--name", name),
            env=env,
            log=logs / f"worker-{name}.log",
            tell=report,
        )
        for name in names
    ]
    for one in kept:
        one.start()
    try:
        yield kept
    finally:
        await asyncio.gather(*(one.stop() for one in kept))


async def add_tenant(opened: Opened, *, time_zone: str, env: Mapping[str, str], state: Path) -> None:
    """Make the tenant with its consent, by the same command that a person would use. Raises ChildFailed."""
    secret = state / f"refresh-token-{opened.tenant}"
    write_secret(secret, opened.refresh_token)
    command = (
        *(*KLIPSYNC, "tenants", "add", opened.tenant, "--realm", opened.realm),
        *("--refresh-token-file", str(secret), "--income-account", opened.income_account, "--time-zone", time_zone),
    )
    try:
        await run(command, env=env, log=state / "logs" / "tenants.log")
    finally:
        secret.unlink()


def token_keys(state: Path) -> str:
    """The key that encrypts tokens in this state folder's database; made once, readable by us alone."""
    path = state / "token-keys"
    if not path.exists():
        write_secret(path, Fernet.generate_key().decode())
    return path.read_text().strip()


def write_secret(path: Path, text: str) -> None:
    """A file that nobody else may read, from its first byte on."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(text)
    fresh.replace(path)


def fresh_folder(parent: Path) -> Path:
    """A folder for one run; what finished runs left is removed, so that only the last one's logs take room."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in parent.glob("run-*"):
        with suppress(ValueError):
            if not is_alive(int(old.name.rpartition("-")[2])):
                shutil.rmtree(old, ignore_errors=True)
    folder = parent / f"run-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir(mode=0o700)
    return folder


async def _migrated(url: str) -> None:
    database = Database(url, connections=2)
    try:
        await migrate(database)
    finally:
        await database.close()
