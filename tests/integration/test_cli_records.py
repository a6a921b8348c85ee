"""`klipsync records list` and `show`: how records stand, and why they wait."""

import json
from typing import Any

import pytest

from tests.integration.shell import REALM, Shell

pytestmark = pytest.mark.postgres

KEYS = {
    *("tenant", "kind", "id", "name", "state", "due", "since", "cause", "next_step"),
    *("waits_because", "waits_next_step", "waits_for"),
}
PAGE_KEYS = {
    *("desired", "versions", "revisions", "tries", "first_failed_at", "next_attempt_at", "generation", "refusals"),
    *("link", "sent", "seen", "unreturned", "attempts", "payments"),
}


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell.at(database_url)


def some_records(shell: Shell) -> None:
    """A tenant with a record in each state that somebody may ask about at night."""
    shell.tenant(owner="w1")
    shell.record("client/c1")
    shell.record("client/c2", state="ignored", cause="A person decided.")
    shell.record("item/i1", state="pending", settled=0)
    shell.record("invoice/1", state="waiting", waits_kind="client", waits_id="c9", cause="Its client c9 is missing.")
    shell.record("invoice/2", state="unknown", cause="No answer came.", next_step="Look in QuickBooks.", age=9)
    shell.record("invoice/3", state="failed", content={"number": "INV-3"}, cause="It broke.", age=5)
    shell.record("invoice/4", state="failed", content={"number": "INV-4"}, cause="It broke.", age=1)


