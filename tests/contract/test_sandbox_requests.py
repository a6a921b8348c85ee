"""What a request looks like and what its answer carries: paths, methods, content types, headers, XML."""

import re
from typing import Any

import pytest

from tests.contract.sandbox_company import Body, Company, Told, company

HEADERS_OF_ALL = {"intuit_tid", "Intuit-Tid", "Cache-Control", "X-Spanid", "X-Amzn-Trace-Id", "Content-Type"}


async def raw(it: Company, method: str, path: str, body: str | bytes | None = None, **headers: str) -> Told:
    """A call with headers of its own."""
    url = f"{it.running.base_url}/v3/company/{it.realm}/{path}"
    sent = {"Authorization": f"Bearer {it.access_token}", "Accept": "application/json", **headers}
    async with it.session.request(method, url, data=body, headers=sent) as answer:
        return Told(answer.status, await answer.text(), dict(answer.headers))


async def test_a_success_carries_the_headers_of_quickbooks() -> None:
    """A fresh tid each time, under both spellings, and the same in the journal."""
    async with company() as it:
        first = await it.call("GET", f"companyinfo/{it.realm}")
        second = await it.call("GET", f"companyinfo/{it.realm}")
        entries = (await it.control("GET", "journal"))["entries"]

    assert set(first.headers) >= HEADERS_OF_ALL | {"QBO-Version", "Service-Time"}
    assert first.headers["Content-Type"] == "application/json;charset=utf-8"
    assert "no-store" in first.headers["Cache-Control"]
    assert re.fullmatch(r"total=\d+, db=\d+", first.headers["Service-Time"])
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", first.headers["intuit_tid"])
    assert first.headers["intuit_tid"] == first.headers["Intuit-Tid"] != second.headers["intuit_tid"]
    assert [one["intuit_tid"] for one in entries] == [first.headers["intuit_tid"], second.headers["intuit_tid"]]


async def test_the_token_endpoint_has_a_tid_and_no_version() -> None:
    """It is not QuickBooks itself that answers there."""
    async with company() as it:
        told = await it.refresh(it.refresh_token)

    assert told.headers["intuit_tid"].startswith("1-")
    assert not {"QBO-Version", "Service-Time"} & set(told.headers)


async def test_faults_are_plain_json_with_a_length_and_without_a_version() -> None:
    """400 and 401 alike."""
    async with company() as it:
        refused = await it.call("GET", "customer/999")
        it.access_token = "wrong"
        unknown = await it.call("GET", "customer/999")

    for told in (refused, unknown):
        assert set(told.headers) >= HEADERS_OF_ALL
        assert told.headers["Content-Type"] == "application/json"
        assert int(told.headers["Content-Length"]) == len(told.text)
        assert "QBO-Version" not in told.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nonsense"),
        ("POST", "nonsense/1"),
        ("GET", ""),
        ("GET", "customer"),
        ("POST", "customer/1"),
        ("GET", "invoice/1/nonsense"),
        ("POST", "invoice/1/send/now"),
        ("GET", "query/1"),
        ("PUT", "customer"),
        ("PATCH", "customer/1"),
        ("DELETE", "customer/1"),
        ("GET", "batch"),
        ("POST", "cdc"),
        ("DELETE", "query"),
    ],
)
async def test_what_quickbooks_does_not_have_is_an_unsupported_operation(method: str, path: str) -> None:
    """400 with code 500, which names the path and a host with a pod."""
    async with company() as it:
        told = await raw(it, method, path, "{}" if method != "GET" else None)
        whole = f"/v3/company/{it.realm}/{path}"

    host = it.running.base_url.removeprefix("http://")
    assert (told.status, told.code, told["Fault"]["type"]) == (400, "500", "ValidationFault")
    assert told.detail == (
        f"Operation Could not find resource for relative : {whole}"
        f" of full path: https://{host}/qbo1{whole} is not supported."
    )


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("POST", "upload", "upload"),
        ("POST", "attachable", "attachable"),
        ("GET", "reports/BalanceSheet", "reports/BalanceSheet"),
        ("GET", "invoice/1/pdf", "Invoice/pdf"),
        ("POST", "deposit", "deposit"),
    ],
)
async def test_what_the_sandbox_does_not_model_is_refused_by_name(method: str, path: str, named: str) -> None:
    """501, never an invented success."""
    async with company() as it:
        told = await raw(it, method, path, "{}" if method == "POST" else None)

    assert (told.status, told.detail) == (
        501,
        f"Operation {named} is not supported: the sandbox does not model it.",
    )


async def test_the_minor_version_is_accepted_and_ignored() -> None:
    """1, 75, a later one or nonsense: the same answer."""
    async with company() as it:
        amy = await it.customer()
        told = [
            (await it.call("GET", f"customer/{amy['Id']}", minorversion=version))["Customer"]
            for version in ("1", "75", "99", "x", "")
        ]

    assert told == [amy] * 5


@pytest.mark.parametrize(
    "path", ["companyinfo/{realm}", "companyinfo/1", "companyinfo", "preferences", "preferences/1"]
)
async def test_the_company_and_its_preferences_are_one_object_each(path: str) -> None:
    """Read by the company's number, by 1, or without any."""
    async with company() as it:
        told = await it.call("GET", path.format(realm=it.realm))

    (entity,) = set(told.json) - {"time"}
    assert (entity.lower(), told[entity]["Id"]) == (path.split("/", maxsplit=1)[0], "1")


async def test_a_company_that_does_not_exist_is_not_the_tokens() -> None:
    """403 with 3100, as for another company's."""
    async with company() as it:
        for realm in ("1", "nonsense"):
            it.realm = realm
            told = await it.call("GET", "customer/1")

            assert (told.status, told.code, told["fault"]["type"]) == (403, "3100", "AUTHORIZATION")


