"""The properties that sales forms have in common, in groups that stand together in the order of the answers."""

from infra.sandbox.quickbooks.entities import parts
from infra.sandbox.quickbooks.entities.parts import made, text
from infra.sandbox.quickbooks.fields import Field, Part, Parts
from infra.sandbox.quickbooks.kinds import Currency, Day, Flag, Money, NamedText, Number, Ref, Text

PRINT_STATES = ("NotSet", "NeedToPrint", "PrintComplete")
MAIL_STATES = ("NotSet", "NeedToSend", "EmailSent")
TAX_WAYS = ("TaxExcluded", "TaxInclusive", "NotApplicable")

HEADING = (
    Field("CustomField", Parts(parts.CUSTOM_FIELD)),
    text("DocNumber", 21, query=True),
    Field("TxnDate", Day(), query=True),
    Field("CurrencyRef", Currency()),
    Field("ExchangeRate", Number()),
    text("PrivateNote", 4000),
)
LINES = (Field("Line", Parts(parts.SALES_LINE)), Field("TxnTaxDetail", Part(parts.TAX_DETAIL)))
CUSTOMER = (
    Field("CustomerRef", Ref("Customer"), query=True),
    Field("CustomerMemo", Part(parts.MEMO)),
    Field("BillAddr", Part(parts.ADDRESS)),
    Field("ShipAddr", Part(parts.ADDRESS)),
    made("FreeFormAddress"),
)
TERMS = (Field("SalesTermRef", Ref("Term")), Field("DueDate", Day(), query=True))
SHIPPING = (
    Field("ShipMethodRef", NamedText(31)),
    Field("ShipDate", Day()),
    text("TrackingNum", 31),
)
TOTALS = (
    Field("GlobalTaxCalculation", Text(choices=TAX_WAYS)),
    made("TotalAmt", Money(), query=True),
    made("HomeTotalAmt", Money()),
    Field("ApplyTaxAfterDiscount", Flag(), default=False),
    Field("PrintStatus", Text(choices=PRINT_STATES), default="NeedToPrint"),
    Field("EmailStatus", Text(choices=MAIL_STATES), default="NotSet"),
    Field("BillEmail", Part(parts.EMAIL)),
    Field("BillEmailCc", Part(parts.EMAIL)),
    Field("BillEmailBcc", Part(parts.EMAIL)),
)
BALANCE = (made("Balance", Money(), query=True), made("HomeBalance", Money()))
RECEIVED = (
    Field("PaymentMethodRef", Ref("PaymentMethod")),
    text("PaymentRefNum", 21),
    Field("DepositToAccountRef", Ref("Account")),
)
DELIVERY = (made("DeliveryInfo"),)

# QuickBooks knows these on every sales form; naming one is answered with "not modelled".
UNMODELLED = frozenset(
    {
        *(
            "ARAccountRef",
            "AttachableRef",
            "AutoDocNumber",
            "ClassRef",
            "DepartmentRef",
            "DiscountRate",
            "ECloudStatusTimeStamp",
        ),
        *("FOB", "PONumber", "ProjectRef", "RecurDataRef", "RecurringInfo", "RemitToRef", "SalesRepRef", "ServiceDate"),
        *(
            "ShipFromAddr",
            "Tag",
            "TaxExemptionRef",
            "TaxFormNum",
            "TaxFormType",
            "TransactionLocationType",
            "TxnApprovalInfo",
        ),
        *("TxnSource", "TxnStatus", "ConvenienceFeeDetail", "GovtTxnRefIdentifier"),
    }
)
