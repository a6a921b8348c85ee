"""Account: the chart of accounts, a tree of names with balances. Accounts are made inactive, never deleted."""

from infra.sandbox.quickbooks.entities import account_types, balances, names, tree
from infra.sandbox.quickbooks.entities.account_types import CLASSIFICATIONS
from infra.sandbox.quickbooks.entities.entity import Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Currency, Elsewhere, Flag, Money, Ref, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

LONG_NUMBERS = {"AU": 20, "CA": 20}  # characters of an account number, by country
LONGEST_NUMBER = 7  # elsewhere
DEEPEST = 4  # levels below the top

TABLE = Table(
    "Account",
    (
        text("Name", 100, query=True),
        Field("SubAccount", Flag(), query=True, default=False),
        Field("ParentRef", Ref("Account", named=False), query=True),
        text("Description", 100, query=True),
        made("FullyQualifiedName", query=True),
        Field("Active", Flag(), query=True, default=True),
        made("Classification", query=True),
        Field("AccountType", Text(choices=account_types.TYPES), query=True),
        text("AccountSubType", query=True),
        text("AcctNum", query=True),
        made("CurrentBalance", Money(), query=True, default=NOTHING),
        made("CurrentBalanceWithSubAccounts", Money(), query=True, default=NOTHING),
        Field("CurrencyRef", Currency()),
        Field("TaxCodeRef", Elsewhere()),
        *HEAD,
    ),
    unmodelled=frozenset(
        {
            *("TxnLocationType", "AccountAlias", "BankNum", "OpeningBalance", "OpeningBalanceDate", "CCDetail"),
            *("OnlineBankingEnabled", "FIName", "JournalCodeRef", "Tag", "CustomField", "AcctNumExtn", "TaxAccount"),
            *("AccountEx", "AttachableRef", "LessCIS"),
        }
    ),
)


def complete(draft: Draft) -> Doc:
    """Name, kind and place in the tree of an account."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "Name")
    doc = names.activity({**doc, **_kind(draft, doc)}, draft, "Name")
    if '"' in doc["Name"]:
        raise refusal("invalid_string", value=doc["Name"], name="Name")
    _check_number(draft.realm, doc)
    if not doc["Active"] and draft.before.get("Active", True) and doc["CurrentBalanceWithSubAccounts"]:
        raise not_modelled("inactivation of an account with a balance")
    doc = {**doc, **_place(draft, doc)}
    _check_unique(draft, doc)
    return doc


def _kind(draft: Draft, doc: Doc) -> Doc:
    """Type, sub-type and classification: one of the first two may be left out. Raises Refusal (6010 without both)."""
    kind, sub = doc.get("AccountType"), doc.get("AccountSubType")
    if kind is None and sub is None:
        raise refusal("account_kind_missing")
    if sub is not None and sub not in account_types.TYPE_OF:
        raise not_modelled(f"Account.AccountSubType {sub}")
    kind = str(kind or account_types.TYPE_OF[str(sub)])
    sub = sub or account_types.USUAL.get(kind)
    if sub is None:
        raise not_modelled(f"Account of type {kind} without AccountSubType")
    if account_types.TYPE_OF[sub] != kind:
        raise not_modelled(f"Account.AccountSubType {sub} in AccountType {kind}")
    if draft.record and draft.before["AccountType"] != kind and draft.realm.ledger.get(draft.record.id):
        raise not_modelled("change of Account.AccountType of an account with a balance")
    return {"AccountType": kind, "AccountSubType": sub, "Classification": CLASSIFICATIONS[kind]}


def _check_number(realm: Realm, doc: Doc) -> None:
    longest, number = LONG_NUMBERS.get(realm.country, LONGEST_NUMBER), doc.get("AcctNum", "")
    if len(number) > longest:
        raise refusal("length", name="AcctNum", shortest=0, longest=longest, length=len(number))


def _place(draft: Draft, doc: Doc) -> Doc:
    """FullyQualifiedName and SubAccount, from the parent chain (6180 when too deep)."""
    if "ParentRef" not in doc:
        if doc["SubAccount"] and not draft.before.get("SubAccount"):
            raise refusal("missing", name="ParentRef")
        return {"FullyQualifiedName": doc["Name"], "SubAccount": False}
    parent = draft.realm.records["Account"][doc["ParentRef"]["value"]]
    tree.refuse_loop(draft, parent)
    if parent.doc["AccountType"] != doc["AccountType"]:
        raise refusal("account_type", name="ParentRef")
    if 1 + len(tree.ancestors(draft.realm, parent)) + tree.height(draft.realm, draft.record) > DEEPEST:
        raise refusal("too_deep")
    return {"FullyQualifiedName": f"{parent.doc['FullyQualifiedName']}:{doc['Name']}", "SubAccount": True}


def _check_unique(draft: Draft, doc: Doc) -> None:
    """Names are unique under one parent: the full name is."""
    if draft.before.get("FullyQualifiedName") == doc["FullyQualifiedName"]:
        return
    plain = doc["FullyQualifiedName"].removesuffix(names.SUFFIX)
    wanted = {plain, plain + names.SUFFIX} if draft.realm.switches.inactive_names == "taken" else {plain}
    for name in wanted:
        for holder in draft.realm.found_by("Account", "FullyQualifiedName", name) or ():
            if draft.record is None or holder != draft.record.id:
                raise refusal("name_taken")


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """A moved account takes its balance along; a rename goes down the tree."""
    old, new = before.get("ParentRef"), after.get("ParentRef")
    if before and old != new:
        amount = after["CurrentBalanceWithSubAccounts"]
        balances.add_to_accounts_above(realm, old, -amount)
        balances.add_to_accounts_above(realm, new, amount)
    if before and before["FullyQualifiedName"] != after["FullyQualifiedName"]:
        _rename_children(realm, record)


def _rename_children(realm: Realm, record: Record) -> None:
    for child in tree.children(realm, record):
        full = f"{record.doc['FullyQualifiedName']}:{child.doc['Name']}"
        realm.touch(child, {**child.doc, "FullyQualifiedName": full})
        _rename_children(realm, child)


ACCOUNT = Entity(
    Shelf(
        "Account",
        TABLE,
        sequence="Account",
        title="FullyQualifiedName",
        indexed=("Name", "FullyQualifiedName", "AccountSubType", "ParentRef"),
    ),
    complete,
    effects,
    kept=frozenset({"Active", "AccountType", "AccountSubType", "CurrencyRef"}),
    order=("FullyQualifiedName", False),
)
