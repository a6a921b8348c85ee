"""`klipsync tenants add`: a tenant and its consent are stored together, or nothing is."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.quickbooks.cipher import TokenCipher
from tests.integration.shell import REALM, Shell

pytestmark = pytest.mark.postgres

SECRET = "RT1-secret-of-the-company"


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell.at(database_url)


@pytest.fixture
def token(tmp_path: Path) -> str:
    """A file with a refresh token, as a person saves it."""
    path = tmp_path / "token.txt"
    path.write_text(f"{SECRET}\n")
    return str(path)


def settings_of(shell: Shell, tenant: str = "acme") -> tuple[Any, ...]:
    (found,) = shell.sql("SELECT time_zone, currency, income_account FROM tenant WHERE id = :id", id=tenant)
    return found


def add(token: str, *options: str, tenant: str = "acme", realm: str = REALM) -> list[str]:
    return ["tenants", "add", tenant, "--realm", realm, "--refresh-token-file", token, *options]


def test_a_tenant_is_connected_with_its_settings(shell: Shell, token: str) -> None:
    """R-01: from here on its records may leave. The token is stored encrypted, and printed nowhere."""
    options = ("--income-account", "79", "--time-zone", "America/New_York", "--currency", "CAD")

    ended = shell.installed(*add(token, *options))

    assert (ended.code, ended.out, ended.err) == (0, f"acme is connected to company {REALM}.\n", "")
    assert settings_of(shell) == ("America/New_York", "CAD", "79")
    ((realm, state, stored),) = shell.sql("SELECT realm, state, refresh_token FROM connection")
    assert (realm, state) == (REALM, "connected")
    assert TokenCipher.of(shell.settings["KLIPSYNC_TOKEN_KEYS"]).decrypt(bytes(stored), tenant="acme") == SECRET
    ((action, tenant, details),) = shell.actions()
    assert (action, tenant, details["realm"], details["consent"]) == ("connect", "acme", REALM, 1)
    assert SECRET not in str(shell.actions())


def test_the_first_tenant_makes_the_tables(database_url: str, token: str) -> None:
    """Whoever tries klipsync need not start a worker first."""
    shell = Shell(database_url, {"KLIPSYNC_DATABASE": database_url, "KLIPSYNC_TOKEN_KEYS": a_key()})

    ended = shell.here(*add(token))

    assert ended.code == 0, ended
    assert settings_of(shell) == ("UTC", "USD", None)


def a_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def test_connecting_again_keeps_the_settings_that_are_not_named(shell: Shell, token: str) -> None:
    """Whoever renews a consent at night need not know the tenant's account and time zone."""
    shell.here(*add(token, "--income-account", "79", "--time-zone", "Europe/London", "--currency", "GBP"))

    told = shell.json(*add(token, "--currency", "EUR"))

    assert settings_of(shell) == ("Europe/London", "EUR", "79")
    assert told == {
        "action": "connect",
        "tenant": "acme",
        "realm": REALM,
        "consent": 2,
        "records": 0,
        "time_zone": None,
        "currency": "EUR",
        "income_account": None,
    }


def test_what_waits_for_a_setting_is_looked_at_again(shell: Shell, token: str) -> None:
    """An item without an income account; what waits for another record is left to that one."""
    shell.tenant()
    shell.record("item/1", state="waiting")
    shell.record("item/2")
    shell.record("invoice/1", state="waiting", waits_kind="client", waits_id="c1")

    ended = shell.here(*add(token, "--income-account", "79"))

    assert "1 record that waited for a setting will be looked at again." in ended.out
    assert shell.sql("SELECT klipboard_id FROM sync_record WHERE revision = 4") == [("1",)]


