"""The commands that look into a running sandbox, break it, and move its clock: one call of its control API each."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from infra.cli.sandbox_asking import DEFAULT, Company, NotClear, Url, asked, company, fetched, pairs, sent, valued
from infra.cli.sandbox_told import tell_books, tell_facts, tell_requests, tell_rows
from infra.cli.tables import AsJson
from infra.demo.control import Control
from infra.sandbox.quickbooks.switch_table import read_words

Answer = Any  # JSON
_LOOK: Final = 0.5  # seconds between two looks at a journal that is followed
_FAULTS: Final = ("id", "kind", "method", "entity", "rate", "count", "broken")


def companies(*, url: Url = DEFAULT, as_json: AsJson = False) -> None:
    """List the companies."""
    found = asked(url, lambda control: control.ask("GET", "companies"))["companies"]
    tell_rows(found, ("realm", "name", "time_zone"), as_json=as_json)


def open_company(
    seed: Annotated[str, typer.Argument(metavar="NAME|FILE.yaml", help="A built-in company, or a file of your own.")],
    *,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Open another company. The answer has its realm and its tokens.

    A file is read here, and sent.

    Example: klipsync sandbox open uk-vat
    """
    body = {"company": _text(Path(seed)) if seed.endswith((".yaml", ".yml")) else seed}
    tell_facts(asked(url, lambda control: control.ask("POST", "companies", body)), as_json=as_json)


