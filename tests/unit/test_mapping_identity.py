"""Ids: the same for the same thing, for ever; another for anything else."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import identity
from schemas.kinds import Kind, KlipboardId, TenantId

CREATE: dict[str, Any] = {"realm": "9130", "kind": Kind.INVOICE, "id": "17", "generation": 0, "refusals": 0}
UPDATE: dict[str, Any] = {**CREATE, "verb": "update", "token": "3", "body": b"{}"}
TOLD: dict[str, Any] = {"tenant": "t1", "subject": "invoice/17", "type": "SyncSucceeded", "returnversion": 5}


def test_ids_are_what_they_were_in_the_first_version() -> None:
    """R-40: an attempt stored by an older klipsync is repeated under its own id by a newer one."""
    assert identity.create_request_id(**CREATE) == "43e8a39291a8b33a43f8d19ed4bd4114"
    assert identity.update_request_id(**UPDATE) == "493a6eb5860abc499f86e704251f88fd"
    assert identity.item_id("Boiler service") == "256b14ed9d8aa913b2e998caa27a2fde"
    assert (
        identity.marker(tenant=TenantId("t1"), kind=Kind.INVOICE, id=KlipboardId("17"))
        == "klipsync:84787fc88fccbe10f38ab566"
    )


@pytest.mark.parametrize(
    "other", [{"realm": "9131"}, {"kind": Kind.CLIENT}, {"id": "18"}, {"generation": 1}, {"refusals": 1}], ids=str
)
def test_another_record_generation_or_refusal_is_another_create(other: dict[str, Any]) -> None:
    """R-40: a healed record is not answered with its old fault, and no two records share an id."""
    assert identity.create_request_id(**{**CREATE, **other}) != identity.create_request_id(**CREATE)


@pytest.mark.parametrize("other", [{"token": "4"}, {"body": b'{"a":1}'}, {"verb": "void"}, {"refusals": 1}], ids=str)
def test_another_body_or_token_is_another_update(other: dict[str, Any]) -> None:
    """R-41: an edit is never swallowed as a repeat of the one before."""
    assert identity.update_request_id(**{**UPDATE, **other}) != identity.update_request_id(**UPDATE)


def test_request_ids_fit_into_a_batch() -> None:
    """QuickBooks takes 36 characters there, counted together with the operation's own id of up to four."""
    for request_id in (identity.create_request_id(**CREATE), identity.update_request_id(**UPDATE)):
        assert len(request_id) == 32
        assert set(request_id) <= set("0123456789abcdef")


@given(st.text(), st.text(), st.text(), st.text())
def test_parts_of_an_id_never_run_into_each_other(one: str, two: str, three: str, four: str) -> None:
    """R-40: tenant "a" with id "bc" is not tenant "ab" with id "c"."""
    ids = {
        identity.marker(tenant=TenantId(tenant), kind=Kind.CLIENT, id=KlipboardId(id_))
        for tenant, id_ in {(one, two), (three, four)}
    }

    assert len(ids) == len({(one, two), (three, four)})


def test_every_spelling_of_a_name_is_one_item() -> None:
    """R-51: spaces, case and composed letters do not make another item; for now, neither does an account code."""
    spellings = ["Café  service", " café service ", "CAFE\u0301 SERVICE", "Café\tservice"]

    assert len({identity.item_id(name) for name in spellings}) == 1
    assert identity.item_id("Café service", "4000") == identity.item_id("Café service", None)
    assert identity.item_id("Cafe service") != identity.item_id("Café service")


def test_a_digest_does_not_depend_on_the_order_of_keys_but_on_every_digit() -> None:
    """A replay of the same content is the same digest; 1.0 and 1.00 were written differently, and count as sent."""
    assert identity.digest({"a": Decimal("1.0"), "b": None}) == identity.digest({"b": None, "a": Decimal("1.0")})
    assert identity.digest(Decimal("1.0")) != identity.digest(Decimal("1.00"))


@pytest.mark.parametrize("make", [identity.outcome_event_id, identity.return_event_id])
@pytest.mark.parametrize("other", [{"tenant": "t2"}, {"subject": "invoice/1"}, {"type": "x"}, {"returnversion": 6}])
def test_an_event_that_says_something_else_has_another_id(make: Any, other: dict[str, Any]) -> None:  # noqa: ANN401
    """R-45: readers drop repeated ids, so only a repeat may have one."""
    assert make(**TOLD) == make(**TOLD)
    assert make(**TOLD) != make(**{**TOLD, **other})


def test_a_dead_letter_is_known_by_where_its_message_stood() -> None:
    """Reading a bad message twice puts it aside once."""
    first = identity.dead_letter_id("c", "klipboard.clients", 1, 11)

    assert first == identity.dead_letter_id("c", "klipboard.clients", 1, 11)
    assert first != identity.dead_letter_id("c", "klipboard.clients", 11, 1)


@given(st.text())
def test_a_tenant_has_one_shard_of_twelve(tenant: str) -> None:
    """A tenant's messages leave in order, because one relay has them all."""
    assert identity.shard(TenantId(tenant)) == identity.shard(TenantId(tenant))
    assert identity.shard(TenantId(tenant)) in range(12)


def test_shards_are_all_used_and_what_has_no_tenant_is_in_the_first() -> None:
    """Twelve relays share the work."""
    assert {identity.shard(TenantId(f"tenant-{number}")) for number in range(200)} == set(range(12))
    assert identity.shard(None) == 0


def test_ids_are_made_in_one_module() -> None:
    """R-40: nobody else hashes, so that whoever repeats a step makes the same id."""
    root = Path(identity.__file__).parents[1]
    folders = ("mapping", "consumers", "producers", "infra/database", "infra/worker", "infra/quickbooks")

    modules = [path for folder in folders for path in (root / folder).glob("*.py")]

    assert [path.name for path in modules if "hashlib" in path.read_text()] == ["identity.py"]
