"""Items: categories above them, what each type needs, and what cannot be done to them."""

from tests.contract.sandbox_company import Body, Company, company, sold

INCOME = {"IncomeAccountRef": {"value": "1"}}


async def item(it: Company, name: str, **fields: object) -> Body:
    return await it.make("Item", Name=name, **{"Type": "Service", **INCOME, **fields})


async def test_an_item_under_a_category_has_its_full_name_and_follows_it() -> None:
    """Level 1 directly below; a renamed category renames what is under it, and references to it."""
    async with company() as it:
        garden = await it.make("Item", Name="Garden", Type="Category")
        under = {"SubItem": True, "ParentRef": {"value": garden["Id"]}}
        beds = await it.make("Item", Name="Beds", Type="Category", **under)
        rose = await item(it, "Rose", SubItem=True, ParentRef={"value": beds["Id"]})
        amy = await it.customer()
        line = sold("5.00", SalesItemLineDetail={"ItemRef": {"value": rose["Id"]}})
        owed = await it.invoice(amy, Line=[line])
        await it.call("POST", "item", {"Id": garden["Id"], "SyncToken": "0", "sparse": True, "Name": "Park"})
        after, invoice = await it.read("Item", rose["Id"]), await it.read("Invoice", owed["Id"])

    assert (rose["FullyQualifiedName"], rose["Level"], rose["SubItem"]) == ("Garden:Beds:Rose", 2, True)
    assert (after["FullyQualifiedName"], after["SyncToken"]) == ("Park:Beds:Rose", "0")
    assert invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Park:Beds:Rose"


async def test_only_categories_have_items_below_them_and_none_stands_below_itself() -> None:
    """700 for an item as a parent, 900 for a circle."""
    async with company() as it:
        plain = await item(it, "Plain")
        top = await it.make("Item", Name="Top", Type="Category")
        low = await it.make("Item", Name="Low", Type="Category", SubItem=True, ParentRef={"value": top["Id"]})
        child = {"Name": "Child", "Type": "Service", "SubItem": True, "ParentRef": {"value": plain["Id"]}, **INCOME}
        wrong = await it.call("POST", "item", child)
        circle = {"Id": top["Id"], "SyncToken": "0", "sparse": True, "ParentRef": {"value": low["Id"]}}
        turned = await it.call("POST", "item", circle)

    assert (wrong.code, turned.code) == ("700", "900")


async def test_a_category_cannot_be_sold() -> None:
    """2500, with the element of every bad reference."""
    async with company() as it:
        amy = await it.customer()
        top = await it.make("Item", Name="Top", Type="Category")
        line = sold("5.00", SalesItemLineDetail={"ItemRef": {"value": top["Id"]}})
        told = await it.call("POST", "invoice", {"CustomerRef": {"value": amy["Id"]}, "Line": [line]})

    assert told.code == "2500"
    assert told["Fault"]["Error"][0]["element"] == "Reference Id"


async def test_what_each_type_needs() -> None:
    """2020 names what is missing; 6430 for money earned into a bank; bundles and new quantities are not modelled."""
    async with company() as it:
        service = await it.call("POST", "item", {"Name": "a", "Type": "Service"})
        stock = await it.call("POST", "item", {"Name": "b", "Type": "Inventory", "TrackQtyOnHand": True, **INCOME})
        bank = await it.call("POST", "item", {"Name": "c", "Type": "Service", "IncomeAccountRef": {"value": "35"}})
        bundle = await it.call("POST", "item", {"Name": "d", "Type": "Group"})
        taken = await it.call("POST", "item", {"Name": "services", "Type": "Service", **INCOME})
        colon = await it.call("POST", "item", {"Name": "a:b", "Type": "Service", **INCOME})

    assert [one["Fault"]["Error"][0]["element"] for one in (service, stock)] == ["IncomeAccountRef", "QtyOnHand"]
    assert (service.code, stock.code, bank.code, bundle.status) == ("2020", "2020", "6430", 501)
    assert (taken.code, colon.code) == ("6240", "2040")


async def test_every_item_tells_price_cost_and_whether_it_is_tracked() -> None:
    """Zero and false where nothing was said; a Service without purchase has no expense account."""
    async with company() as it:
        made = await item(it, "Plain", SalesTaxCodeRef={"value": "2"}, Sku="P-1")
        found = await it.query("select * from Item where Sku = 'P-1'")

    assert (made["UnitPrice"], made["PurchaseCost"], made["TrackQtyOnHand"]) == (0, 0, False)
    assert "ExpenseAccountRef" not in made
    assert found["QueryResponse"]["Item"] == [made]
