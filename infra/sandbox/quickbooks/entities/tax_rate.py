"""TaxRate: a percentage that belongs to an agency. Seeded; read and queried only."""

from infra.sandbox.quickbooks.entities.entity import LOOK_ONLY, Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Flag, Number, Ref, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import Doc

TABLE = Table(
    "TaxRate",
    (
        text("Name", 100, query=True),
        text("Description", 100),
        Field("Active", Flag(), query=True, default=True),
        Field("RateValue", Number(), default=0),
        Field("AgencyRef", Ref("TaxAgency", named=False)),
        made("SpecialTaxType", Text(), default="NONE"),
        made("DisplayType", Text(), default="ReadOnly"),
        *HEAD,
    ),
)


def complete(draft: Draft) -> Doc:
    """Its name, which is its description too where it has no other."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "Name")
    return {"Description": doc["Name"], **doc}


TAX_RATE = Entity(
    Shelf("TaxRate", TABLE, sequence="TaxRate", title="Name", indexed=("Name",)),
    complete,
    operations=LOOK_ONLY,
    order=("Name", False),
)
