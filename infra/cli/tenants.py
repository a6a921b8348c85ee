"""`klipsync tenants`: make, show, pause and resume tenants."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from consumers.records import RealmId
from infra.bootstrap import NotConfigured
from infra.cli import inputs
from infra.cli.asking import asked, require_tenant
from infra.cli.tables import AsJson, counted, echo_json, echo_parts
from infra.cli.tenant_page import list_table, page_parts, tenant_json
from infra.database import operators, tenancies
from infra.database.engine import Database
from infra.database.enrolment import Enrolled, Enrolment, enrol
from infra.database.migrate import migrate
from infra.database.tenancies import Tenancy
from infra.quickbooks.cipher import TokenCipher
from infra.settings import Settings
from schemas.kinds import TenantId

app = typer.Typer(help="Klipboard companies and their QuickBooks connections.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The tenant, such as acme.", metavar="NAME")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The tenant's id, as its events carry it.", metavar="NAME")],
    *,
    realm: Annotated[str, typer.Option(help="QuickBooks' number of the company.")],
    refresh_token_file: Annotated[
        Path, typer.Option(help="A file that holds the refresh token.", exists=True, dir_okay=False, readable=True)
    ],
    income_account: Annotated[
        str | None, typer.Option(help="QuickBooks' id of the account that sales post to; new items wait for it.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The company's time zone, such as Europe/London. UTC unless told.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="The company's home currency, such as GBP. USD unless told.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect a tenant to its QuickBooks company, again after a connection ended, or change its settings.

    Events that came before are kept and then applied. Settings that are not named stay as they are. Nothing changes
    when the company belongs to another tenant, or the tenant to another company.

    Example: klipsync tenants add acme --realm 9130350000000000 --refresh-token-file token.txt --income-account 79
    --time-zone America/New_York
    """
    tenant, company = inputs.tenant(name), RealmId(inputs.digits(realm, option="--realm"))
    token = inputs.token(refresh_token_file)
    chosen = {
        "time_zone": None if time_zone is None else inputs.time_zone(time_zone),
        "currency": None if currency is None else inputs.currency(currency),
        "income_account": None if income_account is None else inputs.digits(income_account, option="--income-account"),
    }

    async def work(database: Database, settings: Settings) -> Enrolled:
        wish = Enrolment(
            tenant=tenant,
            realm=company,
            environment="production",
            refresh_token=_cipher(settings).encrypt(token),
            **chosen,
        )
        await migrate(database)
        async with database.transaction() as connection:
            return await enrol(connection, wish)

    done = asked(work)
    if as_json:
        echo_json(_added(tenant, company, chosen, done))
        return
    typer.echo(f"{tenant} is connected to company {company}.{_looked_at(done.records)}")


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """Show every tenant: its connection, how its records stand, who owns it, and why it waits, if it does.

    Example: klipsync tenants list
    """

    async def work(database: Database, settings: Settings) -> Sequence[Tenancy]:
        async with database.transaction() as connection:
            return await tenancies.tenancies(connection, durations=settings)

    found = asked(work)
    if as_json:
        echo_json([tenant_json(one) for one in found])
    elif not found:
        typer.echo("There is no tenant yet: `klipsync tenants add` makes one, and so does a tenant's first event.")
    else:
        console = Console()
        echo_parts([list_table(found, on_screen=console.is_terminal)], console=console)


@app.command()
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show one tenant: its settings, its connection, its pauses, and why it waits, if it does.

    Example: klipsync tenants show acme
    """

    async def work(database: Database, settings: Settings) -> Tenancy:
        async with database.transaction() as connection:
            tenant = await require_tenant(connection, name)
            return (await tenancies.tenancies(connection, tenants=[tenant], durations=settings))[0]

    found = asked(work)
    if as_json:
        echo_json(tenant_json(found))
    else:
        echo_parts(page_parts(found))


@app.command()
def pause(
    name: Name,
    *,
    why: Annotated[str, typer.Option(help="The reason; everybody who wonders why it waits will read it.")],
    as_json: AsJson = False,
) -> None:
    """Stop everything that leaves for a tenant's QuickBooks, until it is resumed: the kill switch.

    Events are still taken in and kept. A call that has left already is waited for.

    Example: klipsync tenants pause acme --why "the bookkeeper closes the year"
    """
    reason = inputs.reason(why)

    async def work(database: Database, _settings: Settings) -> int:
        async with database.transaction() as connection:
            return await operators.pause(connection, await require_tenant(connection, name), why=reason)

    records = asked(work)
    if as_json:
        echo_json({"action": "pause", "tenant": name, "why": reason, "records": records})
        return
    wait = f"{counted(records, 'record')} wait{'s' if records == 1 else ''}"
    typer.echo(f"{name} is paused: nothing leaves for it. {wait} for `klipsync tenants resume`.")


@app.command()
def resume(name: Name, *, as_json: AsJson = False) -> None:
    """Let a tenant go on that an operator paused. What came meanwhile is sent now, once.

    Example: klipsync tenants resume acme
    """

    async def work(database: Database, settings: Settings) -> tuple[int, Tenancy]:
        async with database.transaction() as connection:
            tenant = await require_tenant(connection, name)
            records = await operators.resume(connection, tenant)
            return records, (await tenancies.tenancies(connection, tenants=[tenant], durations=settings))[0]

    records, tenancy = asked(work)
    if as_json:
        echo_json({"action": "resume", "tenant": name, "records": records})
        return
    still = tenant_json(tenancy)["waits_because"]
    typer.echo(f"{name} goes on, with {counted(records, 'record')} to look at.{f' But {still}.' if still else ''}")


def _cipher(settings: Settings) -> TokenCipher:
    if settings.token_keys is None:
        raise NotConfigured("KLIPSYNC_TOKEN_KEYS: Fernet keys, separated by commas; the first encrypts.")
    return TokenCipher.of(settings.token_keys.get_secret_value())


def _added(tenant: TenantId, realm: RealmId, chosen: dict[str, str | None], done: Enrolled) -> dict[str, Any]:
    return {
        "action": "connect",
        "tenant": tenant,
        "realm": realm,
        **chosen,
        "consent": done.consent,
        "records": done.records,
    }


def _looked_at(records: int) -> str:
    return f" {counted(records, 'record')} that waited for a setting will be looked at again." if records else ""
