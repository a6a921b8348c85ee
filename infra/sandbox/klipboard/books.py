"""What the small Klipboard knows: the things it told, and what came back about each. No network in here."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.envelope import Event
from schemas.kinds import KlipboardId, TenantId
from schemas.outcomes import SyncOutcome
from schemas.registry import TENANT
from schemas.returns import PaymentReconciled, PaymentReversed, SettlementStatus

_WHOLE: Final = ("Created", "Edited")
_GONE: Final = {"Archived": "archived", "Deleted": "deleted"}


@dataclass(slots=True)
class Thing:
    """One client, location, supplier or invoice, as a Klipboard screen would show it."""

    content: Mapping[str, Any] = field(default_factory=dict)
    content_version: int = -1
    status: str | None = None
    status_version: int = -1
    presence: str = "present"
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    balance: str | None = None
    settlement: SettlementStatus | None = None
    outcome: dict[str, Any] | None = None
    returned: dict[str, int] = field(default_factory=dict)
    """The last `returnversion` applied, by stream: payments and outcomes travel on different topics."""

    @property
    def shown_status(self) -> str | None:
        """Paid once QuickBooks' payments and credits settle it, else what Klipboard itself says (R-45)."""
        return "Paid" if self.settlement is SettlementStatus.PAID else self.status

    def state(self) -> dict[str, Any]:
        """As JSON-able values; amounts are decimal strings."""
        return {
            "content": dict(self.content),
            "version": max(self.content_version, self.status_version),
            "status": self.status,
            "shown_status": self.shown_status,
            "presence": self.presence,
            "payments": {payment: dict(told) for payment, told in sorted(self.payments.items())},
            "balance": self.balance,
            "settlement": self.settlement,
            "outcome": self.outcome,
        }


class Books:
    """Everything by tenant and subject. Events may come twice and out of order; versions decide."""

    def __init__(self) -> None:
        self._things: dict[tuple[TenantId, str], Thing] = {}
        self.counts: Counter[str] = Counter()
        """`told`, `returned` and `ignored` (repeats and older versions)."""

    def thing(self, *, tenant: TenantId, subject: str) -> Thing:
        """The thing, empty where nobody told it yet."""
        return self._things.setdefault((tenant, subject), Thing())

    def told(self, event: Event) -> None:
        """Note what Klipboard itself says with this event."""
        self.counts["told"] += 1
        if event.kind is None or event.version is None:
            return
        thing = self.thing(tenant=event.tenant, subject=event.subject)
        if event.type.endswith(_WHOLE) and event.version > thing.content_version:
            thing.content, thing.content_version = event.data, event.version
        if "status" in event.data and event.version > thing.status_version:
            thing.status, thing.status_version = str(event.data["status"]), event.version
        for ending, presence in _GONE.items():
            if event.type.endswith(ending):
                thing.presence = presence

    def returned(self, event: Event) -> bool:
        """Apply what came back; False where it is a repeat or older than what is known."""
        fact = event.fact
        if not isinstance(fact, PaymentReconciled | PaymentReversed | SyncOutcome):
            return False
        thing = self.thing(tenant=event.tenant, subject=event.subject)
        stream = "outcome" if isinstance(fact, SyncOutcome) else "payment"
        if fact.returnversion <= thing.returned.get(stream, 0):
            self.counts["ignored"] += 1
            return False
        thing.returned[stream] = fact.returnversion
        self.counts["returned"] += 1
        match fact:
            case PaymentReconciled():
                _reconcile(thing, fact, event.data)
            case PaymentReversed():
                _reverse(thing, fact)
            case SyncOutcome():
                thing.outcome = {"type": event.type, **event.data}
        return True

    def state(self) -> dict[str, Any]:
        """All of it, JSON-able: `{"tenants": {id: {kind: {id: thing}}}, "counts": …}`."""
        tenants: dict[str, dict[str, dict[KlipboardId, Any]]] = {}
        for (tenant, subject), thing in sorted(self._things.items()):
            kind, _, id_ = subject.partition("/")
            if kind != TENANT:
                tenants.setdefault(tenant, {}).setdefault(kind, {})[KlipboardId(id_)] = thing.state()
        return {"tenants": tenants, "counts": dict(self.counts)}


def _reconcile(thing: Thing, fact: PaymentReconciled, data: Mapping[str, Any]) -> None:
    """A known payment id is an edited payment: what is told now replaces what was."""
    thing.payments[fact.payment_id] = dict(data)
    thing.balance, thing.settlement = str(fact.invoice_balance), fact.invoice_status


def _reverse(thing: Thing, fact: PaymentReversed) -> None:
    thing.payments.pop(fact.payment_id, None)
    thing.balance, thing.settlement = str(fact.invoice_balance), fact.invoice_status
