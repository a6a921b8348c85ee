"""TaxCode: the rates that a sale is taxed with. Seeded; read and queried only."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities.entity import LOOK_ONLY, Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, text
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Flag, Ref, Text, Whole
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

RATE_DETAIL = Table(
    "TaxRateDetail",
    (
        Field("TaxRateRef", Ref("TaxRate")),
        Field("TaxTypeApplicable", Text(), default="TaxOnAmount"),
        Field("TaxOrder", Whole(), default=0),
    ),
)
RATE_LIST = Table("TaxRateList", (Field("TaxRateDetail", Parts(RATE_DETAIL)),))
TABLE = Table(
    "TaxCode",
    (
        text("Name", 100, query=True),
        text("Description", 100, query=True),
        Field("Active", Flag(), query=True, default=True),
        Field("Hidden", Flag(), default=False),
        Field("Taxable", Flag(), default=True),
        Field("TaxGroup", Flag(), default=True),
        Field("SalesTaxRateList", Part(RATE_LIST)),
        Field("PurchaseTaxRateList", Part(RATE_LIST)),
        *HEAD,
    ),
)


def complete(draft: Draft) -> Doc:
    """Its name and its lists of rates, which are empty where it is not used."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "Name")
    doc = {"Description": doc["Name"], **doc}
    for name in ("SalesTaxRateList", "PurchaseTaxRateList"):
        details = doc.get(name, {}).get("TaxRateDetail", [])
        doc[name] = {"TaxRateDetail": [{**RATE_DETAIL.defaults, **detail} for detail in details]}
    return doc


def rates(realm: Realm, code: str, *, side: str = "Sales") -> list[tuple[str, Decimal | int]]:
    """(rate id, per cent) of all that a sale, or what the other side (`Purchase`) buys, is taxed with by this code."""
    details = realm.records["TaxCode"][code].doc[f"{side}TaxRateList"]["TaxRateDetail"]
    ids = [str(detail["TaxRateRef"]["value"]) for detail in details]
    return [(one, realm.records["TaxRate"][one].doc["RateValue"]) for one in ids]


TAX_CODE = Entity(
    Shelf("TaxCode", TABLE, sequence="TaxCode", title="Name", indexed=("Name",)),
    complete,
    operations=LOOK_ONLY,
    order=("Name", False),
)
