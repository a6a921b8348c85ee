"""The groups of a company's preferences: what stands in each, and what it is unless the company says otherwise."""

from infra.sandbox.quickbooks.entities.parts import made, text
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Code, Day, Flag, Number, Ref, Text
from infra.sandbox.quickbooks.wire import Doc

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
MOST_OWN_FIELDS = 3
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _flags(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Flag()) for name in names)


def _message(name: str) -> Field:
    return Field(name, Part(Table("EmailMessageType", (text("Subject"), text("Message")))))


ACCOUNTING = Table(
    "CompanyAccountingPrefs",
    (
        made("UseAccountNumbers"),
        *_flags("TrackDepartments"),
        text("DepartmentTerminology"),
        *_flags("ClassTrackingPerTxn", "ClassTrackingPerTxnLine"),
        Field("FirstMonthOfFiscalYear", Text(choices=MONTHS)),
        Field("TaxYearMonth", Text(choices=MONTHS)),
        made("TaxForm"),
        Field("BookCloseDate", Day()),
        text("CustomerTerminology"),
    ),
    unmodelled=frozenset(
        {"OtherContactInfo", "DefaultARAccount", "DefaultAPAccount", "RequiresAccounts", "AutoJournalEntryNumber"}
    ),
)
PRODUCTS = Table(
    "ProductAndServicesPrefs",
    _flags("ForSales", "ForPurchase", "QuantityWithPriceAndRate", "QuantityOnHand"),
    unmodelled=frozenset({"InventoryAndPurchaseOrder", "UOM"}),
)
SALES_FORMS = Table(
    "SalesFormsPrefs",
    (
        made("UsingProgressInvoicing"),
        made("CustomField"),
        *_flags("CustomTxnNumbers", "AllowDeposit", "AllowDiscount"),
        text("DefaultDiscountAccount"),
        *_flags("AllowEstimates"),
        text("EstimateMessage"),
        made("ETransactionEnabledStatus"),
        *_flags("ETransactionAttachPDF", "ETransactionPaymentEnabled"),
        made("IPNSupportEnabled"),
        text("InvoiceMessage"),
        *_flags("AllowServiceDate", "AllowShipping"),
        text("DefaultShippingAccount"),
        Field("DefaultItem", Ref("Item")),
        Field("DefaultTerms", Ref("Term", named=False)),
        text("DefaultDeliveryMethod"),
        *_flags("AutoApplyCredit", "AutoApplyPayments", "EmailCopyToCompany"),
        made("UsingPriceLevels"),
        text("DefaultCustomerMessage", 1000),
    ),
    unmodelled=frozenset({"DelayedCharges", "DefaultMarkup", "SalesEmailBcc", "SalesEmailCc"}),
)
MESSAGES = Table(
    "EmailMessagesPrefs",
    tuple(map(_message, ("InvoiceMessage", "EstimateMessage", "SalesReceiptMessage", "StatementMessage"))),
)
PURCHASES = Table(
    "VendorAndPurchasesPrefs",
    (
        *_flags("TrackingByCustomer", "BillableExpenseTracking"),
        Field("DefaultTerms", Ref("Term", named=False)),
        Field("DefaultMarkup", Number()),
        Field("DefaultMarkupAccount", Ref("Account")),
        made("POCustomField"),
        text("MsgToVendors"),
    ),
    unmodelled=frozenset({"EnableBills", "AutomaticBillPayment", "UsingInventory", "DaysBillsAreDue"}),
)
TIME = Table(
    "TimeTrackingPrefs",
    (
        *_flags("UseServices", "BillCustomers", "ShowBillRateToAll"),
        Field("WorkWeekStartDate", Text(choices=DAYS)),
        *_flags("MarkTimeEntriesBillable"),
    ),
    unmodelled=frozenset({"DefaultTimeItem", "TimeTrackingEnabled", "MarkExpensesAsBillable"}),
)
TAX = Table(
    "TaxPrefs",
    (*_flags("UsingSalesTax", "PartnerTaxEnabled"), Field("TaxGroupCodeRef", Code())),
    unmodelled=frozenset(
        {"HideTaxManagement", "TaxRateRef", "PaySalesTax", "NonTaxableSalesTaxCodeRef", "TaxableSalesTaxCodeRef"}
    ),
)
CURRENCY = Table("CurrencyPrefs", (made("MultiCurrencyEnabled"), made("HomeCurrency")))
REPORT = Table("ReportPrefs", (made("ReportBasis"), made("CalcAgingReportFromTxnDate")))
OTHER = Table("OtherPrefs", (Field("NameValue", Parts(Table("NameValue", (text("Name"), text("Value"))))),))