def only(shell: Shell, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    """The one record that the list shows."""
    (found,) = shell.json("records", "list", *arguments)
    return found


def subjects(shell: Shell, *arguments: str) -> list[str]:
    return [f"{one['kind']}/{one['id']}" for one in shell.json("records", "list", *arguments)]


def test_what_needs_a_person_is_seen_first(shell: Shell) -> None:
    """The first line counts by state; then come those that need a person, the oldest first, then those that wait."""
    some_records(shell)

    ended = shell.installed("records", "list")

    assert ended.code == 0, ended
    headline, columns, *rows = (line.split("\t") for line in ended.out.splitlines())
    counts = "failed 2, unknown 1, waiting 1, pending 1, synced 1, ignored 1; due now 1"
    assert headline == [f"3 of 7 records need a person: {counts}"]
    assert columns == ["tenant", "record", "name", "state", "due", "since", "cause", "next step"]
    assert [row[1] for row in rows] == [
        *("invoice/4", "invoice/3", "invoice/2", "invoice/1", "item/i1", "client/c1", "client/c2"),
    ]
    since = "2026-03-02 09:00:09 UTC"
    assert rows[2] == [
        "acme",
        "invoice/2",
        "Name of 2",
        "unknown",
        "-",
        since,
        "No answer came.",
        "Look in QuickBooks.",
    ]
    assert rows[0][2] == "INV-4"


def test_no_records_are_no_error(shell: Shell) -> None:
    """An empty database is an answer."""
    assert shell.here("records", "list").out == "no records\n"
    assert shell.json("records", "list") == []


def test_the_list_is_json_for_scripts(shell: Shell) -> None:
    """A list of objects whose keys stay; what is not known is null."""
    some_records(shell)

    found = {one["id"]: one for one in shell.json("records", "list", "--kind", "invoice")}

    assert all(set(one) == KEYS for one in found.values())
    assert found["1"]["waits_for"] == "client/c9"
    assert found["3"] == {
        **dict.fromkeys(("next_step", "waits_because", "waits_next_step", "waits_for")),
        "tenant": "acme",
        "kind": "invoice",
        "id": "3",
        "name": "INV-3",
        "state": "failed",
        "due": False,
        "since": "2026-03-02T09:00:05+00:00",
        "cause": "It broke.",
    }


def test_the_list_can_be_narrowed(shell: Shell) -> None:
    """By tenant, kind, states, what is due, and how many."""
    some_records(shell)
    shell.tenant("other", realm="9131")
    shell.record("client/c1", tenant="other")
    shell.record("client/later", tenant="other", settled=2, next_in=3600.0)

    assert subjects(shell, "--tenant", "other", "--kind", "client", "--state", "synced") == [
        "client/later",
        "client/c1",
    ]
    assert subjects(shell, "--state", "unknown", "--state", "waiting") == ["invoice/2", "invoice/1"]
    assert subjects(shell, "--due") == ["item/i1"]
    assert subjects(shell, "--limit", "2") == ["invoice/4", "invoice/3"]
    assert "--limit shows more" in shell.here("records", "list", "--limit", "2").err
    assert shell.here("records", "list", "--limit", "9").err == ""


def test_a_synced_record_that_changed_stands_with_the_pending_ones(shell: Shell) -> None:
    """Its state is of before; what is left to write must not be hidden behind a thousand settled ones."""
    shell.tenant(owner="w1")
    shell.record("client/c1", age=-7200.0)
    shell.record("client/c2", settled=2, age=7.0)

    first, second = shell.json("records", "list")

    assert (first["id"], first["due"], first["since"]) == ("c2", True, "2026-03-02T08:00:07+00:00")
    assert (second["id"], second["due"], second["waits_because"]) == ("c1", False, None)


@pytest.mark.parametrize(
    ("tenant", "because", "next_step"),
    [
        (
            {"realm": None},
            "tenant acme is not connected to QuickBooks",
            "connect it with `klipsync tenants add acme …`",
        ),
        (
            {"connection": "expired", "cause": "Intuit ended the consent."},
            "tenant acme is not connected to QuickBooks any more: Intuit ended the consent.",
            "connect it again with `klipsync tenants add acme …`",
        ),
        (
            {"operator_pause": "the year is closed", "owner": "w1"},
            "tenant acme was paused by an operator: the year is closed",
            "let it go on with `klipsync tenants resume acme`",
        ),
        ({}, "tenant acme has no owner: no worker runs", "start a `klipsync worker`"),
        ({"owner": "w1"}, "its owner w1 comes to it next", None),
        (
            {"lease": "-infinity", "owner": "w1"},
            "tenant acme has no owner: no worker runs",
            "start a `klipsync worker`",
        ),
        (
            {"owner": "w1", "rewound": True},
            "the database went back in time; nothing new is made before QuickBooks' changes are read",
            None,
        ),
    ],
    ids=["never connected", "expired", "operator's pause", "no worker", "owned", "released", "rewound"],
)
def test_each_waiting_record_says_why_it_waits(
    shell: Shell, tenant: dict[str, Any], because: str, next_step: str | None
) -> None:
    """R-03: for a person the reason is a sentence, and where a person is needed it says what to do."""
    shell.tenant(**tenant)
    shell.record("client/c1", state="pending", settled=2)

    found = only(shell)

    assert (found["waits_because"], found["waits_next_step"]) == (because, next_step)
    line = shell.here("records", "list").out.splitlines()[-1].split("\t")
    assert line[-2:] == [f"waits: {because}", next_step or "-"]


def test_what_is_in_quickbooks_already_need_not_wait_for_the_changes(shell: Shell) -> None:
    """After the database went back in time only what is new could be made twice."""
    shell.tenant(owner="w1", rewound=True)
    shell.record("client/c1", settled=2)
    shell.link("client/c1", "50")

    assert only(shell)["waits_because"] == "its owner w1 comes to it next"


def test_a_pause_that_ends_by_itself_says_when(shell: Shell) -> None:
    """Throttled, or Intuit out of reach: its cause and until when, and nothing is to be done."""
    shell.tenant(owner="w1", pause_cause="QuickBooks asked us to slow down.", paused_for=3600.0)
    shell.record("client/c1", state="pending", settled=2)

    found = only(shell)

    ((until,),) = shell.sql("SELECT to_char(paused_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM tenant")
    because = f"tenant acme is paused until {until} UTC: QuickBooks asked us to slow down."
    assert (found["waits_because"], found["waits_next_step"]) == (because, None)


def test_a_pause_that_is_over_holds_nothing(shell: Shell) -> None:
    """Its cause stays in the table, and is no reason any more."""
    shell.tenant(owner="w1", pause_cause="QuickBooks asked us to slow down.", paused_for=-1.0)
    shell.record("client/c1", state="pending", settled=2)

    assert only(shell)["waits_because"] == "its owner w1 comes to it next"


def test_a_tenant_between_owners_is_no_alarm(shell: Shell) -> None:
    """Workers run, and one of them takes it by itself."""
    shell.tenant()
    shell.record("client/c1", state="pending", settled=2)
    shell.worker("w1")
    shell.worker("w2")
    shell.sql("INSERT INTO worker (name, session, seen_at) VALUES ('dead', 's', '2026-03-02T09:00:00Z')")

    found = only(shell)

    because = "tenant acme has no owner yet; one of the 2 workers that run will take it"
    assert (found["waits_because"], found["waits_next_step"]) == (because, None)


def test_a_record_between_two_tries_says_when_the_next_one_is(shell: Shell) -> None:
    """It is not due; what went wrong before stays in sight."""
    shell.tenant(owner="w1")
    shell.record("invoice/1", state="failed", settled=2, next_in=3600.0, cause="It broke.", next_step="Wait.")

    found = only(shell)

    assert (found["due"], found["cause"], found["next_step"]) == (False, "It broke.", "Wait.")
    assert found["waits_because"].startswith("it is tried again at ")
    assert "(before: It broke.)\tWait." in shell.here("records", "list").out


def test_a_record_with_an_open_call_says_so(shell: Shell) -> None:
    """Nobody knows yet what became of it: it is looked into, never simply sent again."""
    shell.tenant(owner="w1")
    shell.record("invoice/1", state="pending", settled=2)
    shell.attempt("invoice/1", "r1")

    because = only(shell)["waits_because"]

    assert because.startswith("its call of 2026-03-02 09:00:05 UTC has no answer yet; it is looked into after 20")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--tenant", "acm"], 1, "There is no tenant acm. Did you mean acme? Known are acme."),
        (["--kind", "bill"], 2, "is not one of 'client', 'client_location', 'supplier', 'item', 'invoice'"),
        (["--state", "broken"], 2, "is not one of 'pending', 'synced', 'waiting', 'failed', 'refused', 'unknown'"),
        (["--limit", "0"], 2, "--limit"),
    ],
)
def test_what_is_not_known_is_told_with_what_is(shell: Shell, arguments: list[str], code: int, sentence: str) -> None:
    """Whoever mistypes reads the names that there are."""
    shell.tenant()

    ended = shell.here("records", "list", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert sentence in ended.err


def test_one_record_shows_everything(shell: Shell) -> None:
    """State, versions, link, what was sent and changed there, payments, attempts with fault code and intuit_tid."""
    a_full_record(shell)

    ended = shell.installed("records", "show", "acme", "invoice/17")

    assert ended.code == 0, ended
    page = ended.out.splitlines()
    assert page[0] == "invoice/17 (INV-17) of tenant acme"
    assert {
        "state: refused since 2026-03-02 09:00:00 UTC",
        "cause: The period is closed.",
        "next step: Reopen it.",
        "versions: 6 told by Klipboard, 4 settled",
        'content: version 6: {"number":"INV-17"}',
        "it is: Invoice 145 (token 3) of company 9130",
        "DueDate: 2026-04-01",
        "PrivateNote: by hand",
        "Payment 77\t10.00 USD\t2026-03-02\tCheque\t-\tapplied\tyes",
    } <= set(page)
    attempt = page[-1].split("\t")
    assert [attempt[place] for place in (0, 1, 4, 5, 6, 7, 8, 9)] == [
        *("create Invoice", "refused", "2", "6200", "4-6", "r1", "1-abc", "42"),
    ]


def test_one_record_is_json_for_scripts(shell: Shell) -> None:
    """The list's keys and the page's; money is text, numbers stay as they were."""
    a_full_record(shell)

    page = shell.json("records", "show", "acme", "invoice/17")

    assert set(page) == KEYS | PAGE_KEYS
    assert page["desired"] == {"content": {"version": 6, "digest": "d", "value": {"number": "INV-17"}}}
    assert page["versions"] == {"newest": 6, "settled": 4}
    assert page["link"] == {"realm": REALM, "type": "Invoice", "id": "145", "token": "3"}
    assert (page["sent"], page["unreturned"]) == ({"DueDate": "2026-04-01"}, {"PrivateNote": "by hand"})
    (payment,) = page["payments"]
    assert (payment["payment_id"], payment["amount"], payment["told"]) == ("77", "10.00", True)
    (attempt,) = page["attempts"]
    assert (attempt["fault_code"], attempt["intuit_tid"], attempt["fence"], attempt["repeats"]) == (
        "6200",
        "1-abc",
        42,
        2,
    )
    assert (attempt["first_version"], attempt["last_version"], attempt["outcome"]) == (4, 6, "refused")


def a_full_record(shell: Shell) -> None:
    shell.tenant(owner="w1")
    said: dict[str, Any] = {"cause": "The period is closed.", "next_step": "Reopen it."}
    fields: dict[str, Any] = {"sent": {"DueDate": "2026-04-01"}, "unreturned": {"PrivateNote": "by hand"}}
    shell.record("invoice/17", state="refused", content={"number": "INV-17"}, **said, **fields)
    shell.link("invoice/17", "145")
    fault = {"status": 400, "errors": [{"code": "6200", "message": "closed"}]}
    shell.attempt("invoice/17", "r1", outcome="refused", fault=fault, tid="1-abc")
    shell.sql(
        "INSERT INTO payment_application (realm, payment_type, payment_id, txn_type, txn_id, tenant_id, amount,"
        " currency, paid_on, method, payment_token, state, told) VALUES (:realm, 'Payment', '77', 'Invoice', '145',"
        " 'acme', 10, 'USD', '2026-03-02', 'Cheque', '0', 'applied', 'digest')",
        realm=REALM,
    )


def test_a_waiting_record_says_how_the_other_one_stands(shell: Shell) -> None:
    """Then one sees at once where the trouble is; a record that never came is told too."""
    shell.tenant(owner="w1")
    shell.record("client/c1", state="failed", cause="Its name is taken.")
    shell.record("invoice/1", state="waiting", waits_kind="client", waits_id="c1")
    shell.record("invoice/2", state="waiting", waits_kind="client", waits_id="c2")

    page, other = (shell.here("records", "show", "acme", f"invoice/{id_}").out for id_ in "12")

    assert "waits for: client/c1, which is failed since 2026-03-02 09:00:00 UTC: Its name is taken.\n" in page
    assert "waits for: client/c2, of which no event came yet\n" in other
    waits_for = shell.json("records", "show", "acme", "invoice/1")["waits_for"]
    assert (waits_for["id"], waits_for["state"], waits_for["cause"]) == ("c1", "failed", "Its name is taken.")
    assert shell.json("records", "show", "acme", "invoice/2")["waits_for"]["state"] is None


@pytest.mark.parametrize(
    ("tenant", "subject", "code", "sentence"),
    [
        ("nobody", "invoice/1", 1, "There is no tenant nobody. Known are acme."),
        ("acme", "invoice/1", 1, "Tenant acme has no record invoice/1: no event about it was folded."),
        ("acme", "invoice", 2, "'invoice' names no record: write a kind, a slash and the id, such as invoice/17."),
        ("acme", "bill/1", 2, "Kinds are client, client_location, supplier, item, invoice, purchase_order."),
    ],
)
def test_a_record_that_is_not_there_is_told(shell: Shell, tenant: str, subject: str, code: int, sentence: str) -> None:
    """One sentence, with what to write instead."""
    shell.tenant()

    ended = shell.here("records", "show", tenant, subject, "--json")

    assert (ended.code, ended.out) == (code, "")
    assert sentence in ended.err


def test_a_terminal_shows_fewer_and_taller_columns(shell: Shell) -> None:
    """Cause and next step stand below each other, and an attempt's ids are whole at 80 columns."""
    a_full_record(shell)

    listed = [line.split() for line in shell.on_a_terminal("records", "list", columns=80).splitlines()]
    page = shell.on_a_terminal("records", "show", "acme", "invoice/17", columns=80)

    place = next(place for place, words in enumerate(listed) if words[:2] == ["acme", "invoice/17"])
    assert listed[place][2:] == ["refused", "2026-03-02", "The", "period", "is", "closed."]
    assert listed[place + 1] == ["INV-17", "09:00:00", "UTC", "Reopen", "it."]
    assert "fault 6200" in page
    assert "1-abc" in page


def test_json_of_the_installed_command_is_one_document(shell: Shell) -> None:
    """Nothing else is on standard output, so that it can be piped."""
    some_records(shell)

    listed = shell.installed("records", "list", "--json", "--limit", "1")

    assert (listed.code, listed.err) == (0, "")
    assert [one["id"] for one in json.loads(listed.out)] == ["4"]
