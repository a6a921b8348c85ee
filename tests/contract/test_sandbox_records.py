"""Creating, updating and refusing: names, trees, lines, tokens and faults."""

from decimal import Decimal

from tests.contract.sandbox_company import company, sold


async def test_money_has_two_decimals_zero_has_none_and_prices_are_short() -> None:
    """The bytes are the recorded ones: 100.00, 0, 22.5, 75."""
    async with company() as it:
        amy = await it.customer()
        detail = {"ItemRef": {"value": "1"}, "UnitPrice": 22.5, "Qty": "8.0"}
        line = {"Amount": 180, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        told = await it.call("POST", "invoice", {"CustomerRef": {"value": amy["Id"]}, "Line": [line]})

    assert '"Amount":180.00,' in told.text
    assert '"UnitPrice":22.5,"Qty":8,' in told.text
    assert '"TotalTax":0}' in told.text


async def test_a_name_is_unique_over_customers_and_vendors_without_regard_to_case() -> None:
    """6240 for a vendor with a customer's name, and the other way round."""
    async with company() as it:
        await it.customer("Doe, Jane")
        await it.make("Vendor", DisplayName="Acme")
        vendor = await it.call("POST", "vendor", {"DisplayName": "doe, JANE "})
        customer = await it.call("POST", "customer", {"DisplayName": "ACME"})

    assert (vendor.code, customer.code) == ("6240", "6240")


async def test_an_inactive_record_goes_on_holding_its_name_until_the_switch_frees_it() -> None:
    """The suffix does not free the name by default; the new name of a renamed one is free at once."""
    async with company() as it:
        made = await it.customer("Gone")
        await it.call("POST", "customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        taken = await it.call("POST", "customer", {"DisplayName": "Gone"})
        back = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Active": True, "DisplayName": "Back"}
        returned = await it.call("POST", "customer", back)
        free = await it.call("POST", "customer", {"DisplayName": "Gone"})

    assert taken.code == "6240"
    assert returned["Customer"]["DisplayName"] == "Back"
    assert free.status == 200


async def test_a_sub_customer_has_level_full_name_and_touches_its_parent() -> None:
    """Balances with jobs go up the tree; the parent's time moves, its token does not."""
    async with company() as it:
        top = await it.customer("Freeman")
        it.clock.advance(60)
        site = await it.customer("55 Twin Lane", Job=True, ParentRef={"value": top["Id"]})
        await it.invoice(site, "85.00")
        parent, child = await it.read("Customer", top["Id"]), await it.read("Customer", site["Id"])

    assert (child["Level"], child["FullyQualifiedName"]) == (1, "Freeman:55 Twin Lane")
    assert (parent["Balance"], parent["BalanceWithJobs"], parent["SyncToken"]) == (0, 85, "0")
    assert (child["Balance"], child["BalanceWithJobs"]) == (85, 85)
    assert parent["MetaData"]["LastUpdatedTime"] == site["MetaData"]["CreateTime"]


async def test_renaming_a_parent_renames_its_tree_and_the_references_to_it() -> None:
    """FullyQualifiedName is made from the parent chain, wherever it is shown."""
    async with company() as it:
        top = await it.customer("Old")
        site = await it.customer("Site", Job=True, ParentRef={"value": top["Id"]})
        owed = await it.invoice(site)
        await it.call("POST", "customer", {"Id": top["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "New"})
        child, invoice = await it.read("Customer", site["Id"]), await it.read("Invoice", owed["Id"])

    assert child["FullyQualifiedName"] == "New:Site"
    assert invoice["CustomerRef"]["name"] == "New:Site"


async def test_a_job_needs_a_parent_and_a_tree_ends_four_levels_below_the_top() -> None:
    """6150 and 6180."""
    async with company() as it:
        lonely = await it.call("POST", "customer", {"DisplayName": "x", "Job": True})
        above = await it.customer("0")
        for level in range(1, 5):
            above = await it.customer(str(level), Job=True, ParentRef={"value": above["Id"]})
        deep = await it.call("POST", "customer", {"DisplayName": "5", "Job": True, "ParentRef": {"value": above["Id"]}})

    assert (lonely.code, deep.code) == ("6150", "6180")


async def test_an_old_token_is_refused_with_the_recorded_words() -> None:
    """5010; the record stays as it was."""
    async with company() as it:
        made = await it.customer()
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "one"}
        await it.call("POST", "customer", body)
        told = await it.call("POST", "customer", {**body, "Notes": "two"})
        kept = await it.read("Customer", made["Id"])

    assert (told.code, kept["Notes"]) == ("5010", "one")
    assert told.detail.startswith("Stale Object Error : You and API User were working on this at the same time.")


async def test_a_sparse_update_replaces_all_lines_and_leaves_the_rest() -> None:
    """Lines with an Id keep it, a new one gets the next, one left out is gone; the subtotal is made anew."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy, Line=[sold("10.00"), sold("20.00")], PrivateNote="keep")
        lines = [sold("25.00", Id="2"), sold("5.00")]
        told = await it.call("POST", "invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": lines})

    after = told["Invoice"]
    assert [line.get("Id") for line in after["Line"]] == ["2", "3", None]
    assert (after["TotalAmt"], after["Balance"], after["PrivateNote"]) == (30, 30, "keep")


async def test_a_full_update_renumbers_lines_keeps_the_number_and_clears_the_rest() -> None:
    """As recorded on a sales receipt: line 1 becomes line 2, the document number stays, a note left out is gone."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy, DocNumber="K-7", PrivateNote="gone", DueDate="2026-03-05")
        body = {"Id": made["Id"], "SyncToken": "0", "CustomerRef": {"value": amy["Id"]}, "Line": [sold("10.00")]}
        after = (await it.call("POST", "invoice", body))["Invoice"]

    assert (after["Line"][0]["Id"], after["DocNumber"], after["DueDate"]) == ("2", "K-7", "2026-04-01")
    assert "PrivateNote" not in after


async def test_a_sparse_update_that_changes_nothing_leaves_token_and_time() -> None:
    """Sending back what is there is no change."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy, "10.00", PrivateNote="same")
        it.clock.advance(60)
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "same", "DueDate": made["DueDate"]}
        told = await it.call("POST", "invoice", body)

    assert told["Invoice"] == made


async def test_faults_name_what_is_wrong() -> None:
    """Codes and wording of the refusals that a client meets most."""
    async with company() as it:
        amy = await it.customer()
        ref, line = {"value": amy["Id"]}, sold("10.00")
        wrong = {**line, "Amount": 58, "SalesItemLineDetail": {"UnitPrice": 10, "Qty": 2}}
        cases = [
            ({"CustomerRef": ref}, "2020", "Required parameter Line is missing in the request"),
            ({"CustomerRef": {"value": "999"}, "Line": [line]}, "2500", "Names element id 999 not found"),
            ({"CustomerRef": ref, "Line": [wrong]}, "6070", "Supplied value:58"),
            (
                {"CustomerRef": ref, "Line": [line], "DocNumber": "x" * 45},
                "2050",
                "Max:21 supported. Supplied length:45",
            ),
        ]
        for body, code, words in cases:
            told = await it.call("POST", "invoice", body)
            assert (told.status, told.code) == (400, code)
            assert words in told.detail
        missing, number = await it.call("GET", "invoice/999"), await it.call("GET", "invoice/1.5")

    assert missing.code == "610"
    assert (number.code, number.detail) == ("2030", "Id should be a valid number. Supplied value:1.5")
    assert "time" not in number.json


async def test_each_wrong_line_is_an_error_of_its_own_and_rounding_is_none() -> None:
    """Two wrong lines make two errors in one fault; 15 times 0.5306667 is 7.96."""
    async with company() as it:
        amy = await it.customer()
        wrong = sold("1.00", SalesItemLineDetail={"UnitPrice": 3, "Qty": 1})
        fine = sold("7.96", SalesItemLineDetail={"UnitPrice": 0.5306667, "Qty": 15})
        refused = await it.call("POST", "invoice", {"CustomerRef": {"value": amy["Id"]}, "Line": [wrong, fine, wrong]})
        made = await it.invoice(amy, Line=[fine])

    assert len(refused["Fault"]["Error"]) == 2
    assert made["TotalAmt"] == Decimal("7.96")


async def test_a_customer_that_owes_cannot_be_made_inactive_and_an_inactive_one_cannot_be_billed() -> None:
    """6220 with a balance, 610 for a new invoice to who is gone."""
    async with company() as it:
        owing, gone = await it.customer("Owing"), await it.customer("Gone")
        await it.invoice(owing)
        off = {"SyncToken": "0", "sparse": True, "Active": False}
        refused = await it.call("POST", "customer", {"Id": owing["Id"], **off})
        accepted = await it.call("POST", "customer", {"Id": gone["Id"], **off})
        billed = await it.call("POST", "invoice", {"CustomerRef": {"value": gone["Id"]}, "Line": [sold("1.00")]})

    assert refused.code == "6220"
    assert accepted["Customer"]["DisplayName"] == "Gone (deleted)"
    assert billed.code == "610"


async def test_selling_stock_lowers_its_quantity_and_bumps_the_item() -> None:
    """An inventory item follows its invoices, a deleted one included."""
    async with company() as it:
        amy = await it.customer()
        accounts = {
            f"{kind}AccountRef": {"value": one} for kind, one in (("Income", "79"), ("Expense", "80"), ("Asset", "81"))
        }
        stock = {"TrackQtyOnHand": True, "QtyOnHand": 10, "InvStartDate": "2026-01-01"}
        item = await it.make("Item", Name="Pump", Type="Inventory", **accounts, **stock)
        detail = {"ItemRef": {"value": item["Id"]}, "Qty": 3, "UnitPrice": 2}
        owed = await it.invoice(amy, Line=[sold("6.00", SalesItemLineDetail=detail)])
        less = await it.read("Item", item["Id"])
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "0"}, operation="delete")
        again = await it.read("Item", item["Id"])

    assert (less["QtyOnHand"], less["SyncToken"]) == (7, "1")
    assert again["QtyOnHand"] == 10


async def test_what_is_not_modelled_says_so_and_what_does_not_exist_says_that() -> None:
    """Never an invented success: 501 names it; a path nobody has is the recorded 500 in a 400."""
    async with company() as it:
        amy = await it.customer()
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")], "FOB": "Trieste"}
        answers = [
            await it.call("POST", "timeactivity", {}),
            await it.call("POST", "invoice", body),
            await it.call("POST", "paymentmethod", {"Name": "Barter"}),
            await it.query("select * from Customer where Job = true or Active = true"),
        ]
        nowhere = await it.call("GET", "nothing/1")

    assert [told.status for told in answers] == [501] * 4
    assert "Invoice.FOB" in answers[1].detail
    assert (nowhere.status, nowhere.code) == (400, "500")
