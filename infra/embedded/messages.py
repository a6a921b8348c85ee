"""What the guardian tells its parent: one JSON object a line."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Addresses:
    """Where the parts are reached.

    kafka: `127.0.0.1:PORT`, as bootstrap servers; empty if Kafka was not wanted.
    postgres: a URL for SQLAlchemy with asyncpg, through a UNIX socket; empty if PostgreSQL was not wanted.
    """

    kafka: str
    postgres: str


@dataclass(frozen=True)
class Progress:
    """A line for a person."""

    text: str


@dataclass(frozen=True)
class Ready:
    """Every wanted part takes connections."""

    addresses: Addresses


@dataclass(frozen=True)
class Failed:
    """The parts are not to be had, or are no more: the name of the error and its message."""

    error: str
    message: str


Message = Progress | Ready | Failed


def to_line(message: Message) -> str:
    """One line, its end included."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)}) + "\n"


def from_line(line: str) -> Message:
    """The message in a line of `to_line`."""
    fields = json.loads(line)
    match fields.pop("kind"):
        case "Progress":
            return Progress(**fields)
        case "Ready":
            return Ready(Addresses(**fields["addresses"]))
        case _:
            return Failed(**fields)
