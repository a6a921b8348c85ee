"""python-quickbooks, a client that many use, unchanged: lists, sales, batches, the feed, and its exceptions."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from quickbooks import exceptions
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.objects.account import Account
from quickbooks.objects.base import Address, EmailAddress, PhoneNumber, Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.preferences import Preferences

from tests.contract.quickbooks_library import library

Client = Any  # the package has no types
Thing = Any


def customer(qb: Client, name: str = "Amy") -> Thing:
    made = Customer()
    made.DisplayName = name
    return made.save(qb=qb)


def invoice(qb: Client, payer: Thing, amount: float | Decimal = 100) -> Thing:
    line = SalesItemLine()
    line.Amount, line.Description = amount, "Work"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = reference("1")
    made = Invoice()
    made.CustomerRef = payer.to_ref()
    made.Line.append(line)
    return made.save(qb=qb)


def payment(qb: Client, payer: Thing, paid: Thing, amount: float) -> Thing:
    line = PaymentLine()
    line.Amount = amount
    line.LinkedTxn.append(paid.to_linked_txn())
    made = Payment()
    made.TotalAmt = amount
    made.CustomerRef = payer.to_ref()
    made.Line.append(line)
    return made.save(qb=qb)


def reference(value: str) -> Thing:
    made = Ref()
    made.value = value
    return made


async def test_it_connects_and_reads_the_company() -> None:
    """With nothing but a refresh token; company and preferences are read, and the company queried."""

    def steps(qb: Client) -> Thing:
        return CompanyInfo.get(qb.company_id, qb=qb), Preferences.get(qb=qb), CompanyInfo.all(qb=qb)

    async with library() as (_, run):
        info, preferences, listed = await run(steps)

    assert (info.CompanyName, info.Id) == ("Craig's", "1")
    assert preferences.SalesFormsPrefs.CustomTxnNumbers is False
    assert [one.Id for one in listed] == ["1"]


async def test_a_customer_lives_its_life() -> None:
    """Created, read, edited whole and in part, made inactive; found by each of the library's ways to look."""

    def steps(qb: Client) -> Thing:
        made = Customer()
        made.DisplayName, made.CompanyName, made.Notes = "Amy's Birds", "Amy & Co", "old"
        made.PrimaryPhone, made.PrimaryEmailAddr, made.BillAddr = PhoneNumber(), EmailAddress(), Address()
        made.PrimaryPhone.FreeFormNumber = "(650) 555-3311"
        made.PrimaryEmailAddr.Address = "birds@intuit.com"
        made.BillAddr.Line1 = "4581 Finch St."
        made = made.save(qb=qb)
        read = Customer.get(made.Id, qb=qb)
        read.Notes = "new"
        whole = read.save(qb=qb)
        part = Customer()
        part.Id, part.SyncToken, part.sparse, part.DisplayName = whole.Id, whole.SyncToken, True, "Amy's Bees"
        part = part.save(qb=qb)
        customer(qb, "Bea"), customer(qb, "Cid")
        looks = (
            Customer.filter(DisplayName="Amy's Bees", qb=qb),
            Customer.filter(Active=True, order_by="DisplayName DESC", max_results=2, qb=qb),
            Customer.where("DisplayName LIKE 'B%'", qb=qb),
            Customer.choose(["Bea", "Cid"], field="DisplayName", qb=qb),
            Customer.all(order_by="Id", start_position=2, max_results=1, qb=qb),
            Customer.query("SELECT * FROM Customer WHERE PrimaryEmailAddr = 'birds@intuit.com'", qb=qb),
        )
        part.Active = False
        gone = part.save(qb=qb)
        return (made, read, whole, part), looks, gone, Customer.count(qb=qb), Customer.count("Active = false", qb=qb)

    async with library() as (_, run):
        (made, read, whole, part), looks, gone, left, inactive = await run(steps)

    assert (made.SyncToken, whole.SyncToken, part.SyncToken, gone.SyncToken) == ("0", "1", "2", "3")
    assert (read.PrimaryPhone.FreeFormNumber, read.BillAddr.Line1) == ("(650) 555-3311", "4581 Finch St.")
    assert (whole.Notes, whole.PrimaryEmailAddr.Address) == ("new", "birds@intuit.com")
    assert part.DisplayName == "Amy's Bees"
    assert [[one.DisplayName for one in found] for found in looks] == [
        ["Amy's Bees"],
        ["Cid", "Bea"],
        ["Bea"],
        ["Bea", "Cid"],
        ["Bea"],
        ["Amy's Bees"],
    ]
    assert (gone.DisplayName, gone.Active, left, inactive) == ("Amy's Bees (deleted)", False, 2, 1)


