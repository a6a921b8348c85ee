"""Account: the chart of accounts. Seeded; its active flag and texts may be edited."""

from infra.sandbox.quickbooks.entities import names
from infra.sandbox.quickbooks.entities.entity import Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Currency, Flag, Money
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import NOTHING, Doc

TABLE = Table(
    "Account",
    (
        text("Name", 100, query=True),
        made("SubAccount", query=True, default=False),
        made("FullyQualifiedName", query=True),
        text("Description", 100, query=True),
        text("AcctNum", 7, query=True),
        Field("Active", Flag(), query=True, default=True),
        made("Classification", query=True),
        text("AccountType", query=True),
        text("AccountSubType", query=True),
        made("CurrentBalance", Money(), query=True, default=NOTHING),
        made("CurrentBalanceWithSubAccounts", Money(), query=True, default=NOTHING),
        Field("CurrencyRef", Currency()),
        *HEAD,
    ),
    unmodelled=frozenset(
        {
            *("ParentRef", "TaxCodeRef", "TxnLocationType", "AccountAlias", "BankNum", "OpeningBalance", "CCDetail"),
            *("OpeningBalanceDate", "OnlineBankingEnabled", "FIName", "JournalCodeRef", "Tag", "CustomField"),
        }
    ),
)

_TYPES = {
    "Asset": ("Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset"),
    "Liability": ("Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability"),
    "Equity": ("Equity",),
    "Revenue": ("Income", "Other Income"),
    "Expense": ("Cost of Goods Sold", "Expense", "Other Expense"),
}
CLASSIFICATIONS = {kind: classification for classification, kinds in _TYPES.items() for kind in kinds}


def complete(draft: Draft) -> Doc:
    """Name and classification of an account."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "Name", "AccountType")
    if doc["AccountType"] not in CLASSIFICATIONS:
        raise not_modelled(f"Account.AccountType {doc['AccountType']}")
    if "AccountSubType" not in doc:
        raise not_modelled("Account without AccountSubType")
    doc = names.activity(doc, draft, "Name")
    names.check_unique(draft, "Account", doc["Name"])
    return {**doc, "FullyQualifiedName": doc["Name"], "Classification": CLASSIFICATIONS[doc["AccountType"]]}


ACCOUNT = Entity(
    Shelf(
        "Account",
        TABLE,
        sequence="Account",
        title="Name",
        name="Name",
        namespace="Account",
        indexed=("Name", "FullyQualifiedName", "AccountSubType"),
    ),
    complete,
    kept=frozenset({"Active", "AccountType", "AccountSubType"}),
    order=("FullyQualifiedName", False),
)
