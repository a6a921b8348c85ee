"""The entities that are modelled, and the names of those that QuickBooks has besides."""

from infra.sandbox.quickbooks.entities.account import ACCOUNT
from infra.sandbox.quickbooks.entities.company_info import COMPANY_INFO
from infra.sandbox.quickbooks.entities.customer import CUSTOMER
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.invoice import INVOICE
from infra.sandbox.quickbooks.entities.item import ITEM
from infra.sandbox.quickbooks.entities.payment import PAYMENT
from infra.sandbox.quickbooks.entities.payment_method import PAYMENT_METHOD
from infra.sandbox.quickbooks.entities.preferences import PREFERENCES
from infra.sandbox.quickbooks.entities.vendor import VENDOR

ENTITIES: dict[str, Entity] = {
    one.name: one
    for one in (COMPANY_INFO, PREFERENCES, ACCOUNT, PAYMENT_METHOD, CUSTOMER, VENDOR, ITEM, INVOICE, PAYMENT)
}
BY_LOWER_NAME: dict[str, Entity] = {name.lower(): entity for name, entity in ENTITIES.items()}

# QuickBooks knows these; the sandbox says that it does not model them.
NOT_MODELLED = frozenset(
    {
        *(
            "attachable",
            "batch",
            "bill",
            "billpayment",
            "budget",
            "class",
            "companycurrency",
            "creditmemo",
            "department",
        ),
        *("deposit", "employee", "estimate", "exchangerate", "inventoryadjustment", "journalcode", "journalentry"),
        *(
            "purchase",
            "purchaseorder",
            "recurringtransaction",
            "refundreceipt",
            "reports",
            "salesreceipt",
        ),
        *("taxagency", "taxclassification", "taxcode", "taxrate", "taxservice", "term", "timeactivity", "transfer"),
        *("upload", "vendorcredit", "customertype", "entitlements"),
    }
)
