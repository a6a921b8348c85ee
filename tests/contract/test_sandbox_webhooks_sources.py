"""Where the sandbox's webhooks come from: replays, batches, settings, voided payments, and what happens by itself."""

from tests.contract.purchases import billed, bought, by_check, expense, pump, ref, settling, vendor_of
from tests.contract.sandbox_company import Body, Company, company, sold
from tests.contract.webhook_endpoint import Endpoint, endpoint, later, subscribe


async def told_of(it: Company, there: Endpoint) -> list[tuple[str, str, str]]:
    """What the endpoint was told in the last body, sorted."""
    await later(it)
    return sorted(there.told[-1])


async def test_a_replayed_request_is_told_once() -> None:
    """The second call with the same id changes nothing, and so nothing is told of it."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there)
        for _ in range(2):
            await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r1")
            await later(it, 5)

    assert [len(told) for told in there.told] == [1]


async def test_a_refused_call_is_not_told() -> None:
    """A stale token changes nothing."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        await subscribe(it, there)
        stale = {"Id": amy["Id"], "SyncToken": "7", "sparse": True, "Notes": "a"}
        refused = await it.call("POST", "customer", stale)
        await later(it, 5)

    assert (refused.code, there.posts) == ("5010", [])


async def test_each_item_of_a_batch_is_told() -> None:
    """A batch is as many changes as it has items."""
    items = [{"bId": name, "operation": "create", "Customer": {"DisplayName": name}} for name in ("a", "b", "c")]
    async with company() as it, endpoint() as there:
        await subscribe(it, there)
        made = await it.call("POST", "batch", {"BatchItemRequest": items})
        told = await told_of(it, there)

    ids = [one["Customer"]["Id"] for one in made["BatchItemResponse"]]
    assert told == sorted(("Customer", id_, "Create") for id_ in ids)


async def test_settings_are_told_as_an_update() -> None:
    """Preferences are one object, which is only ever updated."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there)
        found = await it.read("Preferences", "1")
        change = {
            "Id": "1",
            "SyncToken": found["SyncToken"],
            "sparse": True,
            "SalesFormsPrefs": {"CustomTxnNumbers": True},
        }
        await it.call("POST", "preferences", change)
        told = await told_of(it, there)

    assert told == [("Preferences", "1", "Update")]


async def test_a_voided_payment_is_told_with_its_invoice() -> None:
    """Void of the payment, and an Update of the invoice that is open again."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "100.00", (owed, "100.00"))
        await subscribe(it, there)
        body = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
        await it.call("POST", "payment", body, operation="update", include="void")
        told = await told_of(it, there)

    assert told == [("Invoice", owed["Id"], "Update"), ("Payment", paid["Id"], "Void")]


async def test_a_deleted_invoice_frees_its_payment() -> None:
    """The payment it was linked to is an Update."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "100.00", (owed, "100.00"))
        await subscribe(it, there)
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="delete")
        told = await told_of(it, there)

    assert told == [("Invoice", owed["Id"], "Delete"), ("Payment", paid["Id"], "Update")]


async def test_a_bookkeepers_edit_is_told_like_an_apps() -> None:
    """Webhooks are for changes that somebody else makes."""
    async with company() as it, endpoint() as there:
        owed = await it.invoice(await it.customer())
        await subscribe(it, there)
        edit: Body = {"entity": "Invoice", "id": owed["Id"], "fields": {"Line": [sold("70.00")]}}
        await it.control("POST", f"{it.realm}/edit", edit)
        told = await told_of(it, there)

    assert told == [("Invoice", owed["Id"], "Update")]


async def test_a_restored_company_is_told_of_as_before() -> None:
    """Restoring is no change; what changes afterwards is told, once."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there)
        await it.control("POST", "snapshots/before")
        await it.customer("Gone")
        restored = await it.control("POST", "snapshots/before/restore")
        again = await it.customer("Again")
        told = await told_of(it, there)

    assert restored.status == 200, restored.text
    assert told == [("Customer", again["Id"], "Create"), ("Customer", again["Id"], "Create")]


async def test_a_paid_bill_is_told_with_its_payment() -> None:
    """The bill's balance and links follow: an Update that nobody sent."""
    async with company() as it, endpoint() as there:
        bob = await vendor_of(it)
        bill = await billed(it, bob, expense("40.00"))
        await subscribe(it, there)
        paid = await it.make("BillPayment", **by_check(bob, "40.00", settling(bill, "40.00")))
        told = await told_of(it, there)

    assert told == [("Bill", bill["Id"], "Update"), ("BillPayment", paid["Id"], "Create")]


async def test_an_order_is_told_when_its_bill_closes_it() -> None:
    """Closed by the bill that comes of it."""
    async with company() as it, endpoint() as there:
        bob, item = await vendor_of(it), await pump(it)
        line = bought(item, 1, "25")
        order = await it.make("PurchaseOrder", VendorRef=ref(bob), APAccountRef=ref("33"), Line=[line])
        await subscribe(it, there)
        link = {"TxnId": order["Id"], "TxnType": "PurchaseOrder"}
        of_order = {**line, "LinkedTxn": [{**link, "TxnLineId": order["Line"][0]["Id"]}]}
        bill = await billed(it, bob, of_order, LinkedTxn=[link])
        told = await told_of(it, there)

    assert told == [("Bill", bill["Id"], "Create"), ("PurchaseOrder", order["Id"], "Update")]


async def test_an_estimate_is_told_when_its_invoice_closes_it() -> None:
    """Its time moves and its token does not; it is told all the same."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        offer = await it.make("Estimate", CustomerRef=ref(amy), Line=[sold("100.00")])
        await subscribe(it, there)
        owed = await it.invoice(amy, LinkedTxn=[{"TxnId": offer["Id"], "TxnType": "Estimate"}])
        told = await told_of(it, there)

    assert told == [("Estimate", offer["Id"], "Update"), ("Invoice", owed["Id"], "Create")]


async def test_a_credit_that_is_applied_by_itself_is_told_when_it_is() -> None:
    """A second after the credit memo, without a call: both documents are Updates, and a payment was made."""
    automatic = {"preferences": {"SalesFormsPrefs": {"AutoApplyCredit": True}}}
    async with company(company=automatic) as it, endpoint() as there:
        amy = await it.customer()
        owed = await it.invoice(amy)
        await subscribe(it, there, delay_seconds=0, aggregate_seconds=0)
        memo = await it.make("CreditMemo", CustomerRef=ref(amy), Line=[sold("30.00")])
        await later(it, 0)
        made = list(there.told)
        await it.control("POST", "clock", {"advance_seconds": 1})
        while len(there.posts) < 2:
            there.came.clear()
            await there.came.wait()

    assert made == [[("CreditMemo", memo["Id"], "Create")]]
    applied = sorted((entity, operation) for entity, _, operation in there.told[1])
    assert applied == [("CreditMemo", "Update"), ("Invoice", "Update"), ("Payment", "Create")]
    assert {id_ for _, id_, _ in there.told[1]} >= {owed["Id"], memo["Id"]}