async def test_items_and_accounts() -> None:
    """A service that posts to an account of its own; the list of items asks for `*, Sku`."""

    def steps(qb: Client) -> Thing:
        account = Account()
        account.Name, account.AccountType, account.AccountSubType = "Garden income", "Income", "SalesOfProductIncome"
        account = account.save(qb=qb)
        item = Item()
        item.Name, item.Type, item.Sku, item.UnitPrice = "Hedges", "Service", "H-1", 12.5
        item.IncomeAccountRef = account.to_ref()
        item = item.save(qb=qb)
        return account, item, Item.all(qb=qb), Item.filter(Sku="H-1", qb=qb)

    async with library() as (_, run):
        account, item, listed, found = await run(steps)

    assert (account.Classification, item.IncomeAccountRef.value) == ("Revenue", account.Id)
    assert [one.Name for one in listed] == ["Hedges", "Hours", "Services"]
    assert [(one.Id, one.UnitPrice) for one in found] == [(item.Id, 12.5)]


async def test_an_invoice_is_paid_and_the_payment_voided() -> None:
    """The links and balances follow; a payment's void asks for `include=void`."""

    def steps(qb: Client) -> Thing:
        amy = customer(qb)
        made = invoice(qb, amy, 100)
        paid = payment(qb, amy, made, 60)
        after = Invoice.get(made.Id, qb=qb)
        voided = paid.void(qb=qb)["Payment"]
        return made, paid, after, voided, Invoice.get(made.Id, qb=qb)

    async with library() as (_, run):
        made, paid, after, voided, again = await run(steps)

    assert (made.TotalAmt, made.Balance, made.Line[1].DetailType) == (100, 100, "SubTotalLineDetail")
    assert (after.Balance, after.LinkedTxn[0].TxnId, after.LinkedTxn[0].TxnType) == (40, paid.Id, "Payment")
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")
    assert (again.Balance, again.LinkedTxn) == (100, [])


async def test_an_invoice_is_edited_sent_voided_and_deleted() -> None:
    """Each by the library's own method."""

    def steps(qb: Client) -> Thing:
        amy = customer(qb)
        first, second = invoice(qb, amy), invoice(qb, amy)
        first.PrivateNote = "note"
        edited = first.save(qb=qb)
        sent = edited.send(qb=qb, send_to="amy+1@intuit.com")["Invoice"]
        current = Invoice.get(first.Id, qb=qb)
        voided = current.void(qb=qb)["Invoice"]
        deleted = second.delete(qb=qb)["Invoice"]
        return edited, sent, voided, deleted, Invoice.count(qb=qb)

    async with library() as (_, run):
        edited, sent, voided, deleted, left = await run(steps)

    assert (edited.PrivateNote, edited.SyncToken) == ("note", "1")
    assert (sent["EmailStatus"], sent["BillEmail"]["Address"]) == ("EmailSent", "amy+1@intuit.com")
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided - note")
    assert (deleted["status"], left) == ("Deleted", 1)


async def test_a_batch_is_answered_item_by_item() -> None:
    """Created, one refused; updated; deleted. More than thirty are sent in several batches."""

    def steps(qb: Client) -> Thing:
        people = []
        for number in range(31):
            one = Customer()
            one.DisplayName = f"C{number:02}"
            people.append(one)
        people[5].DisplayName = "C04"
        made = batch_create(people, qb=qb)
        for one in made.successes[:2]:
            one.Notes = "batched"
        edited = batch_update(made.successes[:2], qb=qb)
        drafts = [invoice(qb, made.successes[0]) for _ in range(2)]
        return made, edited, batch_delete(drafts, qb=qb)

    async with library() as (_, run):
        made, edited, deleted = await run(steps)

    assert (len(made.successes), [fault.Error[0].code for fault in made.faults]) == (30, ["6240"])
    assert made.faults[0].original_object.DisplayName == "C04"
    assert [(one.Notes, one.SyncToken) for one in edited.successes] == [("batched", "1")] * 2
    assert [one.status for one in deleted.successes] == ["Deleted"] * 2


