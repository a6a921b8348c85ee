"""Currencies of documents: what one unit is worth in the company's own, and what a document is worth so."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import preferences
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money, shortest

_WRONG_CURRENCY = "The currency of the transaction is invalid for customer / vendor / account."


def several(realm: Realm) -> bool:
    """Whether the company has more than one currency."""
    return preferences.flag(realm, "CurrencyPrefs", "MultiCurrencyEnabled")


def check_currency(realm: Realm, doc: Doc) -> None:
    """A document is in its customer's currency. Raises Refusal (6000)."""
    if "CustomerRef" in doc:
        customer = realm.records["Customer"][doc["CustomerRef"]["value"]].doc
        if doc["CurrencyRef"] != customer["CurrencyRef"]:
            raise refusal("business", reason=_WRONG_CURRENCY)


def valued(realm: Realm, doc: Doc) -> Doc:
    """With rate and home values, in a company of several currencies; without any, in another."""
    if not several(realm):
        return _in_one_currency(doc)
    rate = _rate(realm, doc)
    return {**doc, "ExchangeRate": rate, "HomeTotalAmt": in_home(rate, doc["TotalAmt"])}


def in_home(rate: Decimal | int | None, amount: Decimal) -> Decimal:
    """An amount in the company's own currency; without a rate it is already."""
    return amount if rate in (None, 1) else money(amount * Decimal(rate))


def moved(doc: Doc, *, balance: Decimal) -> Doc:
    """The values of a document that follow its balance, with this one."""
    rate = doc.get("ExchangeRate")
    return {"Balance": balance} if rate is None else {"Balance": balance, "HomeBalance": in_home(rate, balance)}


def _rate(realm: Realm, doc: Doc) -> Decimal | int:
    currency = doc["CurrencyRef"]["value"]
    if currency == realm.currency:
        return 1
    rate = doc.get("ExchangeRate") or shortest(realm.exchange_rates.get(currency, Decimal(1)))
    if rate < 0:
        raise refusal("number_range", name="ExchangeRate", value=rate)
    return shortest(Decimal(rate))


def _in_one_currency(doc: Doc) -> Doc:
    if doc.get("ExchangeRate", NOTHING) not in (0, 1):
        raise not_modelled("ExchangeRate in a company with one currency")
    return {name: value for name, value in doc.items() if name != "ExchangeRate"}
