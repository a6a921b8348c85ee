"""Employee: a name, and how to reach its bearer. It shares its namespace with customers and vendors."""

from infra.sandbox.quickbooks.entities import names, parts
from infra.sandbox.quickbooks.entities.entity import Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, PERSON, made, text
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.kinds import Day, Flag, Number, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import Doc

MASKED = "XXX-XX-XXXX"  # all that is ever told of a social security number

TABLE = Table(
    "Employee",
    (
        text("EmployeeNumber", 100),
        text("SSN", 100),
        Field("PrimaryAddr", Part(parts.ADDRESS)),
        Field("BillableTime", Flag(), default=False),
        Field("BillRate", Number()),
        Field("BirthDate", Day()),
        Field("Gender", Text(choices=("Male", "Female"))),
        Field("HiredDate", Day()),
        Field("ReleasedDate", Day()),
        Field("CostRate", Number()),
        *HEAD,
        Field("Organization", Flag()),
        *PERSON,
        text("DisplayName", 500, query=True),
        text("PrintOnCheckName", 100, query=True),
        Field("Active", Flag(), query=True, default=True),
        Field("PrimaryPhone", Part(parts.PHONE)),
        Field("Mobile", Part(parts.PHONE)),
        Field("PrimaryEmailAddr", Part(parts.EMAIL)),
        made("V4IDPseudonym"),
    ),
    unmodelled=frozenset(
        {
            *("EmployeeType", "OtherAddr", "UseTimeEntry", "EmployeeEx", "AlternatePhone", "Fax", "WebAddr"),
            *("CompanyName", "FullyQualifiedName", "OtherContactInfo", "DefaultTaxCodeRef", "UserId", "IntuitId"),
            *("CustomField", "AttachableRef", "source"),
        }
    ),
)


def complete(draft: Draft) -> Doc:
    """Names and defaults of an employee."""
    doc = {**TABLE.defaults, **draft.doc}
    if not doc.get("GivenName") and not doc.get("FamilyName"):
        raise refusal("no_name")
    if doc.get("BillRate") and not doc["BillableTime"]:
        raise not_modelled("Employee.BillRate without BillableTime")
    doc = {name: value for name, value in doc.items() if name not in ("BillRate", "CostRate") or value}
    doc = names.with_addresses(draft, names.named(draft, doc), ("PrimaryAddr",))
    doc["PrintOnCheckName"] = str(doc.get("PrintOnCheckName") or doc["DisplayName"]).removesuffix(names.SUFFIX)
    if "SSN" in doc:
        doc["SSN"] = MASKED
    names.check_unique(draft, "Employee", doc)
    return doc


EMPLOYEE = Entity(
    Shelf(
        "Employee",
        TABLE,
        sequence="Names",
        title="DisplayName",
        name="DisplayName",
        namespace="Names",
        indexed=("DisplayName",),
    ),
    complete,
    kept=frozenset({"Active"}),
    order=("DisplayName", False),
)
