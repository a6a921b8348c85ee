"""The database: one engine, and transactions that roll back unless they end well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schemas import exact


class Database:
    """PostgreSQL behind SQLAlchemy and asyncpg. JSONB goes in and comes out with exact decimals."""

    def __init__(self, url: str, *, connections: int = 20) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=connections,
            pool_pre_ping=True,
            json_serializer=exact.dumps,
            json_deserializer=exact.loads,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()
