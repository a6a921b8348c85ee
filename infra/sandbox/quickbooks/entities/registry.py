"""The entities that are modelled, and the names of those that QuickBooks has besides."""

from infra.sandbox.quickbooks.entities.account import ACCOUNT
from infra.sandbox.quickbooks.entities.bill import BILL
from infra.sandbox.quickbooks.entities.bill_payment import BILL_PAYMENT
from infra.sandbox.quickbooks.entities.company_info import COMPANY_INFO
from infra.sandbox.quickbooks.entities.credit_memo import CREDIT_MEMO
from infra.sandbox.quickbooks.entities.customer import CUSTOMER
from infra.sandbox.quickbooks.entities.employee import EMPLOYEE
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.estimate import ESTIMATE
from infra.sandbox.quickbooks.entities.invoice import INVOICE
from infra.sandbox.quickbooks.entities.item import ITEM
from infra.sandbox.quickbooks.entities.payment import PAYMENT
from infra.sandbox.quickbooks.entities.payment_method import PAYMENT_METHOD
from infra.sandbox.quickbooks.entities.preferences import PREFERENCES
from infra.sandbox.quickbooks.entities.purchase_order import PURCHASE_ORDER
from infra.sandbox.quickbooks.entities.sales_receipt import SALES_RECEIPT
from infra.sandbox.quickbooks.entities.tax_agency import TAX_AGENCY
from infra.sandbox.quickbooks.entities.tax_code import TAX_CODE
from infra.sandbox.quickbooks.entities.tax_rate import TAX_RATE
from infra.sandbox.quickbooks.entities.term import TERM
from infra.sandbox.quickbooks.entities.vendor import VENDOR

_TAXES = (TAX_AGENCY, TAX_RATE, TAX_CODE)
_LISTS = (COMPANY_INFO, PREFERENCES, ACCOUNT, PAYMENT_METHOD, TERM, *_TAXES, CUSTOMER, VENDOR, EMPLOYEE, ITEM)
_SALES = (ESTIMATE, INVOICE, SALES_RECEIPT, CREDIT_MEMO, PAYMENT)
_PURCHASES = (PURCHASE_ORDER, BILL, BILL_PAYMENT)

ENTITIES: dict[str, Entity] = {one.name: one for one in (*_LISTS, *_SALES, *_PURCHASES)}
BY_LOWER_NAME: dict[str, Entity] = {name.lower(): entity for name, entity in ENTITIES.items()}

# What QuickBooks has besides those that were modelled first.
_KNOWN = frozenset(
    {
        *("attachable", "batch", "bill", "billpayment", "budget", "class", "companycurrency", "creditmemo"),
        *("department", "deposit", "employee", "estimate", "exchangerate", "inventoryadjustment", "journalcode"),
        *("journalentry", "purchase", "purchaseorder", "recurringtransaction", "refundreceipt", "reports"),
        *("salesreceipt", "taxagency", "taxclassification", "taxcode", "taxrate", "taxservice", "term"),
        *("timeactivity", "transfer", "upload", "download", "vendorcredit", "customertype", "entitlements"),
        *("creditcardpayment", "reimbursecharge", "taxpayment"),
    }
)
# The sandbox says of these that it does not model them.
NOT_MODELLED: frozenset[str] = _KNOWN - BY_LOWER_NAME.keys()
