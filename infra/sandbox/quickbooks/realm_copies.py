"""A company as plain JSON values, and a company made of them again: it answers as the one that was copied did."""

from dataclasses import astuple
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from infra.clock import Clock
from infra.sandbox.quickbooks.company import SHELVES
from infra.sandbox.quickbooks.store import Posting, Postings, Realm, Record, Stub
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.wire import Doc

# A company's own values that are JSON as they are.
_PLAIN = ("name", "country", "currency", "warns_of_duplicates", "last_number", "last_estimate_number")
_AMOUNTS = ("ledger", "exchange_rates")


def copied(realm: Realm) -> Doc:
    """Everything that decides how the company answers. Not its listeners, and not what lagging queries still see."""
    return {
        **{name: getattr(realm, name) for name in (*_PLAIN, *_AMOUNTS)},
        "realm": realm.realm,
        "time_zone": realm.zone.key,
        "custom_fields": list(realm.custom_fields),
        "credits_due": [(when.isoformat(), customer) for when, customer in realm.credits_due],
        "sequences": realm.sequences(),
        "records": {entity: [_record(one) for one in found.values()] for entity, found in realm.records.items()},
        "changes": {entity: list(log.all()) for entity, log in realm.logs.items()},
        "deleted": {entity: [_stub(one) for one in stubs.values()] for entity, stubs in realm.deleted.items()},
        "deletions": {entity: list(log.all()) for entity, log in realm.deletions.items()},
    }


def recreated(copy: Doc, *, clock: Clock, switches: Switches) -> Realm:
    """A company as it was copied. Raises KeyError, TypeError or ValueError for what is no copy."""
    zone = ZoneInfo(copy["time_zone"])
    realm = Realm(
        realm=str(copy["realm"]), name=copy["name"], zone=zone, clock=clock, shelves=SHELVES, switches=switches
    )
    for name in _PLAIN:
        setattr(realm, name, copy[name])
    for name in _AMOUNTS:
        setattr(realm, name, {key: Decimal(amount) for key, amount in copy[name].items()})
    realm.custom_fields = tuple(copy["custom_fields"])
    realm.credits_due = [(datetime.fromisoformat(when), customer) for when, customer in copy["credits_due"]]
    for sequence, number in copy["sequences"].items():
        realm.reserve(sequence, number)
    for entity, records in copy["records"].items():
        for one in records:
            _put_back(realm, entity, one)
    for entity, stubs in copy["deleted"].items():
        realm.deleted[entity] = {one["id"]: _stub_of(one, zone) for one in stubs}
    _set_logs(realm, copy)
    return realm


def _record(record: Record) -> Doc:
    return {
        "id": record.id,
        "token": record.token,
        "created": record.created.isoformat(),
        "updated": record.updated.isoformat(),
        "doc": record.doc,
        "postings": [astuple(one) for one in record.postings],
    }


def _put_back(realm: Realm, entity: str, one: Doc) -> None:
    record = realm.add(entity, one["doc"], record_id=str(one["id"]))
    record.token = int(one["token"])
    record.created, record.updated = (_moment(one[name], realm.zone) for name in ("created", "updated"))
    record.postings = _postings(one["postings"])


def _postings(copies: list[list[Any]]) -> Postings:
    return tuple(
        Posting(
            str(account), Decimal(str(amount)), tuple(party) if isinstance(party, list) else None, Decimal(str(owed))
        )
        for account, amount, party, owed in copies
    )


def _stub(stub: Stub) -> Doc:
    return {"id": stub.id, "deleted": stub.deleted.isoformat(), "last": stub.last}


def _stub_of(one: Doc, zone: ZoneInfo) -> Stub:
    return Stub(str(one["id"]), _moment(one["deleted"], zone), one["last"])


def _set_logs(realm: Realm, copy: Doc) -> None:
    """In the order in which the changes were; two of one second are told in it too."""
    for entity, ids in copy["changes"].items():
        log = realm.logs[entity] = type(realm.logs[entity])()
        for record_id in ids:
            log.note(record_id=record_id, at=realm.records[entity][record_id].updated)
    for entity, ids in copy["deletions"].items():
        for record_id in ids:
            realm.deletions[entity].note(record_id=record_id, at=realm.deleted[entity][record_id].deleted)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)
