"""python-quickbooks, unchanged: receipts, credits, estimates, and the way from a purchase order to a paid bill."""

from typing import Any

from quickbooks.objects.account import Account
from quickbooks.objects.base import LinkedTxn, Ref
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import BillPayment, BillPaymentLine, CheckPayment
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    ItemBasedExpenseLine,
    ItemBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.employee import Employee
from quickbooks.objects.estimate import Estimate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.purchaseorder import PurchaseOrder
from quickbooks.objects.salesreceipt import SalesReceipt
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxrate import TaxRate
from quickbooks.objects.term import Term
from quickbooks.objects.vendor import Vendor

from tests.contract.quickbooks_library import library

Client = Any  # the package has no types
Thing = Any


def named(kind: Thing, qb: Client, name: str) -> Thing:
    made = kind()
    made.DisplayName = name
    return made.save(qb=qb)


def reference(value: str) -> Thing:
    made = Ref()
    made.value = value
    return made


def account(qb: Client, kind: str) -> Thing:
    """The first account of a type, as a reference."""
    return Account.filter(AccountType=kind, qb=qb)[0].to_ref()


def sold(amount: float) -> Thing:
    line = SalesItemLine()
    line.Amount = amount
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = reference("1")
    return line


def bought(amount: float, posts_to: Thing) -> Thing:
    line = AccountBasedExpenseLine()
    line.Amount = amount
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = posts_to
    return line


def form(kind: Thing, qb: Client, payer: Thing, amount: float) -> Thing:
    made = kind()
    made.CustomerRef = payer.to_ref()
    made.Line.append(sold(amount))
    return made.save(qb=qb)


async def test_lists() -> None:
    """Terms are made, employees and vendors too; tax codes, tax rates and payment methods are there to be read."""

    def steps(qb: Client) -> Thing:
        term = Term()
        term.Name, term.DueDays = "Net 14", 14
        term = term.save(qb=qb)
        employee = Employee()
        employee.GivenName, employee.FamilyName = "Emily", "Platt"
        employee = employee.save(qb=qb)
        vendor = Vendor()
        vendor.DisplayName, vendor.TermRef = "Brosnahan", term.to_ref()
        vendor = vendor.save(qb=qb)
        codes = TaxCode.all(qb=qb), TaxRate.all(qb=qb), PaymentMethod.filter(Name="Check", qb=qb)
        return term, employee, vendor, codes, Employee.where("FamilyName = 'platt'", qb=qb)

    async with library() as (_, run):
        term, employee, vendor, (codes, rates, methods), found = await run(steps)

    assert (term.DueDays, employee.DisplayName, vendor.TermRef.value) == (14, "Emily Platt", term.Id)
    assert {"California", "Tucson"} <= {code.Name for code in codes}
    assert 8 in [rate.RateValue for rate in rates]
    assert [method.Type for method in methods] == ["NON_CREDIT_CARD"]
    assert [one.Id for one in found] == [employee.Id]


async def test_a_receipt_is_made_edited_and_voided() -> None:
    """Money on the spot; its void asks for `include=void`."""

    def steps(qb: Client) -> Thing:
        made = form(SalesReceipt, qb, named(Customer, qb, "Amy"), 40)
        made.PrivateNote = "cash"
        edited = made.save(qb=qb)
        return made, edited, edited.void(qb=qb)["SalesReceipt"], SalesReceipt.count("TotalAmt > '10'", qb=qb)

    async with library() as (_, run):
        made, edited, voided, left = await run(steps)

    assert (made.TotalAmt, made.Balance, made.DepositToAccountRef.value) == (40, 0, "4")
    assert (edited.PrivateNote, edited.SyncToken) == ("cash", "1")
    assert (voided["TotalAmt"], left) == (0, 0)


