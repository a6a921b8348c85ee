"""Fresh databases on a server that is already there: one for each test that asks, gone afterwards."""

import asyncio
import secrets
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


@contextmanager
def fresh_database(admin_url: str) -> Iterator[str]:
    """A new, empty database on the server of `admin_url` (a SQLAlchemy asyncpg URL); yields the URL of the database."""
    name = f"klipsync_test_{secrets.token_hex(6)}"
    _apart(execute(admin_url, f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(admin_url).set(database=name).render_as_string(hide_password=False)
    finally:
        # Forced: a worker killed by its test may have left connections that the server has not missed yet.
        _apart(execute(admin_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _apart(work: Coroutine[None, None, None]) -> None:
    """Run to the end in a loop and a thread of its own: sync and async tests may both ask for a database."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()


async def execute(url: str, statement: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
