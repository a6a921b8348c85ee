"""The database: one engine, and transactions that roll back unless they end well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schemas import exact

CONNECT_SECONDS: Final = 10.0
"""A database that does not let us in by then is out of reach; whoever asks tries again."""
IDLE_LIMIT: Final = 10.0
"""Seconds after which the server ends a transaction in which nothing happens: a worker that was suspended, or whose
machine is cut off, must not hold locks that everybody else waits for."""
WHOLE_LIMIT: Final = 12
"""Times the idle limit after which it ends any transaction: one that stopped between preparing a statement and
executing it does not count as idle. Longer than Intuit may take to answer twice. PostgreSQL knows it from 17 on."""

_LIMIT_WHOLE: Final = """
SELECT set_config('transaction_timeout', $1, $2) WHERE current_setting('server_version_num')::int >= 170000
"""


class Database:
    """PostgreSQL behind SQLAlchemy and asyncpg. JSONB goes in and comes out with exact decimals."""

    def __init__(self, url: str, *, connections: int = 20, idle_limit: float = IDLE_LIMIT) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=connections,
            pool_pre_ping=True,
            hide_parameters=True,  # customers' names, which an error would carry into the log
            connect_args={
                "timeout": CONNECT_SECONDS,
                "server_settings": {"idle_in_transaction_session_timeout": str(int(idle_limit * 1000))},
            },
            json_serializer=exact.dumps,
            json_deserializer=exact.loads,
        )
        limit = str(int(WHOLE_LIMIT * idle_limit * 1000))

        def limited(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
            connection.run_async(lambda driver: driver.execute(_LIMIT_WHOLE, limit, False))

        event.listen(self.engine.sync_engine, "connect", limited)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


async def unlimited(connection: AsyncConnection) -> None:
    """This transaction may take as long as it takes: a migration of large tables."""
    await connection.execute(
        text(_LIMIT_WHOLE.replace("$1", ":limit").replace("$2", ":local")), {"limit": "0", "local": True}
    )
