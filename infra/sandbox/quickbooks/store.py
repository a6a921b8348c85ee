"""One company's records in memory: ids, sync tokens, indexes and change logs. It knows no rule of bookkeeping."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from infra.clock import Clock
from infra.sandbox.quickbooks.change_log import ChangeLog
from infra.sandbox.quickbooks.shelf import Shelf, looked_up
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.versions import Versions
from infra.sandbox.quickbooks.wire import NOTHING, Doc, Raw, write_json

# (entity, id, what happened: Create, Update, Touch, Delete, Void or Emailed, when)
Listener = Callable[[str, str, str, datetime], None]
Index = dict[str, dict[str, None]]  # value -> ids in order of arrival


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry of a record in one account.

    `amount` is in the company's currency, debits positive. `party` is the (entity, id) whose balance moves by `owed`,
    in its own currency: what a customer owes us, or what we owe a vendor.
    """

    account: str
    amount: Decimal
    party: tuple[str, str] | None = None
    owed: Decimal = NOTHING


Postings = tuple[Posting, ...]


@dataclass(slots=True)
class Record:
    """One object. `doc` is replaced, never changed in place; its names that begin with `_` are never shown."""

    entity: str
    id: str
    token: int
    created: datetime
    updated: datetime
    doc: Doc
    postings: Postings = ()  # what it posts in the general ledger
    written: tuple[int, Raw] | None = None  # the JSON as last shown, and the names it was shown under


@dataclass(slots=True)
class Stub:
    """What is left of a deleted transaction."""

    id: str
    deleted: datetime
    last: Doc  # the whole object as it was last shown


