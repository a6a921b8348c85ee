"""Child processes of `klipsync up` and of the demo: each writes its own log, and ends with us, however we end."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2), Linux
_IMPORTS: Final = Path(__file__).parents[2]  # children find our packages where we found them
_LONGEST_WAIT: Final = 10.0  # seconds before a child that keeps dying is started again
_LIVED: Final = 20.0  # seconds after which a child counts as having started well
KLIPSYNC: Final = (sys.executable, "-c", "import sys; from infra.cli import main; sys.argv[0] = 'klipsync'; main()")
"""The installed command, by the interpreter that runs us."""


class ChildFailed(Exception):  # noqa: N818 - the name says what happened
    """A program that klipsync started ended at once. The message has its last words; its log has them all."""


async def launch(
    command: Sequence[str], *, env: Mapping[str, str], log: Path, piped: bool = False, if_orphaned: int = signal.SIGTERM
) -> Process:
    """Start a program; its words go to `log`, or its standard output to a pipe."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=PIPE if piped else output,
            stderr=output,
            env=_environment(env),
            start_new_session=True,  # Ctrl-C is for us; we say in which order the others end
            preexec_fn=_dying_with(os.getpid(), if_orphaned),
        )


async def run(command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
    """Run a program to its end. Raises ChildFailed unless it exits with 0."""
    process = await launch(command, env=env, log=log)
    if await process.wait() != 0:
        raise ChildFailed(
            f"{' '.join(command[-4:])} ended with {process.returncode}; {log} ends with:\n{last_words(log)}"
        )


async def end(process: Process, *, patience: float = 10.0) -> None:
    """Ask it to end; kill it when it has not after `patience` seconds."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@dataclass(slots=True, kw_only=True)
class Kept:
    """A program that is started again, under the same name, whenever it dies."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    tell: Callable[[str], None]
    starts: int = 0
    _process: Process | None = None
    _keeper: asyncio.Task[None] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, and keep it running from now on."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keep:{self.name}")

    def kill(self) -> bool:
        """SIGKILL: it gets no time for anything. Whether there was something to kill."""
        if self._process is None or self._process.returncode is not None:
            return False
        with suppress(ProcessLookupError):
            self._process.kill()
        return True

    async def stop(self) -> None:
        """End it in order, and leave it so."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._process is not None and self._process.returncode is None:
            await end(self._process)

    async def _keep(self) -> None:
        wait = 0.2
        while True:
            began = asyncio.get_running_loop().time()
            self._process = await launch(self.command, env=self.env, log=self.log)
            self.starts += 1
            code = await self._process.wait()
            lived = asyncio.get_running_loop().time() - began
            if code > 0:
                self.tell(
                    f"{self.name} ended with {code} and is started again; {self.log} ends with:\n{last_words(self.log)}"
                )
            wait = 0.2 if code < 0 or lived > _LIVED else min(wait * 2, _LONGEST_WAIT)
            await asyncio.sleep(wait)


def last_words(log: Path, *, count: int = 8) -> str:
    """The end of a log."""
    return "\n".join(_text(log).splitlines()[-count:])


def _text(log: Path) -> str:
    try:
        with log.open("rb") as source:
            return _tail(source)
    except OSError:
        return ""


def _tail(source: IO[bytes]) -> str:
    size = source.seek(0, os.SEEK_END)
    source.seek(max(0, size - 16_384))
    return source.read().decode(errors="replace")


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    imports = os.pathsep.join(filter(None, (str(_IMPORTS), os.environ.get("PYTHONPATH"))))
    # A port is one process's: children of one environment would all want it.
    ours = {name: value for name, value in os.environ.items() if name != "KLIPSYNC_METRICS_PORT"}
    return {**ours, "PYTHONPATH": imports, **env}


def _dying_with(parent: int, sign: int) -> Callable[[], None] | None:
    """What makes the kernel end a child with its parent. Elsewhere than on Linux only an orderly end of ours does."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec nothing may be imported

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # we died before the line above: nobody would tell the child
            os._exit(1)

    return ask_kernel
