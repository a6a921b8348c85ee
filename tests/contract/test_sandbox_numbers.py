"""Document numbers: who gives them, which forms share them, and when one that is used already is refused."""

from tests.contract.sandbox_company import Body, Company, company, sold

OWN = {"preferences": {"SalesFormsPrefs": {"CustomTxnNumbers": True}}}


async def form(it: Company, entity: str, customer: Body, **fields: object) -> Body:
    return await it.make(entity, CustomerRef={"value": customer["Id"]}, Line=[sold("1.00")], **fields)


async def test_invoices_receipts_and_credits_share_one_sequence_and_estimates_have_their_own() -> None:
    """As in the recorded company, whose receipts fill the gaps of its invoices while its estimates begin at 1001."""
    async with company() as it:
        amy = await it.customer()
        kinds = ("Invoice", "SalesReceipt", "Estimate", "CreditMemo", "Invoice")
        numbers = [(await form(it, kind, amy))["DocNumber"] for kind in kinds]

    assert numbers == ["1001", "1002", "1001", "1003", "1004"]


async def test_a_number_that_was_sent_is_kept_and_the_sequence_goes_on_after_it() -> None:
    """Without numbers of its own a company refuses no duplicate."""
    async with company() as it:
        amy = await it.customer()
        sent = [(await form(it, "Invoice", amy, DocNumber=number))["DocNumber"] for number in ("5000", "5000", "K-7")]
        following = await form(it, "Invoice", amy)
        await form(it, "Invoice", amy, DocNumber="7")
        last = await form(it, "Invoice", amy)

    assert sent == ["5000", "5000", "K-7"]
    assert (following["DocNumber"], last["DocNumber"]) == ("5001", "5002")


async def test_a_company_with_numbers_of_its_own_gets_none_by_itself() -> None:
    """DocNumber is then not there at all; a payment of such an invoice has an empty reference."""
    async with company(company=OWN) as it:
        amy = await it.customer()
        owed = await form(it, "Invoice", amy)
        paid = await it.paid(amy, "1.00", (owed, "1.00"))
        twice = [(await form(it, "Invoice", amy, DocNumber="7"))["DocNumber"] for _ in range(2)]

    assert "DocNumber" not in owed
    assert paid["Line"][0]["LineEx"]["any"][2]["value"] == {"Name": "txnReferenceNumber", "Value": ""}
    assert twice == ["7", "7"]  # nobody warns of duplicates here


async def test_a_number_that_is_used_is_refused_where_the_company_warns_of_it() -> None:
    """6140 with the recorded words, whichever form has the number; its own number a form may keep."""
    async with company(company="custom-numbers") as it:
        ada = await it.read("Customer", "1")
        receipt = await form(it, "SalesReceipt", ada, DocNumber="R-1")
        body = {"CustomerRef": {"value": "1"}, "Line": [sold("1.00")]}
        invoice = await it.call("POST", "invoice", {**body, "DocNumber": "A-100"})
        other = await it.call("POST", "creditmemo", {**body, "DocNumber": "R-1"})
        kept = await it.call(
            "POST", "salesreceipt", {**body, "Id": receipt["Id"], "SyncToken": "0", "DocNumber": "R-1"}
        )

    assert (invoice.status, invoice.code) == (400, "6140")
    assert invoice.detail == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used."
        f" DocNumber=A-100 is assigned to TxnType=Invoice with TxnId={int(receipt['Id']) - 1}"
    )
    assert other.detail.endswith(f"is assigned to TxnType=Sales Receipt with TxnId={receipt['Id']}")
    assert kept.status == 200


async def test_a_fault_tells_all_that_is_wrong() -> None:
    """A used number and two lines without amounts are three errors."""
    async with company(company="custom-numbers") as it:
        line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        told = await it.call(
            "POST", "invoice", {"CustomerRef": {"value": "1"}, "DocNumber": "A-100", "Line": [line, line]}
        )

    assert [error["code"] for error in told["Fault"]["Error"]] == ["6140", "2020", "2020"]


async def test_a_refused_form_takes_no_number() -> None:
    """The next one gets it."""
    async with company() as it:
        amy = await it.customer()
        await it.call("POST", "invoice", {"CustomerRef": {"value": amy["Id"]}})
        made = await form(it, "Invoice", amy)

    assert made["DocNumber"] == "1001"
