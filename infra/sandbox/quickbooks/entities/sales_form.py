"""What invoices, sales receipts, estimates and credit memos have in common: how a form that was sent becomes whole."""

from dataclasses import dataclass

from infra.sandbox.quickbooks.entities import exchange, names, numbers, postings, sales_lines, sales_tax, vat
from infra.sandbox.quickbooks.entities.bundle_lines import flat
from infra.sandbox.quickbooks.entities.entity import Draft, voided_note
from infra.sandbox.quickbooks.entities.item import take_from_stock
from infra.sandbox.quickbooks.faults import FaultError, Refusal, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.fields import Table
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc

HOME = "US"  # where sales tax is not a value added tax


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of sales form."""

    table: Table
    series: numbers.Series
    needs: tuple[str, ...] = ("CustomerRef", "Line")
    posts: bool = True  # an estimate moves neither money nor stock


def completed(draft: Draft, form: Form) -> Doc:
    """Lines, tax, total, number, date, addresses and mail of a form. Raises Refusal, with all that is wrong with it."""
    realm, doc = draft.realm, _plain(draft.realm, {**form.table.defaults, **draft.doc})
    doc["Line"] = sales_lines.wanted(doc.get("Line") or [])
    _check(draft, form, doc)
    doc = {**doc, **_lines(draft, doc), "TxnDate": doc.get("TxnDate") or realm.today()}
    if form.posts:
        _check_stock(realm, doc)
    doc = (sales_tax.taxed if realm.country == HOME else vat.taxed)(draft, _addressed(draft, doc))
    doc["TotalAmt"] = sales_lines.total_of(doc["Line"]) + doc.get("TxnTaxDetail", {}).get("TotalTax", NOTHING)
    if doc["TotalAmt"] < 0:
        raise refusal("business", reason="The transaction amount must be 0 or greater.")
    if form.posts:
        postings.check_accounts(realm, doc)
    doc = _mailed(_custom_fields(realm, doc))
    return exchange.valued(realm, numbers.numbered(realm, doc, form.series))


def _plain(realm: Realm, doc: Doc) -> Doc:
    """Without what says nothing in a US company; there, nothing is told with its tax."""
    if realm.country != HOME:
        return doc
    if doc.get("GlobalTaxCalculation") == vat.INCLUSIVE:
        raise not_modelled("GlobalTaxCalculation TaxInclusive in a US company")
    return {name: value for name, value in doc.items() if name != "GlobalTaxCalculation"}


def _check(draft: Draft, form: Form, doc: Doc) -> None:
    """All at once: what the number, the form and its lines are refused for."""
    realm, lines = draft.realm, doc["Line"]
    found = numbers.taken(draft, form.series)
    found += [fault_error("missing", name=name) for name in form.needs if not doc.get(name)]
    found += sales_lines.faults(lines)
    found += sales_tax.line_faults(lines) if realm.country == HOME else vat.line_faults(realm, doc)
    found += _mail_faults(doc)
    if found:
        raise Refusal(tuple(found))
    exchange.check_currency(realm, doc)


def _mail_faults(doc: Doc) -> list[FaultError]:
    wanting = doc["EmailStatus"] == "NeedToSend" and "BillEmail" not in doc
    return [fault_error("email_required")] if wanting else []


def _lines(draft: Draft, doc: Doc) -> Doc:
    """A seed's lines keep their ids; what a client numbers by itself is numbered anew."""
    held = {line["Id"] for line in flat(draft.before.get("Line", [])) if "Id" in line}
    made = draft.before.get("_lines_made", 0)
    if draft.origin == "seed":
        held = {str(line["Id"]) for line in flat(doc["Line"]) if str(line.get("Id")).isdecimal()}
        made = max((int(one) for one in held), default=0)
    lines, used = sales_lines.completed(draft.realm, doc["Line"], held_ids=held, made=made)
    return {"Line": lines, "_lines_made": used}


def _check_stock(realm: Realm, doc: Doc) -> None:
    for item in sales_lines.quantities(doc["Line"]):
        begins = realm.records["Item"][item].doc.get("InvStartDate")
        if begins is not None and doc["TxnDate"] < begins:
            raise refusal("before_stock_begins")


def _addressed(draft: Draft, doc: Doc) -> Doc:
    """Addresses that were not given are the customer's own, with their ids; a sparse edit adds none."""
    doc, customer = names.with_addresses(draft, doc), doc.get("CustomerRef")
    if draft.sparse or draft.origin == "seed" or customer is None:
        return doc
    owner = draft.realm.records["Customer"][customer["value"]].doc
    return {**{name: owner[name] for name in names.ADDRESSES if name in owner}, **doc}


def _custom_fields(realm: Realm, doc: Doc) -> Doc:
    """The company's own fields, with the values that were sent. Raises Refusal (3000 for a field it has not)."""
    sent = {str(one.get("DefinitionId")): one for one in doc.get("CustomField", ())}
    defined = {str(place): name for place, name in enumerate(realm.custom_fields, start=1)}
    for definition, one in sent.items():
        if definition not in defined:
            raise refusal("custom_field", value=one.get("Name") or definition)
    found = []
    for definition, name in defined.items():
        value = sent.get(definition, {}).get("StringValue")
        shown = {"DefinitionId": definition, "Name": name, "Type": "StringType"}
        found.append(shown if value is None else {**shown, "StringValue": value})
    rest = {name: value for name, value in doc.items() if name != "CustomField"}
    return {**rest, "CustomField": found} if found else rest


def _mailed(doc: Doc) -> Doc:
    """A form that is to be sent says how; the time comes when it is sent."""
    if doc["EmailStatus"] == "NeedToSend":
        return {**doc, "DeliveryInfo": {"DeliveryType": "Email"}}
    if doc["EmailStatus"] == "NotSet":
        return {name: value for name, value in doc.items() if name != "DeliveryInfo"}
    return doc


def voided(doc: Doc) -> Doc:
    """All amounts zero; the note says so, before what it said."""
    untaxed = {"TxnTaxDetail": {"TotalTax": NOTHING}} if "TxnTaxDetail" in doc else {}
    empty: Doc = {name: NOTHING for name in ("TotalAmt", "HomeTotalAmt", "Balance", "HomeBalance") if name in doc}
    return {
        **doc,
        **empty,
        "Line": sales_lines.emptied(doc["Line"]),
        **untaxed,
        "PrivateNote": voided_note(doc),
    }


def move_stock(realm: Realm, before: Doc, after: Doc, *, sign: int = 1) -> None:
    """What is sold leaves the stock; `sign` -1 for what comes back."""
    old = sales_lines.quantities(before.get("Line", []))
    new = sales_lines.quantities(after.get("Line", []))
    for item in {**old, **new}:
        take_from_stock(realm, item, sign * (new.get(item, NOTHING) - old.get(item, NOTHING)))


def owed(draft: Draft, doc: Doc) -> Doc:
    """With its balance: what is left of the total after what is applied already."""
    applied = draft.before.get("TotalAmt", NOTHING) - draft.before.get("Balance", NOTHING)
    moved = exchange.moved(doc, balance=max(doc["TotalAmt"] - applied, NOTHING))
    return {**doc, **moved}


def settled_by_another(draft: Draft) -> bool:
    """Whether the form would change its customer while something of the old one's is applied to it."""
    before = draft.before
    return (
        bool(before)
        and before["TotalAmt"] != before["Balance"]
        and before["CustomerRef"] != draft.doc.get("CustomerRef")
    )
