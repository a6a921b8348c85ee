"""A world of real processes: the sandbox, workers that may be killed, a database and topics of its own, and a judge."""

import asyncio
import json
import os
import secrets
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text

from consumers.records import RealmId
from infra.database.engine import Database
from infra.database.enrolment import Enrolment, enrol
from infra.demo import catalogue, quiet, stage
from infra.demo.children import KLIPSYNC, end, last_words, launch
from infra.demo.comparison import Comparison, right
from infra.demo.control import Control, Opened
from infra.demo.expected import expected
from infra.demo.inbox import Inbox
from infra.kafka.producer import TransactionalProducer
from infra.kafka.topics import PARTITIONS
from infra.quickbooks.cipher import TokenCipher
from producers import files
from producers.files import Tally
from schemas.kinds import TenantId
from schemas.topics import INBOUND
from tests import databases

DAY = Path(__file__).parents[2] / "examples" / "one-day.jsonl"
TENANTS = tuple(company.tenant for company in catalogue.COMPANIES)
DOOMED = (sys.executable, "-m", "tests.acceptance.doomed")
QUICK = {
    "LEASE": "PT1.5S",
    "LEASE_RENEWAL": "PT0.5S",
    "CALL_TIME_OUT": "PT1.5S",
    "QUICKBOOKS_LAG": "PT0.1S",
    "REPEAT_AFTER": "PT1.6S",
    "GIVE_UP_OPEN_AFTER": "PT12S",
    "RETRY_FIRST": "PT0.5S",
    "RETRY_LONGEST": "PT2S",
    "THROTTLE_PAUSE": "PT1S",
    "OUTAGE_PAUSE": "PT1S",
    "POLL_EVERY": "PT1S",
    "POLL_OVERLAP": "PT20S",
    "IDLE_WAIT": "PT0.2S",
    "OUTBOX_LEASE": "PT1.5S",
    "DATABASE_BACKOFF": "PT0.5S",
    "POISON_RETRY": "PT1.5S",
    "IDLE_TRANSACTION": "PT2S",
}
MODES: dict[str, dict[str, object]] = {
    "forever": {"request_ids": "forever"},
    "none": {"request_ids": "none"},
    # Refresh tokens live on: where they do not, a kill between Intuit's answer and our store costs a consent.
    "harsh": {
        "request_ids": "none",
        "after_fault": "forgotten",
        "while_running": "executes_twice",
        "query_lag_seconds": 1,
        "feed_lag_seconds": 1,
        "refresh_tokens": "each_use",
    },
}
"""What QuickBooks' documents leave open, as the sandbox answers it."""
LAGGING = {"QUICKBOOKS_LAG": "PT1S", "REPEAT_AFTER": "PT2.6S"}
PATIENCE = 60.0
"""Seconds until books that are not right count as wrong. Nothing here is timed; this only ends a wait."""


