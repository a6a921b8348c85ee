"""Fault rules: which calls they strike, and how one that cannot be is refused."""

from typing import Any

import pytest

from tests.contract.sandbox_company import Company, Told, company


async def rule(it: Company, kind: str, **conditions: object) -> Told:
    return await it.control("POST", "faults", {"kind": kind, **conditions})


async def amy(it: Company) -> Told:
    return await it.call("POST", "customer", {"DisplayName": "Amy"})


@pytest.mark.parametrize(
    ("conditions", "struck"),
    [
        ({}, ["create", "update", "read", "query", "batch", "delete"]),
        ({"method": "post"}, ["create", "update", "batch", "delete"]),
        ({"entity": "Vendor"}, ["create", "update", "read"]),
        ({"entity": "invoice"}, ["delete"]),
        ({"entity": "query"}, ["query"]),
        ({"operation": "update"}, ["update"]),
        ({"operation": "delete"}, ["delete"]),
        ({"operation": "batch"}, ["batch"]),
        ({"entity": "vendor", "operation": "delete"}, []),
        ({"path_contains": "/vendor"}, ["create", "update", "read"]),
        ({"realm": "1"}, []),
        ({"app": "sandbox-client"}, ["create", "update", "read", "query", "batch", "delete"]),
        ({"app": "another"}, []),
        ({"after": 4}, ["batch", "delete"]),
        ({"count": 2}, ["create", "update"]),
        ({"after": 1, "count": 2, "method": "POST"}, ["update", "batch"]),
        ({"rate": 0}, []),
    ],
)
async def test_a_rule_strikes_the_calls_that_it_names(conditions: dict[str, Any], struck: list[str]) -> None:
    """By company, app, method, entity, operation and path; after some, and so many."""
    calls: dict[str, tuple[str, str, object, dict[str, str]]] = {
        "create": ("POST", "vendor", {"DisplayName": "Bea"}, {}),
        "update": ("POST", "vendor", {"Id": "1", "SyncToken": "0", "sparse": True}, {}),
        "read": ("GET", "vendor/1", None, {}),
        "query": ("GET", "query", None, {"query": "select * from Vendor"}),
        "batch": ("POST", "batch", {"BatchItemRequest": [{"bId": "1", "Query": "select * from Vendor"}]}, {}),
        "delete": ("POST", "invoice", {"Id": "1", "SyncToken": "0"}, {"operation": "delete"}),
    }
    async with company() as it:
        await rule(it, "status", status=418, **conditions)
        statuses = {name: (await it.call(*call[:3], **call[3])).status for name, call in calls.items()}

    assert [name for name, status in statuses.items() if status == 418] == struck


async def test_a_rule_tells_how_many_calls_it_broke_and_can_be_taken_away() -> None:
    """Listed with its fields; gone afterwards."""
    async with company() as it:
        added = await rule(it, "status", count=5)
        await amy(it)
        (listed,) = (await it.control("GET", "faults"))["faults"]
        await it.control("DELETE", f"faults/{added['id']}")
        works = await amy(it)

    assert (listed["id"], listed["kind"], listed["broken"], listed["count"]) == (added["id"], "status", 1, 4)
    assert works.status == 200


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, "kind is missing: it is one of lose_answer, cut_before"),
        ({"kind": "explode"}, "kind is one of lose_answer, cut_before"),
        ({"kind": "delay", "colour": "red"}, "a fault rule has no colour: it has kind, realm, app"),
        ({"kind": "delay", "id": "7"}, "a fault rule has no id"),
        ({"kind": "delay", "seconds": "long"}, "seconds is a number from 0"),
        ({"kind": "delay", "seconds": -1}, "seconds is a number from 0"),
        ({"kind": "delay", "rate": 1.5}, "rate is a number from 0 to 1"),
        ({"kind": "delay", "count": -1}, "count is a whole number from 0, or nothing"),
        ({"kind": "delay", "after": True}, "after is a whole number from 0"),
        ({"kind": "delay", "seed": "x"}, "seed is a whole number"),
        ({"kind": "delay", "entity": 7}, "entity is a text"),
        ({"kind": "delay", "operation": "merge"}, "operation is one of create, update, void, delete"),
        ({"kind": "delay", "method": "LOOK"}, "method is one of GET, POST"),
        ({"kind": "status", "status": 99}, "status is a whole number from 200 to 599"),
        ({"kind": "status", "named": "html_999"}, "named is one of html_502, html_503"),
    ],
)
async def test_a_rule_that_cannot_be_names_the_wrong_field_and_the_choices(wanted: dict[str, Any], told: str) -> None:
    """400, and no rule is made."""
    async with company() as it:
        refused = await it.control("POST", "faults", wanted)
        listed = (await it.control("GET", "faults"))["faults"]

    assert (refused.status, listed) == (400, [])
    assert told in refused["error"]
