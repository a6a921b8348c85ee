"""Programs started as children that end with us, however we end; and what can be known of a program by its pid."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.embedded.account import Account

_PR_SET_PDEATHSIG: Final = 1  # prctl(2), Linux
_PATIENCE: Final = 10.0  # seconds for an orderly end: Kafka takes 2, PostgreSQL well under 1
_OVERRIDING: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")


@dataclass(frozen=True, kw_only=True)
class Program:
    """A running part: its name for people, its process, the signal it ends by, and the log it writes."""

    name: str
    process: subprocess.Popen[bytes]
    ends_by: signal.Signals
    log: Path

    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self.process.poll() is not None


def launch(
    command: Sequence[str],
    *,
    name: str,
    log: Path,
    ends_by: signal.Signals,
    if_orphaned: signal.Signals,
    folder: Path = Path("/"),
    account: Account | None = None,
) -> Program:
    """Start a program whose output is appended to `log`, and that the kernel sends `if_orphaned` when we are gone."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=clean_environment(os.environ),
            cwd=folder,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # After the change of user, which would clear it.
            preexec_fn=_dying_with(os.getpid(), if_orphaned),  # noqa: PLW1509 -- the guardian has one thread
        )
    return Program(name=name, process=process, ends_by=ends_by, log=log)


def run(
    command: Sequence[str], *, log: Path, folder: Path = Path("/"), account: Account | None = None, text: str = ""
) -> int:
    """Run a program to its end with `text` as its input, output appended to `log`, and give its exit code."""
    with log.open("ab") as output:
        return subprocess.run(  # noqa: PLW1510 -- the command is ours; the caller reads the exit code
            command,
            input=text.encode(),
            stdout=output,
            stderr=output,
            env=clean_environment(os.environ),
            cwd=folder,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_dying_with(os.getpid(), signal.SIGKILL),
        ).returncode


def stop(programs: Sequence[Program]) -> None:
    """End all of them together: asked first, killed after ten seconds."""
    for program in programs:
        program.process.send_signal(program.ends_by)
    deadline = time.monotonic() + _PATIENCE
    for program in programs:
        try:
            program.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            program.process.kill()
            program.process.wait()


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment less what would change Java or PostgreSQL behind our back, in a locale every system has."""
    kept = {key: value for key, value in environment.items() if key not in _OVERRIDING and not key.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8"}


def is_alive(pid: int) -> bool:
    """Whether this process runs. One that ended and that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return not Path("/proc/self").exists()  # where there is no /proc, the signal's answer stands


def command_line(pid: int) -> str:
    """The words a process was started with; empty if it is gone. Tells a part from whoever got its number later."""
    if not Path("/proc/self").exists():
        words = ["ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(words, capture_output=True, check=False, text=True).stdout
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _dying_with(parent: int, sign: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None  # there, only an orderly end of ours reaches the children
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec nothing may be imported

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # we died before the line above: nobody would tell the child
            os._exit(1)

    return ask_kernel