class Realm:
    """One company."""

    def __init__(
        self, *, realm: str, name: str, zone: ZoneInfo, clock: Clock, shelves: Mapping[str, Shelf], switches: Switches
    ) -> None:
        self.realm = realm
        self.name = name
        self.zone = zone
        self.clock = clock
        self.shelves = shelves
        self.switches = switches
        self.records: dict[str, dict[str, Record]] = {entity: {} for entity in shelves}
        self.deleted: dict[str, dict[str, Stub]] = {entity: {} for entity in shelves}
        self.logs: dict[str, ChangeLog] = {entity: ChangeLog() for entity in shelves}
        self.deletions: dict[str, ChangeLog] = {entity: ChangeLog() for entity in shelves}
        self.country = "US"
        self.currency = "USD"  # the home currency
        self.warns_of_duplicates = False  # whether a document number that is used already is refused (6140)
        self.ledger: dict[str, Decimal] = {}  # account id -> its balance, debits positive
        self.listeners: list[Listener] = []  # told after each change of a record
        self.custom_fields: tuple[str, ...] = ()  # names of the company's own fields on sales forms
        self.last_number = 1000  # the highest document number so far of invoices, sales receipts and credit memos
        self.last_estimate_number = 1000
        self.credits_due: list[tuple[datetime, str]] = []  # (when, customer id) that credits are applied by themselves
        self.exchange_rates: dict[str, Decimal] = {}  # what one unit of a currency is worth at home, else 1
        self._indexes: dict[tuple[str, str], Index] = {
            (entity, one): {} for entity, shelf in shelves.items() for one in shelf.indexed
        }
        self._claims: dict[str, Index] = {shelf.namespace: {} for shelf in shelves.values() if shelf.namespace}
        self._sequences: dict[str, int] = {}
        self._names_changed = 0
        self._now = clock.now()
        self.versions = Versions()

    # Time

    def now(self) -> datetime:
        """The company's time to the second, never falling."""
        self._now = max(self._now, self.clock.now())
        return self._now.astimezone(self.zone).replace(microsecond=0)

    def today(self) -> str:
        """The company's date."""
        return self.now().date().isoformat()

    def answer_time(self) -> str:
        """The `time` of an answer: the company's offset, milliseconds."""
        return self.clock.now().astimezone(self.zone).isoformat(timespec="milliseconds")

    # Finding

    def find(self, entity: str, record_id: str) -> Record | None:
        """The record, if it exists."""
        return self.records[entity].get(record_id)

    def found_by(self, entity: str, name: str, value: object) -> Iterable[str] | None:
        """Ids of records with this value; None where the property has no index."""
        index = self._indexes.get((entity, name))
        return None if index is None else tuple(index.get(looked_up(value), ()))

    def holder_of(self, namespace: str, name: str) -> tuple[str, str] | None:
        """(entity, id) of the record that holds a name already."""
        for claim in self._claims[namespace].get(looked_up(name), ()):
            entity, _, record_id = claim.partition(" ")
            return entity, record_id
        return None

    def name_of(self, entity: str, record_id: str) -> str | None:
        """What a reference shows beside the id."""
        record = self.records[entity].get(record_id)
        title = self.shelves[entity].title
        return None if record is None or title is None else record.doc.get(title)

    # Changing

    def next_id(self, sequence: str) -> str:
        """The next number of a sequence, as text."""
        self._sequences[sequence] = self._sequences.get(sequence, 0) + 1
        return str(self._sequences[sequence])

    def sequences(self) -> dict[str, int]:
        """The highest number of each sequence so far."""
        return dict(self._sequences)

    def reserve(self, sequence: str, number: int) -> None:
        """Give only higher numbers from now on."""
        self._sequences[sequence] = max(self._sequences.get(sequence, 0), number)

    def add(self, entity: str, doc: Doc, *, record_id: str | None = None) -> Record:
        """A new record with token 0; seeds give their own id."""
        shelf = self.shelves[entity]
        if record_id is not None:
            self.reserve(shelf.sequence, int(record_id))
        now = self.now()
        record = Record(entity, record_id or self.next_id(shelf.sequence), 0, now, now, {})
        if record_id is None:  # what a company begins with was always there
            self._keep(entity, record.id, None)
        self.records[entity][record.id] = record
        self._put(record, doc)
        self._tell(entity, record.id, "Create", now)
        return record

    def change(self, record: Record, doc: Doc, *, operation: str = "Update") -> None:
        """New content: the token grows by one."""
        self._keep(record.entity, record.id, record)
        record.token += 1
        self.touch(record, doc, operation=operation)

    def touch(self, record: Record, doc: Doc, *, operation: str = "Touch") -> None:
        """New content or time without a new token, as balances move."""
        self._keep(record.entity, record.id, record)
        record.updated = self.now()
        self._put(record, doc)
        self._tell(record.entity, record.id, operation, record.updated)

    def remove(self, record: Record) -> Stub:
        """Delete; the feed tells it as a stub from now on."""
        self._keep(record.entity, record.id, record)
        stub = Stub(record.id, self.now(), self.shown(record))
        self._index(record, {})
        self._claim(record, {})
        del self.records[record.entity][record.id]
        self.deleted[record.entity][record.id] = stub
        self.logs[record.entity].forget(record.id)
        self.deletions[record.entity].note(record_id=record.id, at=stub.deleted)
        self._tell(record.entity, record.id, "Delete", stub.deleted)
        return stub

    # Showing

    def shown(self, record: Record) -> Doc:
        """The object as it is answered."""
        meta = {"CreateTime": record.created.isoformat(), "LastUpdatedTime": record.updated.isoformat()}
        whole = {
            **record.doc,
            "domain": "QBO",
            "sparse": False,
            "Id": record.id,
            "SyncToken": str(record.token),
            "MetaData": meta,
        }
        return self.shelves[record.entity].table.show(whole, self.name_of)

    def written(self, record: Record) -> Raw:
        """The object as JSON; kept until it, or any name it may show, changes."""
        if record.written is None or record.written[0] != self._names_changed:
            record.written = (self._names_changed, Raw(write_json(self.shown(record))))
        return record.written[1]

    # Within

    def _keep(self, entity: str, record_id: str, before: Record | None) -> None:
        lag = max(self.switches.query_lag_seconds, self.switches.feed_lag_seconds)
        if lag or self.versions:
            self.versions.keep(entity=entity, record_id=record_id, before=before, at=self.clock.now(), seconds=lag)

    def _tell(self, entity: str, record_id: str, operation: str, at: datetime) -> None:
        for listener in self.listeners:
            listener(entity, record_id, operation, at)

    def _put(self, record: Record, doc: Doc) -> None:
        shelf = self.shelves[record.entity]
        if shelf.title and record.doc and record.doc.get(shelf.title) != doc.get(shelf.title):
            self._names_changed += 1
        self._index(record, doc)
        self._claim(record, doc)
        record.doc = doc
        record.written = None
        self.logs[record.entity].note(record_id=record.id, at=record.updated)

    def _index(self, record: Record, doc: Doc) -> None:
        for name in self.shelves[record.entity].indexed:
            _moved(self._indexes[record.entity, name], record.id, record.doc.get(name), doc.get(name))

    def _claim(self, record: Record, doc: Doc) -> None:
        shelf = self.shelves[record.entity]
        if shelf.namespace and shelf.name:
            claims, holder = self._claims[shelf.namespace], f"{record.entity} {record.id}"
            before, after = (
                {looked_up(one[name]) for name in (shelf.name, "_held_name") if one.get(name)}
                for one in (record.doc, doc)
            )
            for name in before - after:
                _taken_out(claims, name, holder)
            for name in after - before:
                claims.setdefault(name, {})[holder] = None


def _moved(index: Index, record_id: str, before: object, after: object) -> None:
    """Take the id from the old value's entry and put it into the new one's."""
    if before == after:
        return
    if before is not None:
        _taken_out(index, looked_up(before), record_id)
    if after is not None:
        index.setdefault(looked_up(after), {})[record_id] = None


def _taken_out(index: Index, value: str, record_id: str) -> None:
    entry = index.get(value, {})
    entry.pop(record_id, None)
    if not entry:
        index.pop(value, None)