async def test_a_credit_pays_an_invoice() -> None:
    """A payment over nothing that links both; each is settled."""

    def steps(qb: Client) -> Thing:
        amy = named(Customer, qb, "Amy")
        owed, credit = form(Invoice, qb, amy, 100), form(CreditMemo, qb, amy, 100)
        made = Payment()
        made.TotalAmt, made.CustomerRef = 0, amy.to_ref()
        for one, kind in ((owed, "Invoice"), (credit, "CreditMemo")):
            line, link = PaymentLine(), LinkedTxn()
            link.TxnId, link.TxnType, link.TxnLineId = one.Id, kind, None
            line.Amount = 100
            line.LinkedTxn.append(link)
            made.Line.append(line)
        made.save(qb=qb)
        return Invoice.get(owed.Id, qb=qb), CreditMemo.get(credit.Id, qb=qb), Customer.get(amy.Id, qb=qb)

    async with library() as (_, run):
        owed, credit, amy = await run(steps)

    assert (owed.Balance, credit.RemainingCredit, amy.Balance) == (0, 0, 0)


async def test_an_estimate_becomes_an_invoice() -> None:
    """Which closes it."""

    def steps(qb: Client) -> Thing:
        amy = named(Customer, qb, "Amy")
        estimate = form(Estimate, qb, amy, 75)
        link = LinkedTxn()
        link.TxnId, link.TxnType, link.TxnLineId = estimate.Id, "Estimate", None
        made = Invoice()
        made.CustomerRef = amy.to_ref()
        made.Line.append(sold(75))
        made.LinkedTxn.append(link)
        made = made.save(qb=qb)
        return estimate, made, Estimate.get(estimate.Id, qb=qb)

    async with library() as (_, run):
        estimate, made, after = await run(steps)

    assert (estimate.TxnStatus, after.TxnStatus, after.LinkedTxn[0].TxnId) == ("Pending", "Closed", made.Id)


async def test_from_a_purchase_order_to_a_paid_bill() -> None:
    """Ordered, billed, paid by cheque, and the payment voided; balances and states follow."""

    def steps(qb: Client) -> Thing:
        vendor = named(Vendor, qb, "Hicks Hardware")
        item = Item()
        item.Name, item.Type = "Nails", "NonInventory"
        item.IncomeAccountRef, item.ExpenseAccountRef = account(qb, "Income"), account(qb, "Cost of Goods Sold")
        item = item.save(qb=qb)
        order = PurchaseOrder()
        order.VendorRef, order.APAccountRef = vendor.to_ref(), account(qb, "Accounts Payable")
        line = ItemBasedExpenseLine()
        line.Amount = 30
        line.ItemBasedExpenseLineDetail = ItemBasedExpenseLineDetail()
        line.ItemBasedExpenseLineDetail.ItemRef = item.to_ref()
        line.ItemBasedExpenseLineDetail.UnitPrice, line.ItemBasedExpenseLineDetail.Qty = 10, 3
        order.Line.append(line)
        order = order.save(qb=qb)
        bill = Bill()
        bill.VendorRef = vendor.to_ref()
        bill.Line.append(bought(30, account(qb, "Expense")))
        bill = bill.save(qb=qb)
        paid = BillPayment()
        paid.VendorRef, paid.PayType, paid.TotalAmt = vendor.to_ref(), "Check", 30
        paid.CheckPayment = CheckPayment()
        paid.CheckPayment.BankAccountRef = account(qb, "Bank")
        line = BillPaymentLine()
        line.Amount = 30
        line.LinkedTxn.append(bill.to_linked_txn())
        paid.Line.append(line)
        paid = paid.save(qb=qb)
        after = Bill.get(bill.Id, qb=qb)
        voided = paid.void(qb=qb)["BillPayment"]
        again = Bill.get(bill.Id, qb=qb)
        order.POStatus = "Closed"
        return order, bill, after, voided, again, order.save(qb=qb), Vendor.get(vendor.Id, qb=qb)

    async with library() as (_, run):
        order, bill, after, voided, again, closed, vendor = await run(steps)

    assert (order.TotalAmt, bill.Balance, after.Balance, again.Balance, vendor.Balance) == (30, 30, 0, 30, 30)
    assert after.LinkedTxn[0].TxnType == "BillPaymentCheck"
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")
    assert closed.POStatus == "Closed"
