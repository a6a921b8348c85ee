"""CompanyInfo: one object with Id 1. Read, queried and updated; never made or deleted."""

from infra.sandbox.quickbooks.entities import names, parts
from infra.sandbox.quickbooks.entities.entity import LOOK_ONLY, Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

ADDRESSES = ("CompanyAddr", "CustomerCommunicationAddr", "LegalAddr")
# What QuickBooks tells of a company in pairs; a seed may say it otherwise.
NAME_VALUES = (
    *(("NeoEnabled", "true"), ("SubscriptionStatus", "PAID"), ("OfferingSku", "QuickBooks Online Plus")),
    *(("PayrollFeature", "false"), ("AccountantFeature", "false"), ("ItemCategoriesFeature", "true")),
)

TABLE = Table(
    "CompanyInfo",
    (
        text("CompanyName", 1024),
        text("LegalName", 1024),
        *(Field(name, Part(parts.ADDRESS)) for name in ADDRESSES),
        Field("CustomerCommunicationEmailAddr", Part(parts.EMAIL)),
        Field("PrimaryPhone", Part(parts.PHONE)),
        made("CompanyStartDate"),
        text("EmployerId"),
        made("FiscalYearStartMonth", default="January"),
        made("Country", default="US"),
        Field("Email", Part(parts.EMAIL)),
        Field("WebAddr", Part(parts.WEB), default={}),
        made("SupportedLanguages", default="en"),
        made("DefaultTimeZone"),
        made("NameValue", default=[{"Name": name, "Value": value} for name, value in NAME_VALUES]),
        *HEAD,
    ),
    unmodelled=frozenset(
        {
            *("CompanyEmailAddr", "CompanyURL", "OtherContactInfo", "CompanyFileName", "FlavorStratum", "SampleFile"),
            *("CompanyUserId", "CompanyUserAdminEmail", "TaxYearStartMonth", "QBVersion", "ShipAddr", "OtherAddr"),
            *("Mobile", "Fax", "LastImportedTime", "LastSyncTime", "MultiByteCharsSupported", "CompanyInfoEx"),
        }
    ),
)


def complete(draft: Draft) -> Doc:
    """Names, addresses with their ids, and defaults. A full update names the company and says where it is."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "CompanyName", *(("CompanyAddr",) if draft.record is not None and not draft.sparse else ()))
    doc.setdefault("LegalName", doc["CompanyName"])
    doc.setdefault("CompanyStartDate", draft.realm.today())
    return names.with_addresses(draft, doc, ADDRESSES)


def plan(realm: Realm) -> str | None:
    """What the company is subscribed to, such as "QuickBooks Online Plus"; None where it does not say."""
    company = realm.find("CompanyInfo", "1")
    pairs = company.doc["NameValue"] if company else ()
    return next((str(one["Value"]) for one in pairs if one["Name"] == "OfferingSku"), None)


COMPANY_INFO = Entity(Shelf("CompanyInfo", TABLE, sequence="CompanyInfo"), complete, operations=LOOK_ONLY | {"update"})
