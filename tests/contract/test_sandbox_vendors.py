"""Vendors: their fields in the recorded order, and what of them is kept, masked or cleared."""

import json
from pathlib import Path
from typing import Any

from tests.contract.sandbox_company import company

RECORDED = Path(__file__).parents[1] / "recordings" / "get_inactive_vendors.json"
SERVER = {"Id", "SyncToken", "MetaData", "domain", "sparse", "Balance", "CurrencyRef"}
NO_LONGER = {"Lat", "Long", "source"}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever was recorded
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in NO_LONGER}
    return value


async def test_every_recorded_vendor_made_again_has_its_keys_in_their_order() -> None:
    """Active and inactive ones, with terms, masked tax identifiers and addresses."""
    rows = json.loads(RECORDED.read_text())[0]["response"]["body"]["QueryResponse"]["Vendor"]
    async with company() as it:
        await it.make("Term", Name="Due later", DueDays=0)
        for row in rows:
            wanted = {name: value for name, value in row.items() if name not in SERVER}
            made = await it.make("Vendor", **{**wanted, "DisplayName": row["DisplayName"].removesuffix(" (deleted)")})

            assert list(_plain(made)) == list(_plain(row))
            same = {"MetaData", "Id", "SyncToken", "Balance", "BillAddr"}
            assert {name: value for name, value in _plain(made).items() if name not in same} == {
                name: value for name, value in _plain(row).items() if name not in same
            }


async def test_a_vendor_keeps_only_the_end_of_its_tax_identifier() -> None:
    """It reads back masked, and may be sent back so."""
    async with company() as it:
        made = await it.make("Vendor", DisplayName="Bob", TaxIdentifier="12-3456789")
        body = {**made, "AcctNum": "35372649", "Balance": "0"}
        told = await it.call("POST", "vendor", body)

    assert made["TaxIdentifier"] == "XXXXXX6789"
    assert (told["Vendor"]["TaxIdentifier"], told["Vendor"]["AcctNum"]) == ("XXXXXX6789", "35372649")


async def test_a_full_update_clears_and_a_sparse_one_does_not() -> None:
    """A name is never cleared; an A/P account of a vendor's own must be one."""
    async with company() as it:
        made = await it.make("Vendor", DisplayName="Bob", AcctNum="1", PrimaryEmailAddr={"Address": "bob@a.com"})
        head = {"Id": made["Id"], "SyncToken": "0"}
        sparse = (await it.call("POST", "vendor", {**head, "sparse": True, "AcctNum": "2"}))["Vendor"]
        full = (await it.call("POST", "vendor", {**head, "SyncToken": "1", "DisplayName": "Bob"}))["Vendor"]
        wrong = await it.call("POST", "vendor", {"DisplayName": "Ann", "APAccountRef": {"value": "35"}})
        strange = await it.call("POST", "vendor", {"DisplayName": "Ann", "TermRef": {"value": "99"}})

    assert (sparse["AcctNum"], sparse["PrimaryEmailAddr"]) == ("2", {"Address": "bob@a.com"})
    assert ("AcctNum" in full, "PrimaryEmailAddr" in full, full["Active"]) == (False, False, True)
    assert (wrong.code, strange.code) == ("6430", "2500")
