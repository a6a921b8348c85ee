"""Where the tests find Kafka and PostgreSQL, and why there: by address, in containers, or embedded."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

START_SECONDS = 150.0  # the first start on a machine fetches Kafka's jars
STOP_SECONDS = 20.0  # Kafka's own shutdown takes about two
DOCKER_SECONDS = 10.0  # a daemon that needs longer to say who it is does not answer

NO_DOCKER = "no Docker daemon answers"
EXCUSED = (NO_DOCKER,)  # what a CI machine may lack; every other skip there is a failure

KAFKA_VARIABLE = "KLIPSYNC_TEST_KAFKA"
POSTGRES_VARIABLE = "KLIPSYNC_TEST_POSTGRES"
FORM_VARIABLE = "KLIPSYNC_TEST_FORM"


class Form(StrEnum):
    """The three ways to reach a real server."""

    ADDRESS = "address"
    CONTAINERS = "containers"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class Place:
    """One part, how the tests reach it, and the reason, as pytest's header shows it."""

    part: str
    form: Form
    reason: str
    address: str = ""  # known beforehand for Form.ADDRESS only

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.part}: {self.form} ({self.reason})"


def choose(*, part: str, variable: str, environment: Mapping[str, str], docker: Callable[[], bool]) -> Place:
    """An address wins; then what KLIPSYNC_TEST_FORM asks for; then containers where a daemon answers; then embedded."""
    if address := environment.get(variable):
        return Place(part=part, form=Form.ADDRESS, reason=f"{variable} is set", address=address)
    if wanted := environment.get(FORM_VARIABLE):
        return Place(part=part, form=Form(wanted), reason=f"{FORM_VARIABLE} asks for it")
    if docker():
        return Place(part=part, form=Form.CONTAINERS, reason=f"no {variable}; a Docker daemon answers")
    return Place(part=part, form=Form.EMBEDDED, reason=f"no {variable}; {NO_DOCKER}")


def kafka_place() -> Place:
    """Where this run finds Kafka."""
    return choose(part="kafka", variable=KAFKA_VARIABLE, environment=os.environ, docker=docker_answers)


def postgres_place() -> Place:
    """Where this run finds PostgreSQL."""
    return choose(part="postgres", variable=POSTGRES_VARIABLE, environment=os.environ, docker=docker_answers)


@cache
def docker_answers() -> bool:
    """Whether a daemon answers; a Docker client alone is none."""
    try:
        answer = subprocess.run(["docker", "info"], capture_output=True, timeout=DOCKER_SECONDS, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


@contextmanager
def kafka_container() -> Iterator[str]:
    """Kafka in a container, in KRaft mode; yields its bootstrap address."""
    from testcontainers.community.kafka import KafkaContainer

    container = KafkaContainer("confluentinc/cp-kafka:8.1.0").with_kraft()
    # One broker cannot keep the three copies that transactions want by default.
    container.with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
    container.with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
    container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    with container as kafka:
        yield kafka.get_bootstrap_server()


@contextmanager
def postgres_container() -> Iterator[str]:
    """PostgreSQL in a container; yields a SQLAlchemy asyncpg URL of its admin database."""
    from testcontainers.community.postgres import PostgresContainer

    with PostgresContainer("postgres:18", driver="asyncpg") as postgres:
        yield postgres.get_connection_url()


@dataclass(frozen=True)
class Addresses:
    """What the embedded parts tell."""

    kafka: str
    postgres: str


@contextmanager
def embedded(state: Path) -> Iterator[Addresses]:
    """Kafka and PostgreSQL as a program of their own, so that no event loop of a test has to stay alive for them."""
    state.mkdir(parents=True, exist_ok=True)
    log = state / "embedded.log"
    command = [sys.executable, "-m", "infra.embedded", "--state", str(state / "parts"), "--json"]
    with log.open("wb") as errors:
        # It ends when its standard input does: a test run killed with SIGKILL leaves no server behind.
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
    # A start that hangs is ended here, which ends the reading below with an empty line.
    alarm = threading.Timer(START_SECONDS, program.kill)
    alarm.start()
    try:
        addresses = _first_addresses(program, log=log)
        alarm.cancel()
        yield addresses
    finally:
        alarm.cancel()
        _stop(program)


def _first_addresses(program: subprocess.Popen[str], *, log: Path) -> Addresses:
    for line in program.stdout or ():
        if line.startswith("{"):
            told = json.loads(line)
            return Addresses(kafka=told["kafka"], postgres=told["postgres"])
    message = f"the embedded parts ended before they told their addresses:\n{log.read_text(errors='replace')[-4000:]}"
    raise RuntimeError(message)


def _stop(program: subprocess.Popen[str]) -> None:
    program.terminate()
    try:
        program.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    for pipe in (program.stdin, program.stdout):
        if pipe is not None:
            pipe.close()
