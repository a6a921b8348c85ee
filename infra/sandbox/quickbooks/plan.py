"""What a sandbox is to be started with."""

from dataclasses import asdict, dataclass
from datetime import datetime

from infra.sandbox.quickbooks.switches import Switches

FIRST_REALM = 4620816365000000001  # the first company's number; the next ones count on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to start. `companies` are names or files of seeds; `realms` their numbers, where they matter."""

    host: str
    port: int
    companies: tuple[str, ...]
    switches: Switches
    realms: tuple[str, ...] = ()
    at: datetime | None = None  # when it is in the sandbox as it starts
    speed: float = 1.0  # sandbox seconds in a real one

    @property
    def changed(self) -> list[tuple[str, object]]:
        """The switches that are not as they are by default."""
        given, usual = asdict(self.switches), asdict(Switches())
        return [(name, value) for name, value in given.items() if value != usual[name]]
