"""A company's books as they are, for who compares them with what should be."""

from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc


def books(realm: Realm) -> Doc:
    """Entity -> all its objects, inactive ones too; "deleted": entity -> the objects as they were last."""
    kept: Doc = {
        entity: [realm.written(record) for record in records.values()] for entity, records in realm.records.items()
    }
    gone = {entity: [stub.last for stub in stubs.values()] for entity, stubs in realm.deleted.items()}
    return {**kept, "deleted": gone}
