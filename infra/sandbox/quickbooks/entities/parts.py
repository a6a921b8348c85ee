"""Tables of the objects inside objects: addresses, phones, lines, links, custom fields."""

from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import (
    Anything,
    Code,
    Day,
    Elsewhere,
    Email,
    Flag,
    Kind,
    Money,
    Number,
    Ref,
    Text,
    Whole,
)


def text(name: str, longest: int = 4000, *, query: bool = False) -> Field:
    """A writable string."""
    return Field(name, Text(longest), query=query)


def made(name: str, kind: Kind | None = None, *, query: bool = False, default: object = None) -> Field:
    """A value only the server makes; what is sent is ignored."""
    return Field(name, kind or Anything(), read_only=True, query=query, default=default)


# What every object has; `status` is only sent back by clients that keep a deleted stub.
HEAD = (
    made("domain"),
    made("sparse"),
    made("status"),
    Field("Id", Text(), read_only=True, query=True),
    made("SyncToken"),
    made("MetaData", query=True),
)

# How a person is called, on customers, vendors and employees.
PERSON = (
    text("Title", 16, query=True),
    *(text(f"{which}Name", 100, query=True) for which in ("Given", "Middle", "Family")),
    text("Suffix", 16, query=True),
)

ADDRESS = Table(
    "PhysicalAddress",
    (
        text("Id"),
        *(text(f"Line{number}", 500) for number in range(1, 6)),
        text("City", 255),
        text("Country", 255),
        text("CountrySubDivisionCode", 255),
        text("PostalCode", 30),
        text("Note"),
        made("Lat"),  # no longer answered since 2025; old clients still send them
        made("Long"),
    ),
    unmodelled=frozenset({"CountryCode", "PostalCodeSuffix", "Tag"}),
)
PHONE = Table(
    "TelephoneNumber",
    (text("FreeFormNumber", 30),),
    unmodelled=frozenset(
        {"Id", "DeviceType", "CountryCode", "AreaCode", "ExchangeCode", "Extension", "Default", "Tag"}
    ),
)
EMAIL = Table("EmailAddress", (Field("Address", Email()),), unmodelled=frozenset({"Id", "Default", "Tag"}))
WEB = Table("WebSiteAddress", (text("URI", 1000),), unmodelled=frozenset({"Id", "Default", "Tag"}))
MEMO = Table("MemoRef", (text("value", 1000), made("name"), made("id")))

CUSTOM_FIELD = Table(
    "CustomField",
    (text("DefinitionId"), text("Name"), text("Type"), text("StringValue", 31)),
    unmodelled=frozenset({"BooleanValue", "DateValue", "NumberValue"}),
)
# Clients send a line number with every link; where links are whole transactions it says nothing.
LINKED = Table("LinkedTxn", (text("TxnId"), text("TxnType"), made("TxnLineId")))

SALES_ITEM = Table(
    "SalesItemLineDetail",
    (
        Field("ServiceDate", Day()),
        Field("ItemRef", Ref("Item")),
        Field("UnitPrice", Number()),
        Field("Qty", Number()),
        made("ItemAccountRef"),
        Field("TaxCodeRef", Code()),
        Field("TaxInclusiveAmt", Money()),
        Field("ClassRef", Elsewhere()),
    ),
    unmodelled=frozenset(
        {
            *("PriceLevelRef", "RatePercent", "MarkupInfo", "DiscountRate", "DiscountAmt", "TaxClassificationRef"),
            *("DeferredRevenue", "UOMRef", "SalesItemLineDetailEx"),
        }
    ),
)
DISCOUNT = Table(
    "DiscountLineDetail",
    (
        Field("PercentBased", Flag()),
        Field("DiscountPercent", Number()),
        Field("DiscountAccountRef", Ref("Account")),
    ),
    unmodelled=frozenset({"ServiceDate", "ClassRef", "TaxCodeRef", "Discount"}),
)
DESCRIPTION = Table(
    "DescriptionLineDetail",
    (Field("ServiceDate", Day()), Field("TaxCodeRef", Code())),
)
SUBTOTAL = Table("SubTotalLineDetail", (made("ItemRef"), made("ServiceDate")))

_LINE_UNMODELLED = frozenset(
    {
        *("Received", "CustomField", "LineEx", "PaymentLineDetail", "GroupLineDetail", "TaxLineDetail"),
        *("ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail", "JournalEntryLineDetail", "DepositLineDetail"),
        *("PurchaseOrderItemLineDetail", "ItemReceiptLineDetail", "ReimburseLineDetail", "CostRateLineDetail"),
        *("CreditLineDetail", "ProjectRef"),
    }
)
# What every line begins with.
LINE_HEAD = (
    text("Id"),
    Field("LineNum", Whole()),
    text("Description", 4000),
    Field("Amount", Money()),
)
_SALES_LINE = (
    *LINE_HEAD,
    Field("LinkedTxn", Parts(LINKED)),
    text("DetailType"),
    Field("SalesItemLineDetail", Part(SALES_ITEM)),
    Field("DiscountLineDetail", Part(DISCOUNT)),
    Field("DescriptionLineDetail", Part(DESCRIPTION)),
    Field("SubTotalLineDetail", Part(SUBTOTAL)),
)
GROUP = Table(
    "GroupLineDetail",
    (
        Field("GroupItemRef", Ref("Item")),
        Field("Quantity", Number()),
        Field("Line", Parts(Table("Line", _SALES_LINE, unmodelled=_LINE_UNMODELLED))),
    ),
    unmodelled=frozenset({"ServiceDate", "UOMRef"}),
)
SALES_LINE = Table(
    "Line", (*_SALES_LINE, Field("GroupLineDetail", Part(GROUP))), unmodelled=_LINE_UNMODELLED - {"GroupLineDetail"}
)
PAYMENT_LINE = Table(
    "Line",
    (
        *LINE_HEAD,
        Field("LinkedTxn", Parts(LINKED)),
        made("LineEx"),
        made("DetailType"),
    ),
    unmodelled=_LINE_UNMODELLED - {"LineEx"},
)
TAX_DETAIL = Table(
    "TxnTaxDetail",
    (Field("TxnTaxCodeRef", Ref("TaxCode", named=False)), Field("TotalTax", Money()), made("TaxLine")),
    unmodelled=frozenset({"DefaultTaxCodeRef", "TaxReviewStatus", "UseAutomatedSalesTax"}),
)
