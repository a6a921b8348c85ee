"""The company behind the recordings: for each of them a seed with what it presupposes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.recorded import GONE, Pair, pairs
from tests.contract.sandbox_company import Body, Company, Told, company

# In 2020 the change feed went back to the start, and a sub-customer could have another customer's name.
SWITCHES = Switches(limits="off", feed_reach="any", same_child_name="allowed")

_SERVER = frozenset(
    {
        *("domain", "sparse", "MetaData", "CurrencyRef", "FullyQualifiedName", "Level", "TotalAmt", "CustomField"),
        *("Balance", "BalanceWithJobs", "Classification", "CurrentBalance", "CurrentBalanceWithSubAccounts"),
        *("LinkedTxn", "DeliveryInfo"),
    }
)


@asynccontextmanager
async def recorded_company(name: str) -> AsyncIterator[Company]:
    """A company as it was before the first request of a recording, at that time."""
    begin = datetime.fromisoformat(pairs(name)[0].time)
    seed = {"time_zone": "America/Los_Angeles", "custom_fields": ["Crew #"], **SEEDS[name]()}
    async with company(SWITCHES, start=begin, company=seed) as it:
        yield it


async def repeat(it: Company, pair: Pair) -> Told:
    """Send the recorded request at the recorded time."""
    late = datetime.fromisoformat(pair.time) - it.clock.now()
    it.clock.advance(max(late.total_seconds(), 0))
    return await it.call(pair.method, pair.tail, pair.body, **pair.query)


# Seeds


def seeded(row: Body) -> Body:
    """An object of an answer as an object of a seed: without what only the server makes."""
    found = {name: _without_gone(value) for name, value in row.items() if name not in _SERVER | GONE}
    found["Line"] = [line for line in row.get("Line", ()) if line["DetailType"] != "SubTotalLineDetail"]
    if "TxnTaxDetail" in found:
        code = found.pop("TxnTaxDetail").get("TxnTaxCodeRef")
        found |= {"TxnTaxDetail": {"TxnTaxCodeRef": code}} if code else {}
    times = row.get("MetaData", {})
    return {**{name: value for name, value in found.items() if name != "Line" or value}, **times}


def _without_gone(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _without_gone(inner) for name, inner in value.items() if name not in GONE}
    return [_without_gone(inner) for inner in value] if isinstance(value, list) else value


def rows(name: str, number: int, entity: str) -> list[Body]:
    """What a recorded query told."""
    found: list[Body] = pairs(name)[number].answer["QueryResponse"][entity]
    return found


def _sold(record_id: str, amount: str, customer: str, **more: object) -> Body:
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    return {"Id": record_id, "CustomerRef": {"value": customer}, "Line": [line], **more}


def _customers() -> Body:
    """All of them, parents first, and an invoice for each that owes something."""
    found = rows("all_customers", 1, "Customer")
    owed = [one for one in found if one["Balance"] != "0"]
    return {
        "objects": {
            "Customer": [seeded(one) for one in sorted(found, key=lambda one: int(one.get("Level", "0")))],
            "Invoice": [_sold(str(900 + place), one["Balance"], one["Id"]) for place, one in enumerate(owed)],
        }
    }


def _vendors() -> Body:
    """All of them, and a bill for each that is owed something."""
    found = rows("get_inactive_vendors", 0, "Vendor")
    owed = [one for one in found if one["Balance"] != "0"]
    expense = {"DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": {"AccountRef": "7"}}
    return {
        "objects": {
            "Term": [{"Id": "1", "Name": "Due on receipt", "DueDays": 0}, {"Id": "3", "Name": "Net 30", "DueDays": 30}],
            "Vendor": [seeded(one) for one in found],
            "Bill": [
                {"Id": str(900 + place), "VendorRef": one["Id"], "Line": [{"Amount": one["Balance"], **expense}]}
                for place, one in enumerate(owed)
            ],
        }
    }


def _amy() -> Body:
    found = next(one for one in rows("all_customers", 1, "Customer") if one["Id"] == "1")
    return {"objects": {"Customer": [seeded(found)]}, "next": {"Transaction": 266, "DocNumber": 1043}}


def _jane() -> Body:
    return {"objects": {"Customer": [seeded(pairs("update_customer")[0].answer["Customer"])]}}


def _fees() -> Body:
    return {"objects": {"Account": [seeded(pairs("deactivate_account")[0].answer["Account"])]}}


ITEMS = {
    "3": "Concrete",
    "4": "Design",
    "5": "Rock Fountain",
    "7": "Installation",
    "10": "Pest Control",
    "11": "Pump",
    "13": "Rocks",
}


def _items() -> list[Body]:
    return [
        {"Id": one, "Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}} for one, name in ITEMS.items()
    ]


def _receipt() -> Body:
    """As it was read: a seed keeps tokens and the ids of lines."""
    found = seeded(pairs("update_sales_receipt")[0].answer["SalesReceipt"])
    return {"objects": {"Item": _items(), "SalesReceipt": [found]}}


def _batch() -> Body:
    """Two sales receipts; no invoice 129."""
    found = pairs("batch_basic")[0].answer["BatchItemResponse"][3]["QueryResponse"]["SalesReceipt"]
    customer = {"Id": "6", "DisplayName": "Dylan Sollfrank"}
    receipts = [seeded(one) for one in reversed(found)]
    return {
        "objects": {"Item": _items(), "Customer": [customer], "SalesReceipt": receipts},
        "next": {"Names": 71},
    }


def _estimates() -> Body:
    """Three that became invoices, which closed them, and one with sales tax that was accepted."""
    found = pairs("cdc_basic")[0].answer["CDCResponse"][0]["QueryResponse"][0]["Estimate"]
    people = {one["CustomerRef"]["value"]: one["CustomerRef"]["name"] for one in found}
    return {
        "objects": {
            "Item": _items(),
            "Customer": [{"Id": one, "DisplayName": name} for one, name in people.items()],
            "Estimate": [seeded(_still_open(one)) for one in found],
            "Invoice": [_invoice_of(one) for one in found if "LinkedTxn" in one],
        }
    }


def _still_open(estimate: Body) -> Body:
    return {name: value for name, value in estimate.items() if name != "TxnStatus" or value != "Closed"}


def _invoice_of(estimate: Body) -> Body:
    made = {name: seeded(estimate)[name] for name in ("CustomerRef", "Line")}
    link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
    return {"Id": estimate["LinkedTxn"][0]["TxnId"], "LinkedTxn": [link], **made}


SEEDS: dict[str, Callable[[], Body]] = {
    "all_customers": _customers,
    "batch_basic": _batch,
    "cdc_basic": _estimates,
    "create_customer": lambda: {"next": {"Names": 70}},
    "create_invoice": _amy,
    "deactivate_account": _fees,
    "error_400_json": dict,
    "error_validation": lambda: {"objects": {"Customer": [{"Id": "29", "DisplayName": "Weiskopf Consulting"}]}},
    "get_inactive_vendors": _vendors,
    "update_customer": _jane,
    "update_sales_receipt": _receipt,
}