@pytest.mark.parametrize(
    ("options", "named", "sentence"),
    [
        (["--realm", "91-30"], "--realm", "'91-30' is no number: give QuickBooks' number of the company"),
        (["--realm", ""], "--realm", "'' is no number"),
        (
            ["--income-account", "Sales"],
            "--income-account",
            "'Sales' is no number: give the account's id in QuickBooks",
        ),
        (["--time-zone", "London"], "--time-zone", "'London' is no time zone: give its name in the time zone database"),
        (["--time-zone", "new york"], "--time-zone", "such as America/New_York."),
        (["--time-zone", "../etc/passwd"], "--time-zone", "is no time zone"),
        (["--currency", "usd"], "--currency", "'usd' is no currency: give three capital letters (ISO 4217)"),
        (["--currency", "DOLLAR"], "--currency", "is no currency"),
    ],
)
def test_a_wrong_setting_is_told_and_changes_nothing(
    shell: Shell, token: str, options: list[str], named: str, sentence: str
) -> None:
    """The error names the option and the fix."""
    before = shell.tables()

    ended = shell.here(*add(token, *options))

    assert (ended.code, ended.out) == (2, "")
    assert f"Invalid value for {named}: " in ended.err
    assert sentence in ended.err
    assert shell.tables() == before


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (b"", "is empty, or no text: it must hold the refresh token and nothing else."),
        (b" \n\n", "is empty, or no text"),
        (b"\xff\xfe", "is empty, or no text"),
        (b"secret-one secret-two", "holds more than one word"),
        (None, "does not exist"),
    ],
    ids=["empty", "blank", "no text", "two words", "no file"],
)
def test_a_token_file_without_a_token_is_told(shell: Shell, tmp_path: Path, held: bytes | None, sentence: str) -> None:
    """What the file does hold is not shown: it may be half a secret."""
    path = tmp_path / "token.txt"
    if held is not None:
        path.write_bytes(held)

    ended = shell.here(*add(str(path)))

    assert ended.code == 2
    assert "--refresh-token-file" in ended.err
    assert sentence in ended.err
    assert "secret-" not in ended.err
    assert shell.sql("SELECT * FROM tenant") == []


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_tenants_id_is_one_that_events_can_carry(shell: Shell, token: str, name: str) -> None:
    """Else nothing would ever come for it."""
    ended = shell.here(*add(token, tenant=name))

    assert ended.code == 2
    assert "The tenant's id" in ended.err
    assert shell.sql("SELECT * FROM tenant") == []


def test_a_company_that_is_taken_is_refused_whole(shell: Shell, token: str) -> None:
    """Neither the new tenant nor its settings are stored: it was not connected."""
    shell.here(*add(token))
    before = shell.tables()

    ended = shell.here(*add(token, tenant="other"))

    assert (ended.code, ended.out) == (1, "")
    assert f"QuickBooks company {REALM} already belongs to tenant acme." in ended.err
    assert shell.tables() == before


def test_a_tenant_is_not_moved_to_another_company(shell: Shell, token: str) -> None:
    """Its settings stay too: what was meant for the other company must not reach this one's books."""
    shell.here(*add(token, "--income-account", "79"))
    before = shell.tables()

    ended = shell.here(*add(token, "--income-account", "80", "--currency", "GBP", realm="9131"))

    assert (ended.code, ended.out) == (1, "")
    assert f"acme is connected to QuickBooks company {REALM} (production) and was not moved to 9131" in ended.err
    assert shell.tables() == before


@pytest.mark.parametrize("keys", [None, "", "short"])
def test_without_keys_nothing_is_stored(shell: Shell, token: str, keys: str | None) -> None:
    """A token is never stored as it is; the sentence names the setting."""
    ended = shell.here(*add(token), settings={"KLIPSYNC_TOKEN_KEYS": keys})

    assert ended.code == 1
    assert "KLIPSYNC_TOKEN_KEYS" in ended.err
    assert shell.sql("SELECT * FROM tenant") == []


def test_json_of_the_installed_command_is_one_document(shell: Shell, token: str) -> None:
    """Nothing else is on standard output, so that it can be piped."""
    ended = shell.installed(*add(token), "--json")

    assert (ended.code, ended.err, json.loads(ended.out)["tenant"]) == (0, "", "acme")