def journal(
    *,
    after: Annotated[int, typer.Option(help="Only what came after this number.", min=0)] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Forget all requests.")] = False,
    realm: Company = None,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show every request that the sandbox got, with its intuit_tid and what came of it.

    With --json one request a line, its body too.
    """

    async def work(control: Control) -> None:
        if clear:
            await control.ask("DELETE", "journal")
            return
        last, headed = after, True
        while True:
            found = [one for one in await control.journal(after=last) if realm in (None, one["realm"])]
            tell_requests(found, headed=headed, as_json=as_json)
            last, headed = max([last, *(one["n"] for one in found)]), False
            if not follow:
                return
            await asyncio.sleep(_LOOK)

    try:
        asked(url, work)
    except KeyboardInterrupt:
        return


def faults(
    kind: Annotated[str | None, typer.Argument(help="Add a rule of this kind; without it, list the rules.")] = None,
    condition: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="What it matches and does.")
    ] = None,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Take all rules away.")] = False,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List, add or clear the rules by which calls are broken. docs/sandbox.md lists kinds and conditions.

    Example: klipsync sandbox faults lose_answer method=POST entity=invoice count=1
    """

    async def work(control: Control) -> Answer:
        if clear:
            await control.ask("DELETE", "faults")
        if kind is not None:
            wanted = valued(condition or [], example="entity=invoice")
            await control.ask("POST", "faults", {"kind": kind, **wanted})
        return (await control.ask("GET", "faults"))["faults"]

    tell_rows(asked(url, work), _FAULTS, as_json=as_json)


def clock(
    change: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE", help="How to move it.")] = None,
    *,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show the sandbox's clock, move it forward (advance_seconds, set) or change its speed (0 stands still).

    Example: klipsync sandbox clock advance_seconds=86400 speed=60
    """

    async def work(control: Control) -> Answer:
        wanted = valued(change or [], example="advance_seconds=60")
        return await (control.ask("POST", "clock", wanted) if wanted else control.ask("GET", "clock"))

    tell_facts(asked(url, work), as_json=as_json)


def switches(
    change: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE", help="What to set.")] = None,
    *,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show the switches, or set some of them.

    Example: klipsync sandbox switches request_ids=none limits=off
    """

    async def work(control: Control) -> Answer:
        wanted = read_words(pairs(change or [], example="limits=off"))
        return await (control.ask("POST", "switches", wanted) if wanted else control.ask("GET", "switches"))

    tell_facts(asked(url, work), as_json=as_json)


def pay(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    amount: Annotated[str, typer.Argument(help="What was paid, such as 100.00.")],
    invoice: Annotated[list[str] | None, typer.Argument(metavar="ID=AMOUNT", help="What it pays; repeatable.")] = None,
    *,
    method: Annotated[str | None, typer.Option(help="A payment method's name, such as Check.")] = None,
    reference: Annotated[str | None, typer.Option(help="The check's number.")] = None,
    date: Annotated[str | None, typer.Option(help="When; the company's today unless told.")] = None,
    realm: Company = None,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Record a payment, as a bookkeeper does in QuickBooks.

    Example: klipsync sandbox pay 1 100.00 266=60 267=40 --method Check
    """
    paid = {"method": method, "reference": reference, "date": date}

    async def work(control: Control) -> Answer:
        lines = [{"invoice": one, "amount": part} for one, part in pairs(invoice or [], example="266=60").items()]
        body = {"customer": customer, "amount": amount, "lines": lines, **{k: v for k, v in paid.items() if v}}
        return await control.ask("POST", f"{await company(control, realm)}/payments", body)

    tell_facts(asked(url, work), as_json=as_json)


def act(
    what: Annotated[str, typer.Argument(metavar="create|edit|void|delete")],
    entity: Annotated[str, typer.Argument(help="Such as Invoice.")],
    record: Annotated[str | None, typer.Argument(metavar="ID", help="Which one; not for create.")] = None,
    *,
    fields: Annotated[str, typer.Option(help="Its fields as a JSON object, for create and edit.")] = "{}",
    realm: Company = None,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Make, edit, void or delete a record, as a bookkeeper does in QuickBooks.

    Example: klipsync sandbox act edit Invoice 266 --fields '{"PrivateNote": "seen by Jo"}'
    """

    async def work(control: Control) -> Answer:
        if what not in ("create", "edit", "void", "delete"):
            raise NotClear("Say create, edit, void or delete.")
        body = {"entity": entity, "id": record, "fields": _object(fields)}
        return await control.ask("POST", f"{await company(control, realm)}/{what}", body)

    tell_facts(asked(url, work), as_json=as_json)


def books(
    *,
    objects: Annotated[bool, typer.Option("--objects", help="Every object instead, as JSON.")] = False,
    realm: Company = None,
    url: Url = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show a company's books: trial balance, receivables by age, payables."""

    async def work(control: Control) -> Answer:
        found = await company(control, realm)
        return await control.ask("GET", f"{found}/books" if objects else f"{found}/books/summary")

    tell_books(asked(url, work), as_json=as_json or objects)


def snapshot(
    file: Annotated[Path, typer.Argument(help="Where to keep it, as JSON.", dir_okay=False)],
    *,
    realm: Annotated[str | None, typer.Option(help="Only this company; all of the sandbox unless told.")] = None,
    url: Url = DEFAULT,
) -> None:
    """Keep the sandbox as it is in a file: companies, tokens, request ids, apps, switches and the time."""
    kept = fetched(url, "snapshot" if realm is None else f"{realm}/snapshot")
    file.write_bytes(kept)
    typer.echo(f"{file} holds it, {len(kept):,} bytes. `klipsync sandbox restore {file}` puts it back.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `snapshot` kept.", exists=True, dir_okay=False, readable=True)],
    *,
    url: Url = DEFAULT,
) -> None:
    """Put back what a file holds, here or in another sandbox: ids and tokens are as they were then.

    A snapshot of the whole sandbox replaces everything; one of a company replaces that company.
    """
    told = sent(url, "restore", file.read_bytes())
    typer.echo(f"Restored: {', '.join(told['companies'])}.")


_COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "companies": companies,
    "open": open_company,
    "journal": journal,
    "faults": faults,
    "clock": clock,
    "switches": switches,
    "books": books,
    "pay": pay,
    "act": act,
    "snapshot": snapshot,
    "restore": restore,
}


def add_to(app: typer.Typer) -> None:
    """All of them."""
    for name, command in _COMMANDS.items():
        app.command(name)(command)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NotClear(f"This is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise NotClear("Write one JSON object, such as {}.")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from error
