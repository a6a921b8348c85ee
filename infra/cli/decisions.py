"""What a person decides about records: `klipsync records replay`, `recreate` and `ignore`."""

from typing import Annotated, Any, Final

import typer

from consumers.records import Link, RecordKey
from infra.cli import inputs
from infra.cli.asking import asked, require_tenant
from infra.cli.record_page import link_json
from infra.cli.tables import AsJson, counted, echo_json, listing
from infra.database import operators
from infra.database.engine import Database
from infra.database.operators import Refusal, no_record
from infra.database.replays import BATCH, Replay, Replayed
from infra.database.sheets import Sheet, sheet
from infra.database.standing import Selection
from infra.settings import Settings
from schemas.kinds import Kind, KlipboardId, TenantId

Tenant = Annotated[str, typer.Argument(help="The tenant, such as acme.", metavar="TENANT")]
Subject = Annotated[str, typer.Argument(help="The record, such as invoice/17.", metavar="KIND/ID")]
OneTenant = Annotated[str | None, typer.Option(help="Only this tenant's records.")]
OneKind = Annotated[Kind | None, typer.Option(help="Only records of this kind.")]

LEFT_OUT: Final = (
    "They wait for `klipsync records recreate` or `ignore`; "
    "`replay --id` takes up what was ignored after it had failed or was refused."
)


def replay(
    *,
    tenant: OneTenant = None,
    kind: OneKind = None,
    id_: Annotated[str | None, typer.Option("--id", help="Only the record with this Klipboard id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every record of every tenant.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have records looked at again: compared with what was last sent, and repaired where they differ.

    Use it after a mapping was corrected, or after what made records fail was put right. A record that does not differ
    costs no call. Records that wait for a person's decision (unknown, gone_in_quickbooks) are left out. So are ignored
    ones; --id takes up one that had failed or was refused. Cut short, it has done a part; run it again.

    Example: klipsync records replay --tenant acme --kind invoice
    """
    chosen = Selection(
        tenant=None if tenant is None else TenantId(tenant),
        kind=kind,
        id=None if id_ is None else KlipboardId(id_),
    )
    _check_selection(chosen, everything=everything)

    async def work(database: Database, _settings: Settings) -> Replayed:
        if tenant is not None:
            async with database.transaction() as connection:
                await require_tenant(connection, tenant)
        return await Replay(database=database, selection=chosen, progress=_progress).run()

    done = asked(work)
    if as_json:
        echo_json({"action": "replay", "records": done.records, "tenants": done.tenants, "left_out": done.left_out})
    else:
        typer.echo(_replayed(done))
    if chosen.id is not None and not done.records:
        raise typer.Exit(1)


def recreate(
    tenant: Tenant,
    record: Subject,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have a record made again in QuickBooks: you decided that it is not there, or is to be there anew.

    For a record that is unknown (QuickBooks never answered, and nobody can tell what became of it), gone_in_quickbooks
    (somebody deleted it there) or ignored. Look in QuickBooks first. The former object, if there is one, is forgotten
    here and not touched there. An object that bears the record's name or number is taken instead; it is looked for a
    minute later, when QuickBooks shows what you have just done there.

    Example: klipsync records recreate acme invoice/17
    """
    key = key_of(tenant, record)
    if not yes:
        _confirm(asked(lambda database, settings: _peek(database, settings, key)))

    async def work(database: Database, settings: Settings) -> tuple[int, Link | None]:
        async with database.transaction() as connection:
            await require_tenant(connection, tenant)
            return await operators.recreate(connection, key, shown_after=settings.quickbooks_lag)

    generation, link = asked(work)
    if as_json:
        echo_json({**_decided("recreate", key), "generation": generation, "unlinked": link_json(link)})
        return
    former = "" if link is None else f" Its former {link.type} {link.id} of company {link.realm} is forgotten here."
    typer.echo(f"1 record: {key.subject} of tenant {tenant} is made anew in QuickBooks.{former}")


def ignore(
    tenant: Tenant,
    record: Subject,
    *,
    why: Annotated[str | None, typer.Option(help="Your reason, for whoever looks at it next.")] = None,
    as_json: AsJson = False,
) -> None:
    """Leave a record as it is in QuickBooks: it is not looked at until you take it up again.

    For a record that needs a person (failed, refused, unknown, gone_in_quickbooks) where nothing is to be done. What
    had failed or was refused is taken up again by `records replay --id`, and every one by `records recreate`.

    Example: klipsync records ignore acme invoice/17 --why "entered by hand as 1042"
    """
    key, reason = key_of(tenant, record), None if why is None else inputs.reason(why)

    async def work(database: Database, _settings: Settings) -> None:
        async with database.transaction() as connection:
            await require_tenant(connection, tenant)
            await operators.ignore(connection, key, why=reason)

    asked(work)
    if as_json:
        echo_json({**_decided("ignore", key), "why": reason})
        return
    typer.echo(f"1 record: {key.subject} of tenant {tenant} is left as it is in QuickBooks.")


def key_of(tenant: str, subject: str) -> RecordKey:
    """The record's key. Raises typer.BadParameter, which names the kinds there are."""
    kind, slash, id_ = subject.partition("/")
    if not slash or not id_ or kind not in set(Kind):
        raise typer.BadParameter(
            f"{subject!r} names no record: write a kind, a slash and the id, such as invoice/17. "
            f"Kinds are {', '.join(Kind)}.",
            param_hint="KIND/ID",
        )
    return RecordKey(tenant=TenantId(tenant), kind=Kind(kind), id=KlipboardId(id_))


def _check_selection(chosen: Selection, *, everything: bool) -> None:
    if everything and chosen.names_something:
        raise typer.BadParameter(
            "It means every record of every tenant: leave it out, or leave out the other options.",
            param_hint="--all",
        )
    if not everything and not chosen.names_something:
        raise typer.BadParameter(
            "Nothing is chosen: name records with --tenant, --kind or --id, or add --all for every record of every "
            "tenant.",
            param_hint="--all",
        )


async def _peek(database: Database, settings: Settings, key: RecordKey) -> Sheet:
    """The record as it is, before a person is asked. Raises `Refusal` where asking would be in vain."""
    async with database.transaction() as connection:
        await require_tenant(connection, key.tenant)
        found = await sheet(connection, key, durations=settings)
    if found is None:
        raise Refusal(no_record(key=key))
    operators.refuse_recreation(record=found.record)
    return found


def _confirm(found: Sheet) -> None:
    record, name = found.record, f" ({found.standing.name})" if found.standing.name else ""
    typer.echo(f"{record.key.subject}{name} is {record.state}. {record.cause or ''}".strip(), err=True)
    typer.confirm("Have it made again in QuickBooks?", abort=True, err=True)


def _decided(action: str, key: RecordKey) -> dict[str, Any]:
    return {"action": action, "records": 1, "tenant": key.tenant, "kind": key.kind, "id": key.id}


def _replayed(done: Replayed) -> str:
    left = f" Left out: {listing(done.left_out)}. {LEFT_OUT}" if done.left_out else ""
    if not done.records:
        return f"No record was chosen.{left or ' `klipsync records list` shows those there are.'}"
    return f"{counted(done.records, 'record')} of {counted(len(done.tenants), 'tenant')} will be looked at again.{left}"


def _progress(done: int, total: int) -> None:
    """One line for each transaction, on standard error; none where one was enough."""
    if total > BATCH:
        typer.echo(f"{done:,} of {total:,}", err=True)
