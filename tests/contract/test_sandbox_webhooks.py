"""Webhooks of the sandbox: what is told of whose changes, in which words. Real HTTP to an endpoint of a test's own."""

import re
from uuid import UUID

from tests.contract.sandbox_company import Company, company
from tests.contract.webhook_endpoint import another_app, deliveries, endpoint, later, subscribe

A_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


async def test_a_create_is_told_a_second_later() -> None:
    """The classic body: names, ids and times in UTC, nothing else; nothing comes before the second is over."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there)
        made = await it.customer()
        await later(it, 0.9)
        early = list(there.posts)
        await later(it, 0.1)

    assert early == []
    assert [post.json for post in there.posts] == [
        {
            "eventNotifications": [
                {
                    "realmId": it.realm,
                    "dataChangeEvent": {
                        "entities": [
                            {
                                "name": "Customer",
                                "id": made["Id"],
                                "operation": "Create",
                                "lastUpdated": "2026-03-02T17:00:00.000Z",
                            }
                        ]
                    },
                }
            ]
        }
    ]


async def test_every_header_is_there_and_the_signature_is_over_the_raw_bytes() -> None:
    """base64(HMAC-SHA256(body, verifier token)); the sender names itself, the schema, the time and a tid."""
    async with company() as it, endpoint() as there:
        settings = await subscribe(it, there, verifier_token="mine")
        await it.customer("Señor Ünïcode")
        await later(it)

    post = there.posts[0]
    assert settings["verifier_token"] == "mine"
    assert (post.is_signed_with("mine"), post.is_signed_with("yours")) == (True, False)
    assert post.headers["content-type"] == "application/json; charset=utf-8"
    assert post.headers["user-agent"] == "intuit_notification_server/0.1"
    assert post.headers["intuit-created-time"] == "2026-03-02T17:00:01Z"
    assert post.headers["intuit-notification-schema-version"] == "0.1"
    assert A_UUID.fullmatch(post.headers["intuit-t-id"])
    assert post.headers["content-length"] == str(len(post.body))


async def test_cloud_events_come_as_a_list() -> None:
    """The format of 2026, with the fraction of the moment; ids are unlike each other, the app's source is one."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, format="cloudevents")
        made = await it.customer()
        owed = await it.invoice(made)
        it.clock.advance(0.25)
        await it.control("POST", f"{it.realm}/void", {"entity": "Invoice", "id": owed["Id"]})
        await later(it)

    first, _, last = found = there.posts[0].json
    assert (first["specversion"], first["datacontenttype"], first["data"]) == ("1.0", "application/json", {})
    assert (first["type"], first["intuitentityid"], first["intuitaccountid"]) == (
        "qbo.customer.created.v1",
        made["Id"],
        it.realm,
    )
    assert re.fullmatch(r"intuit\.[A-Za-z0-9+/]{43}=", first["source"])
    assert (last["type"], last["time"]) == ("qbo.invoice.void.v1", "2026-03-02T17:00:00.250000000Z")
    assert len({UUID(one["id"]) for one in found}) == len(found) == 3
    assert len({one["source"] for one in found}) == 1


async def test_what_an_app_writes_comes_back_to_it() -> None:
    """Create, full and sparse update, and delete over the API, in their order, in one body; a no-op says nothing."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        await subscribe(it, there)
        owed = await it.invoice(amy)
        sparse = {"Id": owed["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "a"}
        await it.call("POST", "invoice", sparse)
        await it.call("POST", "invoice", {**sparse, "SyncToken": "1"})
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="delete")
        await later(it)

    told = [operation for entity, id_, operation in there.told[0] if (entity, id_) == ("Invoice", owed["Id"])]
    assert told == ["Create", "Update", "Delete"]
    assert len(there.posts) == 1
    assert {entity for entity, _, _ in there.told[0]} == {"Invoice"}


async def test_a_payment_tells_of_its_invoice_too() -> None:
    """Applying and deleting a payment changes the invoice: an Update that nobody sent."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        owed = await it.invoice(amy)
        await subscribe(it, there)
        paid = await it.paid(amy, "40.00", (owed, "40.00"))
        await later(it)
        await it.control("DELETE", f"{it.realm}/payments/{paid['Id']}")
        await later(it)

    invoice = ("Invoice", owed["Id"], "Update")
    assert [sorted(told) for told in there.told] == [
        [invoice, ("Payment", paid["Id"], "Create")],
        [invoice, ("Payment", paid["Id"], "Delete")],
    ]