# Bodies


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json", 200, None),
        ("application/json; charset=utf-8", 200, None),
        ("application/x-www-form-urlencoded", 400, "1050"),
        ("application/xml", 501, "500"),
        ("text/xml", 501, "500"),
    ],
)
async def test_a_body_is_json(content_type: str, status: int, code: str | None) -> None:
    """Another type is refused before anything is executed."""
    async with company() as it:
        told = await raw(it, "POST", "customer", '{"DisplayName":"Amy"}', **{"Content-Type": content_type})

    assert told.status == status
    assert code is None or told.code == code


async def test_a_body_that_cannot_be_read_is_a_fault() -> None:
    """Half an object, something else than an object, no UTF-8, and an object that is too deep."""
    async with company() as it:
        for body in ('{"DisplayName":', "[1]", "", '"Amy"', b"\xff\xfe{", '{"a":' * 100_000):
            told = await raw(it, "POST", "customer", body)

            assert (told.status, told.code) == (400, "2010")


async def test_a_query_is_posted_as_text() -> None:
    """The same answer as by GET; JSON is no query."""
    async with company() as it:
        await it.customer("Amy")
        text = "select * from Customer"
        posted = await raw(it, "POST", "query", text, **{"Content-Type": "application/text"})
        got = await it.query(text)
        as_json = await raw(it, "POST", "query", text, **{"Content-Type": "application/json"})

    assert (posted["QueryResponse"], as_json.code) == (got["QueryResponse"], "1050")
    assert len(posted["QueryResponse"]["Customer"]) == 1


async def test_an_update_may_say_that_it_is_one() -> None:
    """operation=update needs an Id, and operation=merge is unknown."""
    async with company() as it:
        amy = await it.customer("Amy")
        body = {"Id": amy["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Bea"}
        updated = await it.call("POST", "customer", body, operation="update")
        without = await it.call("POST", "customer", {"DisplayName": "Cy"}, operation="update")
        unknown = await it.call("POST", "customer", body, operation="merge")

    assert (updated["Customer"]["DisplayName"], without.code, unknown.code) == ("Bea", "2020", "500")


@pytest.mark.parametrize("whole", [True, False])
async def test_a_payment_is_voided_by_include_void(*, whole: bool) -> None:
    """With the whole object or its head; operation=void is for others."""
    async with company() as it:
        amy = await it.customer()
        made = await it.call("POST", "payment", {"CustomerRef": {"value": amy["Id"]}, "TotalAmt": 40})
        head: Body = {"Id": made["Payment"]["Id"], "SyncToken": "0", "sparse": True}
        body: dict[str, Any] = {**made["Payment"], "TotalAmt": 40, "UnappliedAmt": 40} if whole else head
        wrong = await it.call("POST", "payment", head, operation="void")
        voided = await it.call("POST", "payment", body, operation="update", include="void")

    assert (wrong.code, voided.status) == ("500", 200)
    assert (voided["Payment"]["TotalAmt"], voided["Payment"]["PrivateNote"]) == (0, "Voided")


@pytest.mark.parametrize("operation", ["void", "delete"])
async def test_voids_and_deletions_take_the_whole_object(operation: str) -> None:
    """As some clients send it; only the id and the token matter."""
    async with company() as it:
        owed = await it.invoice(await it.customer())
        body = {**owed, "Line": [], "TotalAmt": 7, "Balance": 7}
        told = await it.call("POST", "invoice", body, operation=operation)

    assert told.status == 200


async def test_an_invoice_is_sent_by_an_empty_post() -> None:
    """To its own address or another, which it has from then on."""
    async with company() as it:
        owed = await it.invoice(await it.customer(), BillEmail={"Address": "amy@example.com"})
        path = f"invoice/{owed['Id']}/send"
        own = await raw(it, "POST", path, None, **{"Content-Type": "application/octet-stream"})
        other = await it.call("POST", path, sendTo="bea@example.com")
        nobody = await it.call("POST", "invoice/999/send")
        entry = (await it.control("GET", "journal"))["entries"][-1]

    assert (own["Invoice"]["EmailStatus"], own["Invoice"]["BillEmail"]) == ("EmailSent", {"Address": "amy@example.com"})
    assert other["Invoice"]["BillEmail"] == {"Address": "bea@example.com"}
    assert (nobody.code, entry["operation"], entry["fault_code"]) == ("610", "send", "610")


# XML


@pytest.mark.parametrize("accept", ["application/xml", "*/*", ""])
async def test_without_accept_json_the_answer_is_a_short_fault_in_xml(accept: str) -> None:
    """QuickBooks would answer in XML; the sandbox says that it does not."""
    async with company() as it:
        told = await raw(it, "GET", f"companyinfo/{it.realm}", Accept=accept)

    assert (told.status, told.headers["Content-Type"]) == (501, "application/xml")
    assert '<Error code="500"><Message>Unsupported Operation</Message>' in told.text
    assert "send Accept: application/json" in told.text


async def test_faults_in_xml_are_escaped_and_the_gateways_own_come_in_it_too() -> None:
    """A text with angle brackets does not break the document."""
    async with company() as it:
        wrong = await raw(it, "POST", "customer", "<a&b>", Accept="application/xml")
        it.access_token = "<wrong>"
        unknown = await raw(it, "GET", "customer/1", Accept="application/xml")

    assert (wrong.status, '<Error code="2010">' in wrong.text) == (400, True)
    assert (unknown.status, "Token expired: &lt;wrong&gt;" in unknown.text) == (401, True)
    assert unknown.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
