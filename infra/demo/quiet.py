"""Whether klipsync has anything left to do. For knowing when to stop waiting, never for judging."""

from dataclasses import dataclass

from sqlalchemy import text

from infra.database.engine import Database

# Small tables in a demo: each count is one scan.
_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM sync_record WHERE revision <> settled_revision) AS due,
           (SELECT count(*) FROM sync_record WHERE state IN ('waiting', 'failed', 'refused', 'unknown')) AS stuck,
           (SELECT count(*) FROM attempt WHERE outcome IS NULL) AS open,
           (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS unsent
    """
)
_STUCK = text(
    """
    SELECT tenant_id, kind, klipboard_id, state, cause FROM sync_record
    WHERE state NOT IN ('synced') OR revision <> settled_revision
    ORDER BY tenant_id, kind, klipboard_id LIMIT 20
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left to do."""

    due: int
    stuck: int
    open: int
    unsent: int

    @property
    def nothing(self) -> bool:
        """No record is due, no answer is awaited, and everything was told."""
        return not (self.due or self.open or self.unsent)


async def left(database: Database) -> Left:
    """Count."""
    async with database.transaction() as connection:
        row = (await connection.execute(_COUNTS)).one()
    return Left(due=row.due, stuck=row.stuck, open=row.open, unsent=row.unsent)


async def hints(database: Database) -> list[str]:
    """What klipsync itself says of the records that are not settled: a hint for a person, after a failure."""
    async with database.transaction() as connection:
        rows = (await connection.execute(_STUCK)).all()
    return [f"{row.tenant_id} {row.kind}/{row.klipboard_id}: {row.state}. {row.cause or ''}".strip() for row in rows]
