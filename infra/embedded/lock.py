"""One set of parts a state folder. The kernel frees a dead one's lock, so a stale lock file hinders nobody."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from infra.embedded.errors import AlreadyRunning
from infra.embedded.programs import command_line, is_alive


@contextmanager
def held(path: Path, *, owner: int, patience: float, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file in the name of the process `owner`.

    Parts whose owner died need a moment to end: they are waited for, `patience` seconds at most.

    Raises:
        AlreadyRunning: the owner of the parts in this folder is alive, or its parts do not end.
    """
    with path.open("a+") as file:
        _take(file, path=path, deadline=time.monotonic() + patience, report=report)
        file.truncate(0)
        file.write(json.dumps({"owner": owner, "guardian": os.getpid()}))
        file.flush()
        yield


def refuse_survivor(pid: int | None, *, of: Path, name: str, patience: float) -> None:
    """Make sure that no process from an earlier run still works on `of`; one that is about to end is waited for.

    Raises:
        AlreadyRunning: it runs on.
    """
    deadline = time.monotonic() + patience
    while pid is not None and is_alive(pid) and str(of) in command_line(pid):
        if time.monotonic() > deadline:
            raise AlreadyRunning(
                f"{name} already runs on {of}, as process {pid}, and nobody watches over it. "
                f"End it (kill {pid}), or take another state folder."
            )
        time.sleep(0.05)


def noted_pid(path: Path) -> int | None:
    """The process id in the first line of a file; None if there is none."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _take(file: TextIO, *, path: Path, deadline: float, report: Callable[[str], None]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner, guardian = _holders(file)
        else:
            return
        # Without a name in it, the lock was taken this instant, and the name follows.
        if (owner is not None and is_alive(owner)) or time.monotonic() > deadline:
            raise AlreadyRunning(
                f"Kafka and PostgreSQL already run in {path.parent}, started by process {owner} (watched over by "
                f"process {guardian}). Stop process {owner} first, or take another state folder."
            )
        if owner is not None and not told:
            report(f"process {owner} is gone; waiting for its Kafka and PostgreSQL to end")
            told = True
        time.sleep(0.05)


def _holders(file: TextIO) -> tuple[int | None, int | None]:
    file.seek(0)
    try:
        noted = json.loads(file.read())
    except ValueError:
        return None, None
    return noted["owner"], noted["guardian"]