@dataclass(slots=True, kw_only=True)
class World:
    """`lines` are the events published so far; the judge expects what they say, and nothing else."""

    kafka: str
    prefix: str
    database: Database
    control: Control
    comparison: Comparison
    looker: AIOKafkaConsumer
    """Tells how long the topics are; reads nothing."""
    env: dict[str, str]
    state: Path
    lines: list[str] = field(default_factory=list)
    workers: dict[str, Process] = field(default_factory=dict)

    # --- processes ---

    async def start(self, name: str = "w1", **doom: str) -> Process:
        """A worker: the installed command, or (with `doom`, see tests/acceptance/doomed.py) one that dies of itself."""
        command = (*DOOMED, name) if doom else (*KLIPSYNC, "worker", "--name", name)
        env = {**self.env, **{f"DOOM_{key.upper()}": value for key, value in doom.items()}}
        self.workers[name] = await launch(command, env=env, log=self.log(name))
        return self.workers[name]

    async def ready(self, name: str = "w1") -> None:
        """Wait until the worker has said in the database that it is at work."""
        newest = text("SELECT session FROM worker WHERE name = :name AND seen_at > :since")
        async with self.database.transaction() as connection:
            since = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.database.transaction() as connection:
                    if (await connection.execute(newest, {"name": name, "since": since})).first() is not None:
                        return
                await asyncio.sleep(0.1)

    async def stop(self, name: str = "w1") -> int:
        """SIGTERM; its exit code. A worker ends within ten seconds."""
        process = self.workers.pop(name)
        process.terminate()
        try:
            return await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            await end(process, patience=0)
            raise AssertionError(f"{name} did not end within 10 s of SIGTERM; {self.words(name)}") from None

    async def kill(self, name: str = "w1") -> None:
        """SIGKILL."""
        process = self.workers.pop(name)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def dies(self, name: str = "w1", *, seconds: float = PATIENCE) -> None:
        """Wait until the worker has killed itself with SIGKILL."""
        process = self.workers.pop(name)
        try:
            code = await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            await end(process, patience=0)
            raise AssertionError(f"{name} never came to where it was to die; {self.words(name)}") from None
        assert code == -signal.SIGKILL, f"{name} ended with {code}; {self.words(name)}"

    async def command(self, *words: str) -> str:
        """Run `klipsync …` to its end, which must be good; what it printed."""
        process = await asyncio.create_subprocess_exec(
            *KLIPSYNC, *words, env={**os.environ, **self.env}, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output
        return output.decode()

    def log(self, name: str) -> Path:
        return self.state / "logs" / f"worker-{name}.log"

    def words(self, name: str) -> str:
        return f"its log ends with:\n{last_words(self.log(name), count=30)}"

    # --- events ---

    async def publish(self, lines: Iterable[str], *, again: bool = False) -> None:
        """Publish events, in one transaction; with `again` they change nothing that is expected."""
        found = list(lines)
        part = Tally()
        messages = files.check([line.encode() for line in found], part, keep=files.WHOLE, progress=lambda _: None)
        assert messages is not None
        assert not part.invalid, part.bad
        async with TransactionalProducer(self.kafka, client_id="klipsync-test", prefix=self.prefix) as producer:
            await files.publish_whole(messages, producer, part)
        if not again:
            self.lines += found

    # --- QuickBooks ---

    async def pay(self, *, seconds: float = PATIENCE) -> str:
        """A bookkeeper pays an open, sent invoice in full, once any company has one; the payment's id."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for company in self.comparison.companies:
                for one in (await self.control.books(company.realm))["Invoice"]:
                    if one["EmailStatus"] == "EmailSent" and one["Balance"] == one["TotalAmt"] > 1:
                        return await self._pay(company.realm, one)
            await asyncio.sleep(0.2)
        raise AssertionError("no company has an open invoice")

    async def _pay(self, realm: str, invoice: Mapping[str, Any]) -> str:
        lines = [{"invoice": invoice["Id"], "amount": invoice["Balance"]}]
        body = {"customer": invoice["CustomerRef"]["value"], "amount": invoice["Balance"], "lines": lines}
        more = {"method": "Check", "reference": f"R{invoice['Id']}", "date": "2026-03-03"}
        made = await self.control.ask("POST", f"{realm}/payments", {**body, **more})
        return str(made["Id"])

    def realm(self, tenant: str) -> str:
        return next(one.realm for one in self.comparison.companies if one.tenant == tenant)

    async def writes(self, *, after: int = 0) -> list[dict[str, Any]]:
        """The journal's entries that changed something, or were to."""
        entries = await self.control.journal(after=after)
        return [one for one in entries if one["operation"] in {"create", "update", "void", "delete"}]

    async def reached(self) -> int:
        """The number of the newest entry of the journal."""
        return max((one["n"] for one in await self.control.journal(after=0)), default=0)

    # --- judging ---

    async def until_right(self, *, seconds: float = PATIENCE) -> None:
        """Wait until the books say what the events say, every payment came back, and nothing is left to be done."""
        deadline = time.monotonic() + seconds
        wrong = await self._wrong()
        while wrong and time.monotonic() < deadline:
            await asyncio.sleep(0.25)
            wrong = await self._wrong()
        assert not wrong, "\n".join((*wrong, *await quiet.hints(self.database), *map(self.words, self.workers)))

    async def until_quiet(self, *, seconds: float = PATIENCE) -> None:
        """Wait until every event published is folded and nothing is left to be done, whatever the books say."""
        deadline = time.monotonic() + seconds
        while not (await self._folded() and (await quiet.left(self.database)).nothing):
            assert time.monotonic() < deadline, f"still not quiet: {await quiet.left(self.database)}"
            await asyncio.sleep(0.25)

    async def _wrong(self) -> list[str]:
        verdict, payments = await self.comparison.compare(expected(self.lines))
        left = await quiet.left(self.database)
        if right(verdict, payments) and left.nothing:
            return []
        findings = [*verdict.mismatched, *verdict.missing, *verdict.duplicated]
        return [str(left), *map(str, findings[:20]), *map(str, payments.wrong[:20])]

    async def _folded(self) -> bool:
        """Whether intake's stored offsets are at the end of every topic."""
        async with self.database.transaction() as connection:
            rows = (await connection.execute(text("SELECT topic, partition, next_offset FROM intake_offset"))).all()
        stored = {TopicPartition(row.topic, row.partition): row.next_offset for row in rows}
        places = [TopicPartition(self.prefix + name, number) for name in INBOUND for number in range(PARTITIONS)]
        ends = await self.looker.end_offsets(places)
        # A transaction ends with a marker, which has an offset and is no message.
        return all(ends[place] - stored.get(place, 0) <= 1 for place in places)


@asynccontextmanager
async def world(
    *,
    kafka: str,
    postgres: str,
    state: Path,
    mode: str = "forever",
    tenants: Sequence[str] = TENANTS,
    **more: str,
) -> AsyncIterator[World]:
    """Everything but workers. `more` are settings besides the quick ones (without KLIPSYNC_)."""
    (state / "logs").mkdir(parents=True, exist_ok=True)
    prefix = f"w{secrets.token_hex(4)}."
    async with AsyncExitStack() as stack:
        url = stack.enter_context(databases.fresh_database(postgres))
        base = await stack.enter_async_context(
            stage.base(state, report=lambda _: None, kafka=kafka, database=url, prefix=prefix)
        )
        sandbox = await stack.enter_async_context(stage.sandbox(state / "logs" / "sandbox.log", switches=MODES[mode]))
        control = await stack.enter_async_context(Control(sandbox.control_url))
        quick = {**QUICK, **(LAGGING if mode == "harsh" else {}), "TOPIC_PREFIX": prefix, **more}
        settings = {f"KLIPSYNC_{name}": value for name, value in quick.items()}
        env = {**base.env, **sandbox.env, **settings}
        inbox = await stack.enter_async_context(Inbox(kafka, prefix=prefix))
        database = Database(url, connections=3)
        stack.push_async_callback(database.close)
        companies = []
        for tenant in tenants:
            companies.append(await control.open_company(tenant=tenant, name=tenant, time_zone="America/New_York"))
            await _enrol(database, companies[-1], keys=env["KLIPSYNC_TOKEN_KEYS"])
        looker = AIOKafkaConsumer(bootstrap_servers=kafka)
        await looker.start()
        stack.push_async_callback(looker.stop)
        comparison = Comparison(control=control, companies=companies, inbox=inbox)
        await comparison.remember()
        found = World(
            kafka=kafka,
            prefix=prefix,
            database=database,
            control=control,
            comparison=comparison,
            looker=looker,
            env=env,
            state=state,
        )
        try:
            yield found
        finally:
            for process in found.workers.values():
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _enrol(database: Database, opened: Opened, *, keys: str) -> None:
    """As `klipsync tenants add` does it, which the demo and the command's own tests run."""
    wish = Enrolment(
        tenant=TenantId(opened.tenant),
        realm=RealmId(opened.realm),
        environment="production",
        refresh_token=TokenCipher.of(keys).encrypt(opened.refresh_token),
        time_zone="America/New_York",
        income_account=opened.income_account,
    )
    async with database.transaction() as connection:
        await enrol(connection, wish)


def portions(lines: Iterable[str], *, tenants: Sequence[str] = TENANTS) -> list[list[str]]:
    """The day cut so that each part stands alone, the smallest first: clients with their locations and invoices.

    Clients between which an invoice moved stay together. Within a portion the order is the day's. Suppliers, which
    have nothing around them, are left out.
    """
    found = [line for line in lines if json.loads(line)["tenantid"] in tenants]
    groups: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for line in found:
        keys = _keys(json.loads(line))
        joined: set[tuple[str, str]] = set().union(*(groups.get(key, {key}) for key in keys), keys)
        groups |= dict.fromkeys(joined, joined)
    parts: dict[int, list[str]] = {}
    for line in found:
        parts.setdefault(id(groups[next(iter(_keys(json.loads(line))))]), []).append(line)
    return sorted((part for part in parts.values() if any("InvoiceCreated" in line for line in part)), key=len)


def _keys(event: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What an event is about, and the clients and locations that it names."""
    tenant, content = event["tenantid"], event["data"]
    keys = {(tenant, event["subject"])}
    if content.get("client_id"):
        keys.add((tenant, f"client/{content['client_id']}"))
    if content.get("location_id"):
        keys.add((tenant, f"client_location/{content['location_id']}"))
    return keys
