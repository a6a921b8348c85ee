"""The process between klipsync and the parts: it starts them, watches over them, and ends them with its parent.

It ends in order when its standard input ends or its parent is gone, however that went. If the guardian itself is
killed, the kernel tells the parts (on Linux; elsewhere the next start finds and names them).

It has one thread and waits by looking several times a second: signals then mean the same everywhere in it.
"""

import argparse
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from infra.embedded import kafka, postgres
from infra.embedded.errors import EmbeddedError, PartEnded, PartNotStarted, last_lines
from infra.embedded.jars import KAFKA, cache_folder, kafka_jars
from infra.embedded.lock import held
from infra.embedded.messages import Addresses, Failed, Message, Progress, Ready, to_line
from infra.embedded.ports import answers, choose_ports
from infra.embedded.programs import Program, stop
from infra.embedded.rooms import Rooms, opened_rooms

_GLANCE: Final = 0.25  # seconds between looks after the parent
_PATIENCE: Final = 20.0  # seconds for what an earlier run left to end: Kafka's orderly end, and as much again
_START: Final = 90.0  # seconds for a part to take connections: 2 s as a rule, more after a crash or on a busy machine
_CHANNEL: Final = 9  # the file descriptor of our messages
_PORT_TRIES: Final = 3  # somebody may take a free port between our look and Kafka's


class Stopped(BaseException):
    """Our parent wants no more of us, or is gone. Not an error, so nobody who catches errors may keep it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the parent asked for."""

    rooms: Rooms
    parent: int
    kafka: bool
    postgres: bool


@dataclass
class Running:
    """What runs so far; filled while starting, so that whatever interrupts the start can end it."""

    programs: list[Program] = field(default_factory=list)


def main() -> int:
    """Run until the parent is gone (0) or something fails (1)."""
    wanted = _wanted(sys.argv[1:])
    _keep_output_for_messages()
    try:
        with _watching(wanted.parent):
            _guard(wanted)
    except Stopped:
        return 0
    except EmbeddedError as error:
        _tell(Failed(type(error).__name__, str(error)))
        return 1
    except OSError as error:
        place = wanted.rooms.state
        _tell(Failed(PartNotStarted.__name__, f"Kafka and PostgreSQL cannot work in {place}: {error}. See to that."))
        return 1
    return 0


def _keep_output_for_messages() -> None:
    """Whatever a library prints goes to the log, not between our messages."""
    os.dup2(1, _CHANNEL)
    os.set_inheritable(_CHANNEL, False)
    os.dup2(2, 1)


def _wanted(arguments: list[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="infra.embedded.guardian")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args(arguments)
    return Wanted(rooms=opened_rooms(given.state), parent=given.parent, kafka=given.kafka, postgres=given.postgres)


@contextmanager
def _watching(parent: int) -> Iterator[None]:
    """Raise Stopped, wherever we are, once the parent is gone, has closed our input, or ends us by SIGTERM."""

    def stopped(_signal: int, _frame: FrameType | None) -> None:
        _stop_watching()
        raise Stopped

    def glance(_signal: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent or _input_has_ended():
            _stop_watching()
            raise Stopped

    # A person's Ctrl-C reaches everybody at the terminal; our parent decides what it means for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGALRM, glance)
    signal.setitimer(signal.ITIMER_REAL, _GLANCE, _GLANCE)
    try:
        yield
    finally:
        _stop_watching()


def _stop_watching() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _input_has_ended() -> bool:
    readable, _, _ = select.select([0], [], [], 0)
    return bool(readable) and os.read(0, 1024) == b""


def _guard(wanted: Wanted) -> None:
    running = Running()
    with held(wanted.rooms.lock, owner=wanted.parent, patience=_PATIENCE, report=_report):
        try:
            _tell(Ready(_start(wanted, running)))
            _watch_over(running.programs)
        finally:
            _stop_watching()  # a second wish to stop must not interrupt the first
            stop(running.programs)


def _start(wanted: Wanted, running: Running) -> Addresses:
    sockets = None
    if wanted.postgres:
        _report("starting PostgreSQL 18")
        program, sockets = postgres.launch_postgres(wanted.rooms, patience=_PATIENCE, report=_report)
        running.programs.append(program)
    broker = _start_kafka(wanted.rooms, running) if wanted.kafka else ""
    if wanted.postgres:
        _await(running.programs[0], ready=partial(postgres.is_ready, wanted.rooms))
    return Addresses(kafka=broker, postgres=postgres.url(sockets) if sockets else "")


def _start_kafka(rooms: Rooms, running: Running) -> str:
    jars = kafka_jars(cache=cache_folder(), report=_report)
    _report(f"starting {KAFKA}")
    for tries_left in reversed(range(_PORT_TRIES)):
        ports = choose_ports(rooms.ports)
        program = kafka.launch_kafka(rooms, jars=jars, ports=ports, patience=_PATIENCE)
        running.programs.append(program)
        try:
            _await(program, ready=partial(answers, ports.broker))
        except PartNotStarted:
            if not (tries_left and "Address already in use" in last_lines(rooms.kafka_log, count=200)):
                raise
            running.programs.remove(program)
            rooms.ports.unlink()
        else:
            return f"127.0.0.1:{ports.broker}"
    raise AssertionError("the last try returns or raises")


def _await(program: Program, *, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START
    while not ready():
        if program.has_ended() or time.monotonic() > deadline:
            how = f"ended with exit code {program.process.returncode}" if program.has_ended() else "takes too long"
            raise PartNotStarted(
                f"{program.name} did not start: it {how}. Its log {program.log} says why; "
                f"it ends with:\n{last_lines(program.log)}"
            )
        time.sleep(0.02)


def _watch_over(programs: list[Program]) -> None:
    """Look after the parts until one ends, which it should not; or until the parent is gone."""
    while True:
        for program in programs:
            if program.has_ended():
                raise PartEnded(
                    f"{program.name} ended by itself (exit code {program.process.returncode}), so all parts are "
                    f"stopped. Its log {program.log} says why; it ends with:\n{last_lines(program.log)}"
                )
        time.sleep(_GLANCE)


def _report(text: str) -> None:
    _tell(Progress(text))


def _tell(message: Message) -> None:
    with suppress(BrokenPipeError):  # the parent is gone, which the next glance notices
        os.write(_CHANNEL, to_line(message).encode())


if __name__ == "__main__":
    sys.exit(main())
