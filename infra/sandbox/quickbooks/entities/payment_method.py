"""PaymentMethod: the built-in list, read and queried only."""

from infra.sandbox.quickbooks.entities.entity import LOOK_ONLY, Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Flag
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import Doc

TABLE = Table(
    "PaymentMethod",
    (
        text("Name", 31, query=True),
        Field("Active", Flag(), query=True, default=True),
        made("Type", query=True, default="NON_CREDIT_CARD"),
        *HEAD,
    ),
)


def complete(draft: Draft) -> Doc:
    """As it is."""
    return {**TABLE.defaults, **draft.doc}


PAYMENT_METHOD = Entity(
    Shelf("PaymentMethod", TABLE, sequence="PaymentMethod", title="Name", indexed=("Name",)),
    complete,
    operations=LOOK_ONLY,
    order=("Name", False),
)
