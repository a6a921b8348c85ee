"""`klipsync records`: how every record stands, and why."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from consumers.records import State
from infra.cli import decisions
from infra.cli.asking import asked, require_tenant
from infra.cli.decisions import OneKind, OneTenant, Subject, Tenant, key_of
from infra.cli.record_list import headline, list_json, list_table
from infra.cli.record_page import page_json, page_parts
from infra.cli.tables import AsJson, echo_json, echo_parts
from infra.database import standing
from infra.database.circumstances import Circumstances, circumstances
from infra.database.engine import Database
from infra.database.operators import Refusal, no_record
from infra.database.sheets import Sheet, sheet
from infra.database.standing import Counts, Selection, Standing
from infra.settings import Settings
from schemas.kinds import TenantId

app = typer.Typer(help="How each Klipboard thing stands in QuickBooks, and why.", no_args_is_help=True)

Found = tuple[Counts, Sequence[tuple[Standing, Circumstances]]]


@app.command("list")
def list_(
    *,
    tenant: OneTenant = None,
    kind: OneKind = None,
    state: Annotated[list[State] | None, typer.Option(help="Only records in this state; repeatable.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Only records that are to be looked at now.")] = False,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show how records stand: those that need a person first, then those that wait.

    The first line counts them by state. Each record says why it stands as it does and what to do next; one that waits
    says what for. Use it whenever something seems to be missing in QuickBooks.

    Example: klipsync records list --tenant acme --state failed --state refused
    """
    selection = Selection(tenant=None if tenant is None else TenantId(tenant), kind=kind)

    async def work(database: Database, settings: Settings) -> Found:
        async with database.transaction() as connection:
            if tenant is not None:
                await require_tenant(connection, tenant)
            counts = await standing.counts(connection, selection)
            records = await standing.listed(connection, selection, states=state or (), due=due, limit=limit)
            tenants = {record.key.tenant for record in records}
            around = await circumstances(connection, tenants=tenants, durations=settings)
        return counts, [(record, around[record.key.tenant]) for record in records]

    counts, found = asked(work)
    if as_json:
        echo_json([list_json(record, around) for record, around in found])
        return
    typer.echo(headline(counts))
    console = Console()
    echo_parts([list_table(found, on_screen=console.is_terminal)], console=console)
    if len(found) == limit < counts.all:
        typer.echo(
            f"No more than {limit:,} are shown: --limit shows more; --tenant, --kind, --state, --due choose.", err=True
        )


@app.command()
def show(tenant: Tenant, record: Subject, *, as_json: AsJson = False) -> None:
    """Show everything about one record.

    What Klipboard wants and in which versions, what QuickBooks accepted, what a bookkeeper changed there, what it waits
    for and how that one stands, its last attempts with their fault codes and intuit_tid (Intuit's support asks for it),
    and the payments on an invoice.

    Example: klipsync records show acme invoice/17
    """
    key = key_of(tenant, record)

    async def work(database: Database, settings: Settings) -> Sheet:
        async with database.transaction() as connection:
            await require_tenant(connection, tenant)
            found = await sheet(connection, key, durations=settings)
        if found is None:
            raise Refusal(no_record(key=key))
        return found

    found = asked(work)
    if as_json:
        echo_json(page_json(found))
    else:
        console = Console()
        echo_parts(page_parts(found, on_screen=console.is_terminal), console=console)


app.command()(decisions.replay)
app.command()(decisions.recreate)
app.command()(decisions.ignore)
