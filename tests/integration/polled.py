"""A line that was polled, and what a test of the poller wants to know of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import text

from schemas.returns import PaymentReconciled, PaymentReversed
from tests.integration.line import Line, line
from tests.integration.watched import Body, Window

RECONCILED, REVERSED = "PaymentReconciled", "PaymentReversed"
Money = PaymentReconciled | PaymentReversed


@asynccontextmanager
async def polled_line(database_url: str, window: Window) -> AsyncIterator[Line]:
    """Client c1 and invoices i1 and i2 over 80.00 each are in QuickBooks, and the change feed has shown them."""
    async with line(database_url, wrap=window) as here:
        await here.client()
        await here.invoice("i1")
        await here.invoice("i2")
        await here.turns()
        await here.poll()
        window.watched.asked.clear()
        yield here


async def cursor(here: Line) -> datetime:
    """How far the feed was read."""
    found: datetime = (await here.rows("SELECT changed_since FROM cursor"))[0][0]
    return found


async def set_back(here: Line, **by: float) -> datetime:
    """The cursor stands as after so long without a poll (timedelta's words)."""
    statement = "UPDATE cursor SET changed_since = changed_since - CAST(:by AS interval) RETURNING changed_since"
    found: datetime = (await here.rows(statement, by=timedelta(**by)))[0][0]
    return found


async def told(here: Line) -> list[Money]:
    """What was told of money, in its order."""
    facts = [event.fact for event in await here.told(RECONCILED, REVERSED)]
    return [fact for fact in facts if isinstance(fact, Money)]


async def said(here: Line) -> list[tuple[str, str, str]]:
    """Type, invoice and its balance of what was told of money."""
    return [(type(fact).__name__, fact.invoice_id, str(fact.invoice_balance)) for fact in await told(here)]


async def only(here: Line, type_: str) -> list[str]:
    """Ids of what is kept as only in QuickBooks."""
    found = await here.rows("SELECT quickbooks_id FROM quickbooks_only WHERE type = :type", type=type_)
    return [id_ for (id_,) in found]


async def execute(here: Line, statement: str) -> None:
    """A statement that returns no rows."""
    async with here.database.transaction() as connection:
        await connection.execute(text(statement))


def without(body: Body, *types: str) -> Body:
    """An answer of the change feed without rows of these types."""
    for block in body["CDCResponse"][0]["QueryResponse"]:
        for type_ in types:
            block.pop(type_, None)
    return body