async def test_the_feed_is_read_by_class() -> None:
    """Objects of the asked classes; what was deleted says so, what did not change is no attribute."""

    def steps(qb: Client) -> Thing:
        amy = customer(qb)
        kept, gone = invoice(qb, amy), invoice(qb, amy)
        gone.delete(qb=qb)
        told = change_data_capture([Invoice, Customer, Payment], "2026-03-01T00:00:00-08:00", qb=qb)
        return kept, gone, told

    async with library() as (_, run):
        kept, gone, told = await run(steps)

    assert [(one.Id, getattr(one, "status", None)) for one in told.Invoice] == [(kept.Id, None), (gone.Id, "Deleted")]
    assert [one.DisplayName for one in told.Customer] == ["Amy"]
    assert not hasattr(told, "Payment")


async def test_a_request_id_makes_a_repeat_harmless() -> None:
    """The library passes it on; the second save plays the first one's answer back."""

    def steps(qb: Client) -> Thing:
        made = []
        for _ in range(2):
            one = Customer()
            one.DisplayName = "Amy"
            made.append(one.save(qb=qb, request_id="a-1").Id)
        return made, Customer.count(qb=qb)

    async with library() as (_, run):
        made, left = await run(steps)

    assert (made[0] == made[1], left) == (True, 1)


async def test_each_fault_is_its_exception() -> None:
    """The code decides the class; message, code and detail are the sandbox's."""

    def steps(qb: Client) -> dict[str, Thing]:
        amy = customer(qb)
        stale = Customer.get(amy.Id, qb=qb)
        amy.Notes = "x"
        amy.save(qb=qb)
        return {
            "validation": raised(lambda: Customer.query("select * from Custmoer", qb=qb)),
            "missing": raised(lambda: Invoice.get("4711", qb=qb)),
            "stale": raised(lambda: stale.save(qb=qb)),
            "taken": raised(lambda: customer(qb, "Amy")),
            "path": raised(lambda: qb.get(f"{qb.api_url}/company/{qb.company_id}/nonsense")),
        }

    async with library() as (_, run):
        found = await run(steps)

    assert isinstance(found["validation"], exceptions.ValidationException)
    assert found["validation"].detail == "QueryValidationError: invalid context declaration: Custmoer"
    assert isinstance(found["missing"], exceptions.ObjectNotFoundException)
    assert isinstance(found["path"], exceptions.UnsupportedException)
    assert {name: error.error_code for name, error in found.items()} == {
        "validation": 4001,
        "missing": 610,
        "stale": 5010,
        "taken": 6240,
        "path": 500,
    }


async def test_a_dead_token_is_an_authorization_exception() -> None:
    """401, told in the gateway's envelope; after a refresh the same client goes on."""

    def steps(qb: Client) -> Thing:
        error = raised(lambda: Customer.count(qb=qb))
        qb.auth_client.refresh()
        qb.session.access_token = qb.auth_client.access_token
        return error, Customer.count(qb=qb)

    async with library() as (it, run):
        await it.control("POST", f"{it.realm}/expire-tokens", {})
        error, count = await run(steps)

    assert isinstance(error, exceptions.AuthorizationException)
    assert "Token expired" in error.detail
    assert count == 0


async def test_decimals_stay_decimals() -> None:
    """With `use_decimal` amounts go in as text and come out without a float in between."""

    def steps(qb: Client) -> Thing:
        qb.use_decimal = True
        return Invoice.get(invoice(qb, customer(qb), Decimal("19.99")).Id, qb=qb)

    async with library() as (_, run):
        made = await run(steps)

    assert (made.TotalAmt, type(made.TotalAmt)) == (Decimal("19.99"), Decimal)


def raised(call: Callable[[], object]) -> Thing:
    """The library's exception."""
    with pytest.raises(exceptions.QuickbooksException) as caught:
        call()
    return caught.value
