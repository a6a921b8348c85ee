"""What can go wrong with the embedded parts, as a tree.

EmbeddedError
├── AlreadyRunning     somebody alive uses this state folder
├── JarsNotFetched     the way to the jars is closed, or leads to something else
├── JarChanged         a jar is not the one that was tested
├── PartNotStarted     Kafka or PostgreSQL refused to start
├── PartEnded          Kafka or PostgreSQL ended by itself
├── GuardianEnded      the process that watches over both ended by itself
└── AccountMissing     PostgreSQL refuses to run as root, and no other account can be had
"""

from pathlib import Path
from typing import Final


class EmbeddedError(Exception):
    """The embedded Kafka or PostgreSQL cannot be used. The message says why, and what to do next."""


class AlreadyRunning(EmbeddedError):  # noqa: N818 -- a state of affairs, as a person says it
    """The state folder is in use. Stop the process that the message names, or take another state folder."""


class JarsNotFetched(EmbeddedError):  # noqa: N818
    """Kafka's jars could not be fetched. Look at the way to Maven Central, then start again: what is there stays."""


class JarChanged(EmbeddedError):  # noqa: N818
    """A jar is not the one klipsync was tested with. Delete the file that the message names, then start again."""


class PartNotStarted(EmbeddedError):  # noqa: N818
    """A part did not start. Its log, which the message names, says why."""


class PartEnded(EmbeddedError):  # noqa: N818
    """A part ended by itself, so the other was stopped too. Its log, which the message names, says why."""


class GuardianEnded(EmbeddedError):  # noqa: N818
    """The process that watches over the parts ended, and they with it. Start again: their data is kept."""


class AccountMissing(EmbeddedError):  # noqa: N818
    """PostgreSQL refuses to run as root. Start as an ordinary user, or make the account that the message names."""


_KINDS: Final = {
    kind.__name__: kind
    for kind in (AlreadyRunning, JarsNotFetched, JarChanged, PartNotStarted, PartEnded, GuardianEnded, AccountMissing)
}


def error_named(name: str, message: str) -> EmbeddedError:
    """The error that another process of ours told by its name; an unknown name gives a plain EmbeddedError."""
    return _KINDS.get(name, EmbeddedError)(message)


def last_lines(log: Path, *, count: int = 5) -> str:
    """The end of a log file, at most `count` lines, for an error's message; empty where there is no log."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])
