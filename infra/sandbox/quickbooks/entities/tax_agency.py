"""TaxAgency: to whom sales tax is paid. Seeded; read and queried only."""

from infra.sandbox.quickbooks.entities.entity import LOOK_ONLY, Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, text
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Flag
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import Doc

TABLE = Table(
    "TaxAgency",
    (
        text("DisplayName", 100, query=True),
        text("TaxRegistrationNumber", 100),
        Field("TaxTrackedOnPurchases", Flag(), default=False),
        Field("TaxTrackedOnSales", Flag(), default=True),
        *HEAD,
    ),
)


def complete(draft: Draft) -> Doc:
    """Its name, and what it taxes."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "DisplayName")
    return doc


TAX_AGENCY = Entity(
    Shelf("TaxAgency", TABLE, sequence="TaxAgency", title="DisplayName", indexed=("DisplayName",)),
    complete,
    operations=LOOK_ONLY,
    order=("DisplayName", False),
)
