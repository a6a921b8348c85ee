"""A QuickBooks company in this process, as the poller sees it: no HTTP, and a clock that stands still."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from infra.clock import ManualClock
from infra.sandbox.quickbooks import bookkeeper, query_parser, query_run
from infra.sandbox.quickbooks.changes import changes
from infra.sandbox.quickbooks.company import open_company
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.wire import write_json
from producers.changes import Changes
from producers.feed import Feed
from producers.ports import Start, Stored
from schemas import exact
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Accepted, Answer, Faulted, FaultError

START = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
TENANT = TenantId("acme")


@dataclass
class InProcess:
    """`producers.ports.ChangeFeed` and `ReturnStore` of one company; `after` is called with each read answered."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    asked: list[str] = field(default_factory=list)
    after: Callable[[str], None] = lambda _: None
    known_ids: dict[str, set[str]] = field(default_factory=dict)
    realm: Realm = field(init=False)

    def __post_init__(self) -> None:
        self.realm = open_company(
            realm="9130", name="Acme", zone=ZoneInfo("America/New_York"), clock=self.clock, switches=Switches()
        )

    @property
    def feed(self) -> Feed:
        """The change feed of this company."""
        return Feed(quickbooks=self, store=self, clock=self.clock, tenant=TENANT, realm="9130", fence=1)

    # --- QuickBooks ---

    async def changes(self, *, types: Sequence[str], since: datetime, **_: Any) -> Answer:  # noqa: ANN401
        """The change feed, to the second as our client asks for it."""
        block = changes(self.realm, entities=",".join(types), since=since.replace(microsecond=0).isoformat())
        return self._answered(f"cdc {','.join(types)}", {"CDCResponse": [block]})

    async def query(self, *, statement: str, **_: Any) -> Answer:  # noqa: ANN401
        """One query."""
        return self._answered(statement, {"QueryResponse": query_run.run(self.realm, query_parser.parse(statement))})

    async def read(self, *, type: str, id: str, **_: Any) -> Answer:  # noqa: A002, ANN401
        """One object; a fault where it was deleted."""
        record = self.realm.find(type, id)
        if record is None:
            self.asked.append(f"read {type} {id}")
            return Faulted(status=400, errors=(FaultError(code="610", message="Object Not Found"),), gateway=False)
        return self._answered(f"read {type} {id}", {type: self.realm.shown(record)})

    def _answered(self, what: str, body: dict[str, Any]) -> Answer:
        text = write_json({**body, "time": self.realm.answer_time()})
        self.asked.append(what)
        self.after(what)
        return Accepted(body=exact.loads(text))

    # --- the store ---

    async def start(self, **_: Any) -> Start:  # noqa: ANN401
        """Where a poll begins."""
        return Start(at=START, is_cursor=True)

    async def known(self, *, type_: str, **_: Any) -> frozenset[str]:  # noqa: ANN401
        """What is believed to exist."""
        return frozenset(self.known_ids.get(type_, ()))

    async def store(self, *, changes: Changes, **_: Any) -> Stored:  # noqa: ANN401
        """Nothing is stored."""
        return Stored(rows=len(changes.rows), published=0)

    # --- the bookkeeper ---

    def vendors(self, count: int, *, prefix: str = "v") -> list[str]:
        """So many vendors, all made within the clock's present second; their ids."""
        made = [bookkeeper.create(self.realm, "Vendor", {"DisplayName": f"{prefix}{n}"}) for n in range(count)]
        return [str(one["Id"]) for one in made]

    def invoices(self, count: int) -> list[str]:
        """So many invoices of one new customer; their ids."""
        customer = bookkeeper.create(self.realm, "Customer", {"DisplayName": f"c{len(self.realm.records['Customer'])}"})
        sale = {"Amount": Decimal(5), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        body = {"CustomerRef": {"value": customer["Id"]}, "Line": [sale]}
        return [str(bookkeeper.create(self.realm, "Invoice", dict(body))["Id"]) for _ in range(count)]
