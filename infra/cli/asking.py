"""How a command asks the database: whatever stands in the way becomes one sentence and exit code 1."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from difflib import get_close_matches
from typing import Final, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from infra import bootstrap
from infra.bootstrap import NotConfigured
from infra.database import tenancies
from infra.database.engine import Database
from infra.database.operators import Refusal
from infra.quickbooks.errors import QuickBooksError
from infra.settings import Settings
from schemas.kinds import TenantId

T = TypeVar("T")

_DRIVER: Final = "postgresql+asyncpg"
_FORM: Final = f"write {_DRIVER}://user@host/name"

# PostgreSQL's codes (appendix A of its manual) whose own words would not help.
_CODES: Final = {
    "42P01": "The database has no tables of klipsync yet. `klipsync worker` makes them when it starts.",
    "42703": "The tables are of an older klipsync. `klipsync worker` of this version brings them up to date.",
}
_TENANTS_NAMED: Final = 10


def asked(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """What `work` found or did. Leaves with a sentence on standard error and exit code 1 when it could not."""
    try:
        settings = settings_of_environment()
        return asyncio.run(_asked(settings, work))
    except (Refusal, NotConfigured, QuickBooksError, SQLAlchemyError, OSError) as error:
        typer.echo(sentence(error), err=True)
        raise typer.Exit(1) from error


def settings_of_environment() -> Settings:
    """The settings. Raises `NotConfigured` where one of them, or the address of the database, is wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise NotConfigured(" ".join(_wrong_settings(error))) from None  # its text would show the values, secrets too
    if settings.database is not None:
        _check_address(settings.database.get_secret_value())
    return settings


async def require_tenant(connection: AsyncConnection, tenant: str) -> TenantId:
    """The tenant, if there is one of that name. Raises `Refusal`, which names those there are."""
    known = await tenancies.names(connection)
    if tenant in known:
        return TenantId(tenant)
    raise Refusal(f"There is no tenant {tenant}. {_known(known, tenant)}")


def sentence(error: Exception) -> str:
    """What a person reads: never a statement's parameters, which may be secrets."""
    if isinstance(error, DBAPIError):
        code = str(getattr(error.orig, "sqlstate", None) or "")
        said = str(error.orig).strip().partition("\n")[0].rstrip(".")
        return _CODES.get(code, f"The database does not answer as it should: {said}. Check KLIPSYNC_DATABASE.")
    if isinstance(error, OSError):
        why = error.strerror or str(error) or type(error).__name__
        return f"The database cannot be reached: {why}. Check KLIPSYNC_DATABASE, and that PostgreSQL runs there."
    return str(error)


async def _asked(settings: Settings, work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    database = bootstrap.database_of(settings)
    try:
        return await work(database, settings)
    finally:
        await database.close()


def _check_address(address: str) -> None:
    try:
        driver = make_url(address).drivername
    except (ArgumentError, ValueError):
        raise NotConfigured(f"KLIPSYNC_DATABASE is no address of a database: {_FORM}.") from None
    if driver != _DRIVER:
        raise NotConfigured(f"KLIPSYNC_DATABASE begins with {driver}://: {_FORM}.")


def _wrong_settings(error: ValidationError) -> Sequence[str]:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return [f"{_variable(problem['loc'])}{problem['msg'].rstrip('.')}." for problem in problems]


def _variable(place: Sequence[int | str]) -> str:
    """The environment variable that a problem is about; nothing where it is about several."""
    return "".join(f"KLIPSYNC_{str(name).upper().removeprefix('KLIPSYNC_')}: " for name in place[:1])


def _known(names: Sequence[TenantId], wanted: str) -> str:
    if not names:
        return "There are none yet: `klipsync tenants add` makes one, and so does a tenant's first event."
    close = get_close_matches(wanted, names, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    more = f" and {len(names) - _TENANTS_NAMED:,} more" if len(names) > _TENANTS_NAMED else ""
    return f"{meant}Known are {', '.join(names[:_TENANTS_NAMED])}{more}."