GROUPS: dict[str, Table] = {
    "AccountingInfoPrefs": ACCOUNTING,
    "ProductAndServicesPrefs": PRODUCTS,
    "SalesFormsPrefs": SALES_FORMS,
    "EmailMessagesPrefs": MESSAGES,
    "VendorAndPurchasesPrefs": PURCHASES,
    "TimeTrackingPrefs": TIME,
    "TaxPrefs": TAX,
    "CurrencyPrefs": CURRENCY,
    "ReportPrefs": REPORT,
    "OtherPrefs": OTHER,
}

_OFF = dict.fromkeys(
    (
        *("AllowServiceDate", "AllowShipping", "CustomTxnNumbers", "EmailCopyToCompany", "ETransactionAttachPDF"),
        *("ETransactionPaymentEnabled", "IPNSupportEnabled", "UsingPriceLevels", "UsingProgressInvoicing"),
    ),
    False,
)
DEFAULTS: dict[str, Doc] = {
    "AccountingInfoPrefs": {
        "UseAccountNumbers": False,
        "TrackDepartments": False,
        "DepartmentTerminology": "Location",
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": False,
        "FirstMonthOfFiscalYear": "January",
        "TaxYearMonth": "January",
        "CustomerTerminology": "Customers",
    },
    "ProductAndServicesPrefs": dict.fromkeys((one.name for one in PRODUCTS.fields), True),
    "SalesFormsPrefs": {
        "AllowDeposit": True,
        "AllowDiscount": True,
        "AllowEstimates": True,
        **_OFF,
        "ETransactionEnabledStatus": "NotApplicable",
        "DefaultCustomerMessage": "Thank you for your business and have a great day!",
    },
    "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
    "TimeTrackingPrefs": {
        "UseServices": True,
        "BillCustomers": True,
        "ShowBillRateToAll": False,
        "WorkWeekStartDate": "Monday",
        "MarkTimeEntriesBillable": True,
    },
    "TaxPrefs": {"UsingSalesTax": False},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False},
    "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
}
_THANKS = "Thank you for your business - we appreciate it very much.\n\nSincerely,\n{company}"
_PAY = "Please remit payment at your earliest convenience.\n"
_REVIEW = (
    "Please review the estimate below.  Feel free to contact us if you have any questions.\n"
    "We look forward to working with you.\n\nSincerely,\n{company}"
)
# Of each kind of mail: its subject, and how it begins.
_MAILS = {
    "InvoiceMessage": ("Invoice", f"Your invoice is attached.  {_PAY}{_THANKS}"),
    "EstimateMessage": (
        "Estimate",
        _REVIEW,
    ),
    "SalesReceiptMessage": ("Sales Receipt", f"Your sales receipt is attached.\n{_THANKS}"),
    "StatementMessage": ("Statement", f"Your statement is attached.  {_PAY}{_THANKS}"),
}
_OTHERS = (
    *(("SFCEnabled", "true"), ("DataPartner", "false"), ("Vendor1099Enabled", "true")),
    *(("TimeTrackingFeatureEnabled", "true"), ("FDPEnabled", "false"), ("ProjectsEnabled", "false")),
    *(("DateFormat", "Month Date Year separated by a slash"), ("DateFormatMnemonic", "MMDDYYYY_SEP_SLASH")),
    *(("NumberFormat", "US Number Format"), ("NumberFormatMnemonic", "US_NB")),
    *(("WarnDuplicateCheckNumber", "true"), ("WarnDuplicateBillNumber", "false"), ("SignoutInactiveMinutes", "60")),
    ("AccountingInfoPrefs.ShowAccountNumbers", "false"),
)


def mails(company: str) -> Doc:
    """The texts that go out with mailed forms."""
    return {
        name: {"Subject": f"{subject} from {company}", "Message": message.format(company=company)}
        for name, (subject, message) in _MAILS.items()
    }


def own_fields(group: str, kind: str, names: tuple[str, ...]) -> list[Doc]:
    """A company's own fields as its preferences tell them: which of the three are in use, and their names."""
    places = range(MOST_OWN_FIELDS, 0, -1)
    used = [
        {"BooleanValue": place <= len(names), "Type": "BooleanType", "Name": f"{group}.Use{kind}Custom{place}"}
        for place in places
    ]
    named = [
        {"StringValue": names[place - 1], "Type": "StringType", "Name": f"{group}.{kind}CustomName{place}"}
        for place in places
        if place <= len(names)
    ]
    return [{"CustomField": used}, {"CustomField": named}]


def others() -> list[Doc]:
    """The preferences that have no property of their own."""
    return [{"Name": name, "Value": value} for name, value in _OTHERS]
