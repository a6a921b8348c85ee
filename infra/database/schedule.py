"""When a tenant is polled next."""

from datetime import datetime
from typing import Final

from sqlalchemy import text

from consumers.attempts import Lease
from infra.database.books import check_fence
from infra.database.engine import Database

_POLLED: Final = text("""
UPDATE tenant
   SET polled_at = greatest(polled_at, :began),
       next_poll_at = clock_timestamp() + make_interval(secs => :every)
 WHERE id = :tenant
""")


class Schedule:
    """The owner's timer, kept in the database so that the next owner goes on from it."""

    def __init__(self, database: Database, *, every: float) -> None:
        self._database = database
        self._every = every

    async def polled(self, lease: Lease, *, began: datetime) -> None:
        """A clean poll that began then is stored. Raises `FenceLost`."""
        async with self._database.transaction() as connection:
            await check_fence(connection, lease.tenant, lease.fence)
            await connection.execute(_POLLED, {"tenant": lease.tenant, "began": began, "every": self._every})
