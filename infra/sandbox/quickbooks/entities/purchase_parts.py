"""Tables of what stands inside purchase orders, bills and their payments: lines, their details, links."""

from infra.sandbox.quickbooks.entities.parts import LINE_HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Code, Elsewhere, Money, Number, Plain, Reading, Ref, Text

ITEM_LINE, ACCOUNT_LINE = "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"
PRINT_STATES = ("NotSet", "NeedToPrint", "PrintComplete")
BILLABLE_STATES = ("Billable", "NotBillable", "HasBeenBilled")


class Blank(Plain):
    """A property that clients send without a value in it; a value in it is not modelled."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002 - the protocol's shape
        """Nothing. Raises Refusal where there is something."""
        if value not in ("", 0, False, [], {}):
            raise not_modelled(path)
        return None


LINKED = Table("LinkedTxn", (text("TxnId"), text("TxnType"), text("TxnLineId")))

_CUSTOMER = (Field("CustomerRef", Ref("Customer")), Field("ClassRef", Elsewhere()))
_BILLABLE = Field("BillableStatus", Text(choices=BILLABLE_STATES))
_TAX = (Field("TaxCodeRef", Code()), Field("TaxInclusiveAmt", Money()))

ITEM_EXPENSE = Table(
    ITEM_LINE,
    (
        *_CUSTOMER,
        _BILLABLE,
        Field("ItemRef", Ref("Item")),
        Field("UnitPrice", Number()),
        Field("Qty", Number()),
        *_TAX,
    ),
    unmodelled=frozenset({"PriceLevelRef", "RatePercent", "MarkupInfo", "ItemAccountRef", "UOMRef"}),
)
ACCOUNT_EXPENSE = Table(
    ACCOUNT_LINE,
    (*_CUSTOMER, Field("AccountRef", Ref("Account")), _BILLABLE, Field("TaxAmount", Blank()), *_TAX),
    unmodelled=frozenset({"MarkupInfo"}),
)
PURCHASE_LINE = Table(
    "Line",
    (
        *LINE_HEAD,
        Field("LinkedTxn", Parts(LINKED)),
        text("DetailType"),
        Field(ITEM_LINE, Part(ITEM_EXPENSE)),
        Field(ACCOUNT_LINE, Part(ACCOUNT_EXPENSE)),
        Field("CustomField", Blank()),
    ),
    unmodelled=frozenset(
        {"Received", "LineEx", "ProjectRef", "TaxLineDetail", "DescriptionLineDetail", "TDSLineDetail", "CostCenterRef"}
    ),
)
SETTLING_LINE = Table(
    "Line",
    (
        *LINE_HEAD,
        Field("LinkedTxn", Parts(LINKED)),
        made("LineEx"),
        made("DetailType"),
    ),
    unmodelled=frozenset({"ProjectRef", "CustomField"}),
)
CHECK = Table(
    "BillPaymentCheck",
    (
        Field("BankAccountRef", Ref("Account")),
        Field("PrintStatus", Text(choices=("NotSet", "NeedToPrint", "PrintComplete"))),
    ),
    unmodelled=frozenset({"CheckDetail", "PayeeAddr"}),
)
CARD = Table("BillPaymentCreditCard", (Field("CCAccountRef", Ref("Account")),), unmodelled=frozenset({"CCDetail"}))
