"""How a command asks a running sandbox: what stands in the way becomes one sentence and exit code 1."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import aiohttp
import typer

from infra.demo.control import Control, ControlRefused

T = TypeVar("T")
_REFUSED: Final = 400
DEFAULT: Final = "http://127.0.0.1:9130/_sandbox"
Url = Annotated[
    str, typer.Option("--control", envvar="KLIPSYNC_SANDBOX", help="The control address that the sandbox printed.")
]
Company = Annotated[str | None, typer.Option("--realm", help="The company's number; needed where there are several.")]


class NotClear(Exception):  # noqa: N818 - the name says what it is
    """What was written can be read in several ways, or in none. The message says what to write."""


def fetched(url: str, path: str) -> bytes:
    """The bytes of an answer as they came, however long it takes. Leaves as `asked` does."""
    return asked(url, lambda _: _exchanged("GET", f"{url.rstrip('/')}/{path}", None))


def sent(url: str, path: str, content: bytes) -> Any:  # noqa: ANN401 - JSON
    """What came of sending bytes as they are. Leaves as `asked` does."""
    return json.loads(asked(url, lambda _: _exchanged("POST", f"{url.rstrip('/')}/{path}", content)))


def asked(url: str, work: Callable[[Control], Awaitable[T]]) -> T:
    """What `work` found out from the sandbox at `url`. Leaves with a sentence and exit code 1 when it could not."""
    try:
        return asyncio.run(_asked(url, work))
    except (ControlRefused, NotClear) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        typer.echo(f"No sandbox answers at {url}: start one with `klipsync sandbox`, or say --control.", err=True)
        raise typer.Exit(1) from error


async def company(control: Control, realm: str | None) -> str:
    """The realm that is meant: the one named, or the only one there is. Raises NotClear."""
    if realm is not None:
        return realm
    found: list[dict[str, Any]] = (await control.ask("GET", "companies"))["companies"]
    if len(found) == 1:
        return str(found[0]["realm"])
    known = ", ".join(f"{one['realm']} ({one['name']})" for one in found)
    raise NotClear(f"Say which company with --realm: {known}." if found else "The sandbox has no company yet.")


def pairs(written: list[str], *, example: str) -> dict[str, str]:
    """`name=value` words as a mapping. Raises NotClear."""
    found = dict(word.partition("=")[::2] for word in written)
    if any("=" not in word for word in written) or not all(found):
        raise NotClear(f"Write name=value, such as {example}.")
    return found


def valued(written: list[str], *, example: str) -> dict[str, Any]:
    """The same, with values that are JSON read as such: numbers, true, false. Raises NotClear."""
    return {name: _value(text) for name, text in pairs(written, example=example).items()}


def moment(text: str) -> datetime:
    """A time as it is written in ISO 8601, UTC where it has no offset. Raises NotClear."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotClear(f"{text} is no time: write it as 2026-03-02T09:00:00Z.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def _exchanged(method: str, url: str, content: bytes | None) -> bytes:
    patient = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=patient) as session, session.request(method, url, data=content) as answer:
        found = await answer.read()
        if answer.status >= _REFUSED:
            raise ControlRefused(f"{method} {url}: {answer.status} {found.decode(errors='replace')[:500]}")
        return found


def _value(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


async def _asked(url: str, work: Callable[[Control], Awaitable[T]]) -> T:
    async with Control(url.rstrip("/")) as control:
        return await work(control)
