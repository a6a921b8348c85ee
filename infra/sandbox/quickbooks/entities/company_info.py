"""CompanyInfo: one object with Id 1, read and queried only."""

from infra.sandbox.quickbooks.entities.entity import LOOK_ONLY, Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.fields import Table
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import Doc

TABLE = Table(
    "CompanyInfo",
    (
        text("CompanyName"),
        text("LegalName"),
        made("CompanyStartDate"),
        made("FiscalYearStartMonth", default="January"),
        made("Country", default="US"),
        made("SupportedLanguages", default="en"),
        made("NameValue", default=[{"Name": "SubscriptionStatus", "Value": "PAID"}]),
        *HEAD,
    ),
)


def complete(draft: Draft) -> Doc:
    """Names and defaults."""
    return {**TABLE.defaults, **draft.doc}


COMPANY_INFO = Entity(Shelf("CompanyInfo", TABLE, sequence="CompanyInfo"), complete, operations=LOOK_ONLY)
