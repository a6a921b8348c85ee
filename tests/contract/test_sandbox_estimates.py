"""Offers: they post nothing, and the invoice that is made from one closes it."""

from tests.contract.sandbox_company import Body, Company, company, sold
from tests.contract.sandbox_sums import check_books


async def estimate(it: Company, customer: Body, **fields: object) -> Body:
    return await it.make("Estimate", CustomerRef={"value": customer["Id"]}, **{"Line": [sold("100.00")], **fields})


def from_estimate(offer: Body) -> Body:
    return {"LinkedTxn": [{"TxnId": offer["Id"], "TxnType": "Estimate"}]}


async def test_an_estimate_has_the_recorded_keys_and_moves_no_money() -> None:
    """No balance, no due date, no links; the customer owes nothing and was not touched."""
    async with company(custom_fields=["Crew #"]) as it:
        amy = await it.customer()
        it.clock.advance(60)
        made = await estimate(it, amy)
        after = await it.read("Customer", amy["Id"])
        realm = it.running.sandbox.realms[it.realm]

    assert list(made) == [
        *("domain", "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef"),
        *("TxnStatus", "Line", "TxnTaxDetail", "CustomerRef", "TotalAmt", "ApplyTaxAfterDiscount", "PrintStatus"),
        "EmailStatus",
    ]
    assert made["TxnStatus"] == "Pending"
    assert after == amy
    assert not any(realm.ledger.values())


async def test_the_invoice_made_from_an_estimate_closes_it_without_a_new_token() -> None:
    """As recorded: status Closed, the link and a new time; both the invoice and its line name the estimate."""
    async with company() as it:
        amy = await it.customer()
        offer = await estimate(it, amy, TxnStatus="Accepted")
        it.clock.advance(60)
        bill = await it.invoice(amy, **from_estimate(offer))
        closed = await it.read("Estimate", offer["Id"])

    assert (closed["TxnStatus"], closed["SyncToken"]) == ("Closed", "0")
    assert closed["LinkedTxn"] == [{"TxnId": bill["Id"], "TxnType": "Invoice"}]
    assert closed["MetaData"]["LastUpdatedTime"] == bill["MetaData"]["CreateTime"]
    assert bill["LinkedTxn"] == from_estimate(offer)["LinkedTxn"]


async def test_a_line_that_sells_what_was_offered_says_so() -> None:
    """LinkedTxn stands on the line too; what was not offered has none."""
    async with company() as it:
        amy = await it.customer()
        offered = sold("100.00", SalesItemLineDetail={"ItemRef": {"value": "1"}})
        other = sold("5.00", SalesItemLineDetail={"ItemRef": {"value": "2"}})
        offer = await estimate(it, amy, Line=[offered])
        bill = await it.invoice(amy, Line=[offered, other], **from_estimate(offer))

    assert bill["Line"][0]["LinkedTxn"] == from_estimate(offer)["LinkedTxn"]
    assert "LinkedTxn" not in bill["Line"][1]


async def test_an_estimate_opens_again_when_its_invoice_goes() -> None:
    """Its status is what it was before; a void lets it go like a delete."""
    async with company() as it:
        amy = await it.customer()
        for operation in ("delete", "void"):
            offer = await estimate(it, amy, TxnStatus="Accepted")
            bill = await it.invoice(amy, **from_estimate(offer))
            body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("90.00")]}
            edited = await it.call("POST", "estimate", {"Id": offer["Id"], "SyncToken": "0", **body})
            assert edited["Estimate"]["TxnStatus"] == "Closed"
            await it.call("POST", "invoice", {"Id": bill["Id"], "SyncToken": "0"}, operation=operation)
            opened = await it.read("Estimate", offer["Id"])

            assert opened["TxnStatus"] == "Accepted"
            assert "LinkedTxn" not in opened
        check_books(it.running.sandbox.realms[it.realm])


async def test_an_estimate_is_invoiced_once_and_for_its_own_customer() -> None:
    """620 for the second invoice and for another customer's; 610 for an estimate that is not there."""
    async with company() as it:
        amy, bob = await it.customer(), await it.customer("Bob")
        offer = await estimate(it, amy)
        foreign = {"CustomerRef": {"value": bob["Id"]}, "Line": [sold("1.00")], **from_estimate(offer)}
        another = await it.call("POST", "invoice", foreign)
        await it.invoice(amy, **from_estimate(offer))
        second = await it.call("POST", "invoice", {**foreign, "CustomerRef": {"value": amy["Id"]}})
        missing = await it.call("POST", "invoice", {**foreign, **from_estimate({"Id": "999"})})

    assert (another.code, second.code, missing.code) == ("620", "620", "610")


async def test_payments_do_not_loosen_an_invoice_from_its_estimate() -> None:
    """The newest link stands first; a full update that names no links keeps both."""
    async with company() as it:
        amy = await it.customer()
        offer = await estimate(it, amy)
        bill = await it.invoice(amy, **from_estimate(offer))
        paid = await it.paid(amy, "40.00", (bill, "40.00"))
        body = {"Id": bill["Id"], "SyncToken": "1", "CustomerRef": {"value": amy["Id"]}, "Line": [sold("100.00")]}
        after = (await it.call("POST", "invoice", body))["Invoice"]

    assert [link["TxnType"] for link in after["LinkedTxn"]] == ["Payment", "Estimate"]
    assert after["LinkedTxn"][0]["TxnId"] == paid["Id"]


async def test_an_estimate_that_is_to_be_mailed_needs_an_address_and_tells_how_it_goes() -> None:
    """6420 without one; DeliveryInfo has no time until it is sent."""
    async with company() as it:
        amy = await it.customer()
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")], "EmailStatus": "NeedToSend"}
        refused = await it.call("POST", "estimate", body)
        waiting = await estimate(it, amy, EmailStatus="NeedToSend", BillEmail={"Address": "amy@example.com"})
        sent = (await it.call("POST", f"estimate/{waiting['Id']}/send"))["Estimate"]

    assert refused.code == "6420"
    assert waiting["DeliveryInfo"] == {"DeliveryType": "Email"}
    assert (sent["EmailStatus"], set(sent["DeliveryInfo"])) == ("EmailSent", {"DeliveryType", "DeliveryTime"})


async def test_an_estimate_says_who_accepted_it() -> None:
    """AcceptedBy, AcceptedDate and ExpirationDate are kept by a sparse edit; an unknown status is refused."""
    async with company() as it:
        amy = await it.customer()
        offer = await estimate(it, amy, ExpirationDate="2026-04-01")
        body = {"Id": offer["Id"], "SyncToken": "0", "sparse": True}
        accepted = {**body, "TxnStatus": "Accepted", "AcceptedBy": "Amy", "AcceptedDate": "2026-03-02"}
        after = (await it.call("POST", "estimate", accepted))["Estimate"]
        unknown = await it.call("POST", "estimate", {**body, "SyncToken": "1", "TxnStatus": "Perhaps"})

    assert (after["AcceptedBy"], after["AcceptedDate"], after["ExpirationDate"]) == ("Amy", "2026-03-02", "2026-04-01")
    assert unknown.code == "2170"
