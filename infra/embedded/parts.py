"""Kafka and PostgreSQL as parts of our own process tree, seen from the process that wants them."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self, TypeVar

from infra.embedded.errors import EmbeddedError, GuardianEnded, PartNotStarted, error_named
from infra.embedded.messages import Addresses, Progress, Ready, from_line
from infra.embedded.rooms import Rooms, opened_rooms

__all__ = ["Addresses", "EmbeddedError", "Parts", "start"]

_STOP: Final = 20.0  # seconds for an orderly end; the guardian itself kills after 10
_IMPORTS: Final = Path(__file__).parents[2]  # the guardian finds our packages where we found them


T = TypeVar("T")


class Parts:
    """Running parts. They end with `stop`, with the `async with` block, and with this process, however it ends."""

    def __init__(
        self, *, guardian: subprocess.Popen[str], addresses: Addresses, end: "Future[EmbeddedError | None]"
    ) -> None:
        self.addresses = addresses
        self._guardian = guardian
        self._end = end

    async def stop(self) -> None:
        """End the parts in order and wait until they are gone; their data stays. Stopping twice is once."""
        _close(self._guardian)
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._end), timeout=_STOP)
        except TimeoutError:
            self._guardian.kill()  # the kernel ends the parts with it
            await asyncio.wrap_future(self._end)

    async def ended(self) -> EmbeddedError | None:
        """Wait until the parts are gone: None after `stop`, else what became of them, for a person to read."""
        return await asyncio.wrap_future(self._end)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()


async def start(state: Path, *, report: Callable[[str], None], kafka: bool = True, postgres: bool = True) -> Parts:
    """Start the wanted parts on the data in `state`, made at the first start; they take connections when this returns.

    Args:
        state: the state folder; one process at a time uses it.
        report: takes a line of progress now and then, in the caller's event loop.
        kafka: whether Kafka is wanted.
        postgres: whether PostgreSQL is wanted.

    Raises:
        AlreadyRunning: another process runs the parts of this state folder.
        JarsNotFetched: Kafka's jars are not in the cache, and cannot be fetched.
        JarChanged: a jar is not the one that was tested.
        PartNotStarted: Kafka or PostgreSQL refused to start, or the state folder cannot be used.
        AccountMissing: we are root, and there is no account for PostgreSQL.
        GuardianEnded: the process that starts the parts was killed.
    """
    rooms = _opened(state)
    loop = asyncio.get_running_loop()
    guardian = _launch_guardian(rooms, kafka=kafka, postgres=postgres)
    ready: Future[Addresses] = _promise()
    end: Future[EmbeddedError | None] = _promise()

    def tell(text: str) -> None:
        with suppress(RuntimeError):  # that loop is closed: nobody listens to progress any more
            loop.call_soon_threadsafe(report, text)

    # A thread of its own, so that parts outlive the event loop they were started in.
    threading.Thread(
        target=_listen, args=(guardian, rooms, tell, ready, end), name="embedded-parts", daemon=True
    ).start()
    try:
        addresses = await asyncio.wrap_future(ready)
    except BaseException:  # cancelled, too: nobody will ever hold these parts
        _close(guardian)
        await asyncio.wrap_future(end)
        raise
    return Parts(guardian=guardian, addresses=addresses, end=end)


def _opened(state: Path) -> Rooms:
    try:
        return opened_rooms(state)
    except OSError as error:
        raise PartNotStarted(f"The state folder {state} cannot be used: {error}. Take another one.") from error


def _launch_guardian(rooms: Rooms, *, kafka: bool, postgres: bool) -> subprocess.Popen[str]:
    wanted = [word for word, asked in (("--kafka", kafka), ("--postgres", postgres)) if asked]
    imports = os.pathsep.join(filter(None, (str(_IMPORTS), os.environ.get("PYTHONPATH"))))
    with rooms.guardian_log.open("a") as log:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "infra.embedded.guardian"),
                *("--state", str(rooms.state), "--parent", str(os.getpid()), *wanted),
            ],
            stdin=subprocess.PIPE,  # never written to: it ends when we do, and tells the guardian so
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": imports},
            start_new_session=True,  # Ctrl-C is for us; the guardian hears of it by our end
        )


def _listen(
    guardian: subprocess.Popen[str],
    rooms: Rooms,
    tell: Callable[[str], None],
    ready: "Future[Addresses]",
    end: "Future[EmbeddedError | None]",
) -> None:
    """Hear the guardian out, from its first word to its end."""
    failure: EmbeddedError | None = None
    for line in _lines(guardian.stdout):
        match from_line(line):
            case Progress(text):
                tell(text)
            case Ready(addresses):
                ready.set_result(addresses)
            case failed:
                failure = error_named(failed.error, failed.message)
    if guardian.wait() != 0 and failure is None:
        failure = GuardianEnded(
            f"The process that watches over Kafka and PostgreSQL ended (exit code {guardian.returncode}), and they "
            f"with it. Their data in {rooms.state} is kept: start again. If it comes back, read {rooms.guardian_log}."
        )
    if not ready.done():
        ready.set_exception(failure or GuardianEnded("Stopped before Kafka and PostgreSQL were up."))
    end.set_result(failure)


def _lines(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise AssertionError("the guardian was started with a pipe")
    return stream


def _close(guardian: subprocess.Popen[str]) -> None:
    if guardian.stdin is not None:
        guardian.stdin.close()


def _promise() -> "Future[T]":
    """A future that a cancelled waiter does not cancel: others wait for it too, and the thread fills it once."""
    promise: Future[T] = Future()
    promise.set_running_or_notify_cancel()
    return promise
