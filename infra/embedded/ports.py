"""TCP ports on the loopback: free ones, and the same again after a restart where nobody took them meanwhile."""

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class KafkaPorts:
    """Where clients reach the broker, and where the broker reaches its own controller."""

    broker: int
    controller: int


def choose_ports(remembered: Path) -> KafkaPorts:
    """The remembered pair if both are free, else a new pair, which is remembered.

    A broker that moves is found by whoever asks us for its address; staying is a kindness to whoever noted it down.
    """
    ports = _read(remembered)
    if ports is None or not (_is_free(ports.broker) and _is_free(ports.controller)):
        ports = _free_pair()
        remembered.write_text(json.dumps(asdict(ports)))
    return ports


def answers(port: int) -> bool:
    """Whether somebody accepts connections at this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _read(path: Path) -> KafkaPorts | None:
    try:
        return KafkaPorts(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None  # first start, or a file cut short by a crash: new ports are no loss


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # Kafka sets it too: TIME_WAIT is no hindrance
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_pair() -> KafkaPorts:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return KafkaPorts(broker=one.getsockname()[1], controller=other.getsockname()[1])
