"""`klipsync tenants`: make and show tenants."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RealmId
from infra import bootstrap
from infra.database.engine import Database
from infra.database.migrate import migrate
from infra.quickbooks.errors import QuickBooksError
from infra.quickbooks.transport import HttpTransport
from infra.settings import Settings
from schemas.kinds import TenantId

app = typer.Typer(help="Klipboard companies and their QuickBooks connections.", no_args_is_help=True)

_ADD = text("""
INSERT INTO tenant (id, name, time_zone, currency, income_account, settings)
VALUES (:id, :id, :time_zone, :currency, :income_account, '{}')
ON CONFLICT (id) DO UPDATE
   SET time_zone = excluded.time_zone, currency = excluded.currency, income_account = excluded.income_account
""")

# Without an income account items wait; a reason to look again is given to whatever waits for a setting.
_LOOK_AGAIN = text("""
UPDATE sync_record SET revision = revision + 1 WHERE tenant_id = :id AND state = 'waiting' AND waits_id IS NULL
""")

_LIST = text("""
SELECT t.id, c.realm, coalesce(c.state, 'not connected') AS connection,
       coalesce(t.operator_pause, CASE WHEN t.paused_until > clock_timestamp() THEN t.pause_cause END, c.cause) AS why,
       l.owner,
       count(r.*) AS records,
       count(r.*) FILTER (WHERE r.revision <> r.settled_revision) AS due,
       count(r.*) FILTER (WHERE r.state = 'waiting') AS waiting,
       count(r.*) FILTER (WHERE r.state IN ('refused', 'failed', 'unknown')) AS stopped
  FROM tenant t
  LEFT JOIN connection c ON c.tenant_id = t.id
  LEFT JOIN lease l ON l.tenant_id = t.id AND l.expires_at > clock_timestamp()
  LEFT JOIN sync_record r ON r.tenant_id = t.id
 WHERE CAST(:id AS text) IS NULL OR t.id = :id
 GROUP BY t.id, c.tenant_id, l.tenant_id
 ORDER BY t.id
""")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The tenant's id, as its events carry it.")],
    realm: Annotated[str, typer.Option(help="QuickBooks' number of the company.")],
    refresh_token_file: Annotated[Path, typer.Option(help="A file that holds the refresh token.", exists=True)],
    income_account: Annotated[str | None, typer.Option(help="Id of the account that sales post to.")] = None,
    time_zone: Annotated[str, typer.Option(help="The company's time zone, such as Europe/London.")] = "UTC",
    currency: Annotated[str, typer.Option(help="The company's home currency.")] = "USD",
) -> None:
    """Connect a tenant to QuickBooks, or change its settings. Events that came before are kept and then applied."""
    token = refresh_token_file.read_text().strip()
    values = {"id": name, "time_zone": time_zone, "currency": currency, "income_account": income_account}
    try:
        asyncio.run(_add(Settings(), values, realm=realm, token=token))
    except (QuickBooksError, bootstrap.NotConfigured) as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from wrong
    typer.echo(f"{name} is connected to company {realm}.")


@app.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Every tenant: its connection, its owner, and how many records are due, waiting or stopped."""
    _print(asyncio.run(_shown(Settings(), None)), as_json=as_json)


@app.command()
def show(name: str, *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """One tenant, and why it waits."""
    rows = asyncio.run(_shown(Settings(), name))
    if not rows:
        typer.echo(f"There is no tenant {name}. `klipsync tenants list` shows those there are.", err=True)
        raise typer.Exit(1)
    _print(rows, as_json=as_json)


async def _add(settings: Settings, values: dict[str, Any], *, realm: str, token: str) -> None:
    database = bootstrap.database_of(settings)
    try:
        await migrate(database)
        async with database.transaction() as connection:
            await _store(connection, values)
        async with HttpTransport() as transport:
            tokens = bootstrap.tokens_of(settings, database, transport)
            await tokens.connect(
                tenant=TenantId(values["id"]), realm=RealmId(realm), environment="production", refresh_token=token
            )
            await tokens.close()
    finally:
        await database.close()


async def _store(connection: AsyncConnection, values: dict[str, Any]) -> None:
    await connection.execute(_ADD, values)
    await connection.execute(_LOOK_AGAIN, {"id": values["id"]})


async def _shown(settings: Settings, name: str | None) -> list[dict[str, Any]]:
    database: Database = bootstrap.database_of(settings)
    try:
        async with database.transaction() as connection:
            rows = await connection.execute(_LIST, {"id": name})
            return [dict(row) for row in rows.mappings()]
    finally:
        await database.close()


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    for row in rows:
        typer.echo("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))
