"""Preferences: one object with Id 1, the company's settings. Read, queried and updated; never made or deleted."""

from infra.sandbox.quickbooks.entities.entity import Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Flag
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc


def _flags(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Flag()) for name in names)


ACCOUNTING = Table(
    "CompanyAccountingPrefs",
    (
        *_flags("UseAccountNumbers", "TrackDepartments", "ClassTrackingPerTxn", "ClassTrackingPerTxnLine"),
        text("FirstMonthOfFiscalYear"),
        text("TaxYearMonth"),
        text("CustomerTerminology"),
        Field("BookCloseDate", Day()),
    ),
)
SALES_FORMS = Table(
    "SalesFormsPrefs",
    (
        *_flags("CustomTxnNumbers", "AllowDeposit", "AllowDiscount", "AllowEstimates", "AllowShipping"),
        *_flags("AutoApplyCredit", "AutoApplyPayments", "AllowServiceDate", "ETransactionPaymentEnabled"),
        *_flags("UsingPriceLevels", "UsingProgressInvoicing", "IPNSupportEnabled"),
    ),
)
CURRENCY = Table("CurrencyPrefs", (*_flags("MultiCurrencyEnabled"), Field("HomeCurrency", Currency(), read_only=True)))
TAX = Table("TaxPrefs", (*_flags("UsingSalesTax", "PartnerTaxEnabled"), made("TaxGroupCodeRef")))

TABLE = Table(
    "Preferences",
    (
        Field("AccountingInfoPrefs", Part(ACCOUNTING)),
        Field("SalesFormsPrefs", Part(SALES_FORMS)),
        Field("TaxPrefs", Part(TAX)),
        Field("CurrencyPrefs", Part(CURRENCY)),
        *HEAD,
    ),
)


def complete(draft: Draft) -> Doc:
    """Each group keeps what is not named in it; the home currency is the company's."""
    groups = {one.name for one in TABLE.fields if isinstance(one.kind, Part)}
    doc = {**draft.doc}
    for name in groups:
        doc[name] = {**draft.before.get(name, {}), **doc.get(name, {})}
    doc["CurrencyPrefs"]["HomeCurrency"] = {"value": draft.realm.currency}
    return doc


def flag(realm: Realm, group: str, name: str) -> bool:
    """A setting of the company, such as SalesFormsPrefs.CustomTxnNumbers; False where it is not set."""
    return bool(setting(realm, group, name))


def setting(realm: Realm, group: str, name: str) -> object:
    """A setting's value; None where it is not set."""
    found = realm.find("Preferences", "1")
    return None if found is None else found.doc.get(group, {}).get(name)


PREFERENCES = Entity(
    Shelf("Preferences", TABLE, sequence="Preferences"),
    complete,
    operations=frozenset({"read", "query", "update"}),
)
