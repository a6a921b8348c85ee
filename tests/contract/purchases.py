"""What a purchase test says often: bodies of lines, bills and payments; and what must hold in the books after it."""

from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.entities import ledger, roles
from tests.contract.sandbox_company import Company

Body = dict[str, Any]
ADVERTISING, CHECKING, MASTERCARD, PAYABLE = "7", "35", "41", "33"


def ref(value: object) -> Body:
    """A reference, to a record or to an id."""
    return {"value": str(value["Id"] if isinstance(value, dict) else value)}


def expense(amount: str, account: str = ADVERTISING, **fields: object) -> Body:
    """A line of money spent on an account."""
    detail = {"AccountRef": ref(account)}
    return {
        "Amount": amount,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": detail,
        **fields,
    }


def bought(item: Body, quantity: int, price: str, **fields: object) -> Body:
    """A line of an item bought."""
    detail = {"ItemRef": ref(item), "Qty": quantity, "UnitPrice": price}
    amount = str(Decimal(price) * quantity)
    return {
        "Amount": amount,
        "DetailType": "ItemBasedExpenseLineDetail",
        "ItemBasedExpenseLineDetail": detail,
        **fields,
    }


def settling(bill: Body, amount: str) -> Body:
    """A payment's line on a bill."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}


def by_check(vendor: Body, total: str, *lines: Body, **fields: object) -> Body:
    """A bill's payment from the bank account."""
    return {
        "VendorRef": ref(vendor),
        "TotalAmt": total,
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": ref(CHECKING)},
        "Line": list(lines),
        **fields,
    }


def by_card(vendor: Body, total: str, *lines: Body) -> Body:
    """A bill's payment by credit card."""
    return {
        "VendorRef": ref(vendor),
        "TotalAmt": total,
        "PayType": "CreditCard",
        "CreditCardPayment": {"CCAccountRef": ref(MASTERCARD)},
        "Line": list(lines),
    }


async def vendor_of(it: Company, name: str = "Bob's Burger Joint", **fields: object) -> Body:
    """A new vendor."""
    return await it.make("Vendor", DisplayName=name, **fields)


async def billed(it: Company, vendor: Body, *lines: Body, **fields: object) -> Body:
    """A new bill."""
    return await it.make("Bill", VendorRef=ref(vendor), Line=list(lines), **fields)


async def pump(it: Company, **fields: object) -> Body:
    """An item that is bought and sold, and not kept in stock."""
    accounts = {"IncomeAccountRef": ref("79"), "ExpenseAccountRef": ref("80")}
    return await it.make("Item", Name="Pump", Type="NonInventory", **accounts, **fields)


def check_books(it: Company) -> None:
    """Debits equal credits; vendors are owed their bills less what was paid them, and A/P shows that sum."""
    realm = it.running.sandbox.realms[it.realm]
    balance = ledger.trial_balance(realm)
    assert sum(balance.values()) == 0
    owed: dict[str, Decimal] = {}
    for entity, sign in (("Bill", 1), ("BillPayment", -1)):
        for record in realm.records[entity].values():
            vendor = record.doc["VendorRef"]["value"]
            owed[vendor] = owed.get(vendor, Decimal(0)) + sign * record.doc["TotalAmt"]
    shown = {one.id: one.doc["Balance"] for one in realm.records["Vendor"].values()}
    assert {vendor: amount for vendor, amount in shown.items() if amount} == {
        vendor: amount for vendor, amount in owed.items() if amount
    }
    payable = roles.account(realm, roles.PAYABLE)
    assert balance.get(payable, Decimal(0)) == -sum(owed.values())
    assert realm.records["Account"][payable].doc["CurrentBalance"] == -sum(owed.values())
