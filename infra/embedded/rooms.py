"""Where the embedded parts keep what in the state folder."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LOG_LIMIT: Final = 10_000_000  # bytes; a log that is larger when a part starts is put aside
_CLEARING: Final = 5.0  # seconds


@dataclass(frozen=True)
class Rooms:
    """The state folder, absolute, and the places in it."""

    state: Path

    @property
    def lock(self) -> Path:
        """Held for as long as the parts run; names who runs them."""
        return self.state / "embedded.lock"

    @property
    def ports(self) -> Path:
        """The ports Kafka had last."""
        return self.state / "ports.json"

    @property
    def kafka(self) -> Path:
        """Kafka's log segments and its cluster id."""
        return self.state / "kafka"

    @property
    def kafka_settings(self) -> Path:
        """Written anew at every start."""
        return self.state / "kafka.properties"

    @property
    def kafka_pid(self) -> Path:
        """The number of the JVM that ran last."""
        return self.state / "kafka.pid"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.state / "postgres"

    @property
    def logs(self) -> Path:
        """What a person reads when something is wrong."""
        return self.state / "logs"

    @property
    def kafka_log(self) -> Path:
        """What the broker says, in parts of 10 MB."""
        return self.logs / "kafka.log"

    @property
    def postgres_log(self) -> Path:
        """What PostgreSQL says."""
        return self.logs / "postgres.log"

    @property
    def guardian_log(self) -> Path:
        """What the guardian says when it has a bug."""
        return self.logs / "guardian.log"


def opened_rooms(state: Path) -> Rooms:
    """The rooms of this state folder, made where they are missing, closed to other people; overlong logs put aside."""
    rooms = Rooms(state.expanduser().absolute())
    rooms.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    rooms.logs.mkdir(mode=0o700, exist_ok=True)
    for log in (rooms.kafka_log, rooms.postgres_log, rooms.guardian_log):
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            os.replace(log, log.with_suffix(".log.1"))  # noqa: PTH105 -- pathlib's rename refuses elsewhere
    return rooms


def cleared(path: Path) -> Path:
    """The path, with nothing there any more.

    Repeated for a while, because what a killed first start was making it with may need a moment to end.
    """
    deadline = time.monotonic() + _CLEARING
    while path.exists() and time.monotonic() < deadline:
        shutil.rmtree(path, ignore_errors=True)
        time.sleep(0.01)
    if path.exists():
        shutil.rmtree(path)  # says what is in the way
    return path
