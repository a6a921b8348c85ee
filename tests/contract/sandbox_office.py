"""An office at work at random: each act picks among what is there, so that every step means something."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import write_json
from tests.contract.sandbox_company import Body, Company, Told, sold

Key = tuple[str, str]  # (entity, id)
State = dict[Key, Body]

# Everything that the change feed covers and the sandbox models.
MIRRORED = (
    *("Customer", "Vendor", "Employee", "Account", "Item", "Term", "PaymentMethod", "Estimate", "Invoice", "Payment"),
    *("SalesReceipt", "CreditMemo", "PurchaseOrder", "Bill", "BillPayment"),
)


@dataclass(frozen=True)
class Step:
    """One act and the numbers it chooses by."""

    pick: int
    other: int
    cents: int
    more: int
    flag: bool
    act: "Callable[[Office, Step], Awaitable[object]]" = field(repr=False)

    def __repr__(self) -> str:
        return f"{self.act.__name__}({self.pick}, {self.other}, {self.cents}, {self.more}, {self.flag})"


@dataclass(frozen=True)
class Written:
    """A write as it went out, and its answer."""

    path: str
    body: Body
    query: dict[str, str]
    told: Told


@dataclass
class Office:
    """Two clients that write, and a mirror that follows the feed."""

    company: Company
    writes: list[Written] = field(default_factory=list)
    cursors: list[tuple[str, State]] = field(default_factory=list)
    remembered: State = field(default_factory=dict)  # what the second client read last
    grown: dict[Key, tuple[int, str]] = field(default_factory=dict)

    @property
    def realm(self) -> Realm:
        return self.company.running.sandbox.realms[self.company.realm]

    async def open(self) -> None:
        """Somebody to sell to, and somebody to buy from."""
        for name in ("Amy", "Bill"):
            await self.write("customer", {"DisplayName": name})
        await self.write("vendor", {"DisplayName": "Hall's"})

    async def write(self, path: str, body: Body, **query: str) -> Told:
        """A write under a request id of its own. It may be refused; nothing else than that may go wrong."""
        asked = {**query, "requestid": f"id-{len(self.writes)}"}
        told = await self.company.call("POST", path, body, **asked)
        assert told.status in (200, 400), told.text
        self.writes.append(Written(path, body, asked, told))
        return told

    def among(self, number: int, *entities: str) -> Key | None:
        """One of the company's objects; None where it has none of these."""
        found = [(entity, one) for entity in entities for one in self.realm.records.get(entity, ())]
        return found[number % len(found)] if found else None

    async def now(self, key: Key | None) -> Body | None:
        """The object as a read shows it."""
        return None if key is None else await self.company.read(*key)

    # --- acts ---

    async def hire_customer(self, step: Step) -> None:
        above = self.among(step.other, "Customer")
        body: Body = {"DisplayName": f"Customer {step.pick % 12}"}
        if step.flag and above:
            body |= {"Job": True, "ParentRef": {"value": above[1]}}
        await self.write("customer", body)

    async def hire_vendor(self, step: Step) -> None:
        await self.write("vendor", {"DisplayName": f"Vendor {step.pick % 6}"})

    async def sell(self, step: Step) -> None:
        customer = self.among(step.pick, "Customer")
        entity = ("invoice", "invoice", "salesreceipt", "creditmemo", "estimate")[step.other % 5]
        if customer:
            lines = [sold(_money(step.cents)), *([sold(_money(step.more))] if step.flag else [])]
            await self.write(entity, {"CustomerRef": {"value": customer[1]}, "Line": lines})

    async def bill_estimate(self, step: Step) -> None:
        """An invoice made from an estimate closes it."""
        estimate = await self.now(self.among(step.pick, "Estimate"))
        if estimate:
            link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
            body = {"CustomerRef": estimate["CustomerRef"], "Line": [sold(_money(step.cents))], "LinkedTxn": [link]}
            await self.write("invoice", body)

    async def hire_employee(self, step: Step) -> None:
        await self.write("employee", {"GivenName": "Emily", "FamilyName": f"{step.pick % 6}"})

    async def buy(self, step: Step) -> None:
        vendor = self.among(step.pick, "Vendor")
        if vendor:
            entity = "purchaseorder" if step.other % 3 == 0 else "bill"
            await self.write(entity, {"VendorRef": {"value": vendor[1]}, "Line": [self._spent(step.cents)]})

    async def pay(self, step: Step) -> None:
        invoice = await self.now(self.among(step.pick, "Invoice"))
        if invoice:
            lines = [_applied("Invoice", invoice["Id"], step.more)]
            other = self.among(step.other, "Invoice")
            if step.flag and other and other[1] != invoice["Id"]:
                lines.append(_applied("Invoice", other[1], step.cents))
            amount = _money(step.cents + step.more)
            await self.write("payment", {"CustomerRef": invoice["CustomerRef"], "TotalAmt": amount, "Line": lines})

    async def pay_bill(self, step: Step) -> None:
        bill = await self.now(self.among(step.pick, "Bill"))
        if bill:
            (bank,) = list(self.realm.found_by("Account", "AccountSubType", "Checking") or ())[:1]
            await self.write(
                "billpayment",
                {
                    "VendorRef": bill["VendorRef"],
                    "TotalAmt": _money(step.cents),
                    "PayType": "Check",
                    "CheckPayment": {"BankAccountRef": {"value": bank}},
                    "Line": [_applied("Bill", bill["Id"], step.cents)],
                },
            )

    async def use_credit(self, step: Step) -> None:
        credit = await self.now(self.among(step.pick, "CreditMemo"))
        invoice = self.among(step.other, "Invoice")
        if credit and invoice:
            lines = [_applied("Invoice", invoice[1], step.cents), _applied("CreditMemo", credit["Id"], step.cents)]
            await self.write("payment", {"CustomerRef": credit["CustomerRef"], "TotalAmt": "0", "Line": lines})

    async def edit_sale(self, step: Step) -> None:
        key = self.among(step.pick, "Invoice", "SalesReceipt", "CreditMemo")
        found = await self.now(key)
        if key and found:
            body: Body = {"Id": found["Id"], "SyncToken": found["SyncToken"], "Line": [sold(_money(step.cents))]}
            more = {"sparse": True} if step.flag else {"CustomerRef": found["CustomerRef"]}
            await self.write(key[0].lower(), {**body, **more})

    async def edit_bill(self, step: Step) -> None:
        found = await self.now(self.among(step.pick, "Bill"))
        if found:
            head = {name: found[name] for name in ("Id", "SyncToken", "VendorRef")}
            await self.write("bill", {**head, "Line": [self._spent(step.cents)]})

    async def edit_payment(self, step: Step) -> None:
        key = self.among(step.pick, "Payment", "BillPayment")
        found = await self.now(key)
        if key and found:
            await self.write(key[0].lower(), {**_whole(found), "TotalAmt": _money(step.cents)})

    async def void(self, step: Step) -> None:
        key = self.among(step.pick, "Invoice", "SalesReceipt", "CreditMemo", "Payment", "BillPayment")
        found = await self.now(key)
        if key and found:
            by_update = key[0] in ("Payment", "BillPayment", "SalesReceipt")
            query = {"operation": "update", "include": "void"} if by_update else {"operation": "void"}
            head = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True}
            await self.write(key[0].lower(), head, **query)

    async def delete(self, step: Step) -> None:
        key = self.among(
            step.pick, "Invoice", "SalesReceipt", "CreditMemo", "Bill", "Payment", "BillPayment", "Estimate"
        )
        found = await self.now(key)
        if key and found:
            head = {"Id": found["Id"], "SyncToken": found["SyncToken"]}
            await self.write(key[0].lower(), head, operation="delete")

    async def archive(self, step: Step) -> None:
        key = self.among(step.pick, "Customer", "Vendor")
        found = await self.now(key)
        if key and found:
            head = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True}
            await self.write(key[0].lower(), {**head, "Active": step.flag})

    async def move_customer(self, step: Step) -> None:
        found, above = await self.now(self.among(step.pick, "Customer")), self.among(step.other, "Customer")
        if found and above:
            head = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True}
            await self.write("customer", {**head, "Job": True, "ParentRef": {"value": above[1]}})

    async def pass_time(self, step: Step) -> None:
        self.company.running.sandbox.clock.advance(step.pick % 3600 + 1)

    # --- the second client ---

    async def remember(self, step: Step) -> None:
        key = self.among(step.pick, "Invoice", "Customer")
        found = await self.now(key)
        if key and found:
            self.remembered[key] = found

    async def write_from_memory(self, step: Step) -> None:
        """It sends what it read once; where that is old, it is refused, and nothing changes."""
        known = [key for key in self.remembered if key[1] in self.realm.records[key[0]]]
        if not known:
            return
        key = known[step.pick % len(known)]
        believed, current = self.remembered[key], await self.now(key)
        assert current is not None
        field_name = "PrivateNote" if key[0] == "Invoice" else "Notes"
        head = {"Id": key[1], "SyncToken": believed["SyncToken"], "sparse": True}
        told = await self.write(key[0].lower(), {**head, field_name: f"note {step.cents}"})
        assert (told.status == 200) == (believed["SyncToken"] == current["SyncToken"]), told.text
        if told.status != 200:
            assert told.code == "5010"
            assert await self.now(key) == current

    # --- repeats, growth, the feed ---

    async def repeat(self, step: Step) -> None:
        await self.check_repeat(self.writes[step.pick % len(self.writes)])

    async def check_repeat(self, written: Written) -> None:
        """The same request id again plays back the first answer, whatever became of the object, and acts no more."""
        before = await self.state()
        told = await self.company.call("POST", written.path, written.body, **written.query)
        assert (told.status, told.text) == (written.told.status, written.told.text)
        assert await self.state() == before

    def check_growth(self) -> None:
        """Sync tokens and times of last change never fall, and what is shown is what is kept."""
        for entity, records in self.realm.records.items():
            for record in records.values():
                assert self.realm.written(record) == write_json(self.realm.shown(record)), (entity, record.id)
                shown = (record.token, record.updated.isoformat())
                before = self.grown.get((entity, record.id), shown)
                assert shown[0] >= before[0], (entity, record.id)
                assert shown[1] >= before[1], (entity, record.id)
                self.grown[entity, record.id] = shown

    async def note_a_cursor(self, step: Step) -> None:  # noqa: ARG002 - the shape all acts share
        self.cursors.append((self.realm.now().isoformat(), await self.state()))

    async def rebuild_from_the_feed(self, step: Step) -> None:
        if self.cursors:
            await self.check_feed(self.cursors[step.pick % len(self.cursors)])

    async def check_feed(self, cursor: tuple[str, State]) -> None:
        """A mirror as it was at its cursor, and the feed since then, are together the whole state of now."""
        since, mirror = cursor[0], dict(cursor[1])
        told = await self.company.call("GET", "cdc", entities=",".join(MIRRORED), changedSince=since)
        for name, block in zip(MIRRORED, told["CDCResponse"][0]["QueryResponse"], strict=True):
            for row in block.get(name, ()):
                if row.get("status") == "Deleted":
                    mirror.pop((name, row["Id"]), None)
                else:
                    mirror[name, row["Id"]] = row
        assert mirror == await self.state()

    async def state(self) -> State:
        """Every object, as a read shows it."""
        told = await self.company.control("GET", f"{self.company.realm}/books")
        books: dict[str, list[Body]] = told.json
        return {(name, row["Id"]): row for name in MIRRORED for row in books.get(name, ())}

    def _spent(self, cents: int) -> Body:
        (account,) = list(self.realm.found_by("Account", "AccountSubType", "AdvertisingPromotional") or ())[:1]
        return {
            "Amount": _money(cents),
            "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}},
        }


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _applied(entity: str, object_id: str, cents: int) -> Body:
    return {"Amount": _money(cents), "LinkedTxn": [{"TxnId": object_id, "TxnType": entity}]}


def _whole(found: Body) -> Body:
    """A payment as a client sends it back whole: with its lines as they are."""
    kept = ("Id", "SyncToken", "CustomerRef", "VendorRef", "PayType", "CheckPayment", "TxnDate")
    lines: list[Any] = [{"Amount": str(one["Amount"]), "LinkedTxn": one["LinkedTxn"]} for one in found.get("Line", ())]
    return {**{name: found[name] for name in kept if name in found}, "Line": lines}