async def test_a_void_is_told_as_a_void_and_frees_the_payment() -> None:
    """The invoice once, as Void; the payment that covered it as an Update."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "100.00", (owed, "100.00"))
        await subscribe(it, there)
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="void")
        await later(it)

    assert sorted(there.told[0]) == [("Invoice", owed["Id"], "Void"), ("Payment", paid["Id"], "Update")]


async def test_a_mailed_invoice_is_told_as_emailed() -> None:
    """Sending it is neither an update nor silent."""
    async with company() as it, endpoint() as there:
        owed = await it.invoice(await it.customer())
        await subscribe(it, there)
        sent = await it.call("POST", f"invoice/{owed['Id']}/send", sendTo="amy@example.com")
        await later(it)

    assert sent.status == 200, sent.text
    assert there.told == [[("Invoice", owed["Id"], "Emailed")]]


async def test_a_balance_that_moved_is_told_only_where_it_is_asked_for() -> None:
    """An invoice moves its customer's and an account's balance; their times move, and their tokens do not."""
    async with company() as it, endpoint() as there:
        amy = await it.customer()
        await subscribe(it, there, touched_lists=True)
        await it.invoice(amy)
        await later(it)

    assert ("Customer", amy["Id"], "Update") in there.told[0]
    assert {entity for entity, _, _ in there.told[0]} == {"Invoice", "Customer", "Account"}


async def test_an_app_is_told_of_what_it_chose() -> None:
    """Entities and operations are chosen on the app's page."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, entities={"Invoice": ["Void"], "Payment": []})
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "1.00")
        await it.control("POST", f"{it.realm}/void", {"entity": "Invoice", "id": owed["Id"]})
        await later(it)

    assert there.told == [[("Payment", paid["Id"], "Create"), ("Invoice", owed["Id"], "Void")]]


async def test_each_company_has_its_entry_in_one_body_or_a_body_of_its_own() -> None:
    """Documents say both; a client reads the company from the entry."""
    async with company() as it, endpoint() as there, endpoint() as apart:
        other = (await it.control("POST", "companies", {"name": "Other"}))["realm"]
        await subscribe(it, there)
        await subscribe(it, apart, app=await another_app(it, it.realm, other), realms_together=False)
        for realm in (it.realm, other, it.realm):
            await _born(it, realm)
        await later(it)

    entries = there.posts[0].json["eventNotifications"]
    assert [entry["realmId"] for entry in entries] == [it.realm, other]
    assert [len(entry["dataChangeEvent"]["entities"]) for entry in entries] == [2, 1]
    alone = [post.json["eventNotifications"] for post in apart.posts]
    assert [[entry["realmId"] for entry in one] for one in alone] == [[it.realm], [other]]


async def _born(it: Company, realm: str) -> None:
    it.clock.advance(0.125)
    fields = {"DisplayName": f"at {it.clock.boottime()}"}
    told = await it.control("POST", f"{realm}/create", {"entity": "Customer", "fields": fields})
    assert told.status == 200, told.text


async def test_an_app_has_one_endpoint() -> None:
    """A second URL of the same app takes the first one's place; apps do not disturb each other."""
    async with company() as it, endpoint() as old, endpoint() as new, endpoint() as other:
        await subscribe(it, old)
        second = await subscribe(it, new)
        third = await subscribe(it, other, app=await another_app(it, it.realm))
        await it.customer()
        await later(it)
        listed = (await it.control("GET", "webhooks"))["webhooks"]

    assert [one["id"] for one in listed] == [second["id"], third["id"]]
    assert [len(one.posts) for one in (old, new, other)] == [0, 1, 1]
    assert other.posts[0].is_signed_with("another's")


async def test_an_app_is_told_of_companies_that_are_connected_to_it() -> None:
    """Neither of one that has not consented, nor of one that has taken its consent back."""
    async with company() as it, endpoint() as there:
        await subscribe(it, there, app=await another_app(it))
        await it.customer("before")
        await it.control("POST", f"{it.realm}/connect", {"client_id": "another"})
        heard = await it.customer("heard")
        await it.control("POST", f"{it.realm}/disconnect", {"client_id": "another"})
        await it.customer("after")
        await later(it)

    assert there.told == [[("Customer", heard["Id"], "Create")]]


async def test_a_removed_endpoint_is_told_nothing_more() -> None:
    """What waits for it is lost too."""
    async with company() as it, endpoint() as there:
        made = await subscribe(it, there)
        await it.customer()
        await it.control("DELETE", f"webhooks/{made['id']}")
        await later(it)
        listed = (await it.control("GET", "webhooks"))["webhooks"]

    assert (there.posts, listed) == ([], [])


async def test_every_attempt_can_be_read() -> None:
    """When, where, what, and what was answered; reading the list sends nothing."""
    async with company() as it, endpoint() as there:
        made = await subscribe(it, there)
        await it.customer()
        await later(it)
        found = (await deliveries(it))[0]
        await it.control("DELETE", "webhooks/deliveries")
        left = await deliveries(it)

    assert left == []
    assert (found["subscription"], found["delivery"], found["attempt"], found["url"]) == (made["id"], 1, 1, there.url)
    assert (found["at"], found["status"], found["outcome"]) == ("2026-03-02T17:00:01+00:00", 200, "taken")
    assert (found["error"], found["next_try"], found["duplicate"]) == (None, None, False)
    assert found["raw_body"].encode() == there.posts[0].body
    assert found["headers"]["intuit-signature"] == there.posts[0].headers["intuit-signature"]


async def test_a_wrong_subscription_is_refused() -> None:
    """With the name of what is wrong; nothing is subscribed."""
    async with company() as it:
        told = await it.control("POST", "webhooks", {"url": "http://127.0.0.1/", "colour": "red"})
        without = await it.control("POST", "webhooks", {})
        listed = (await it.control("GET", "webhooks"))["webhooks"]

    assert (told.status, without.status, listed) == (400, 400, [])
    assert "colour" in told["error"]
