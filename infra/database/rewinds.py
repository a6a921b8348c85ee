"""The database went back in time: said once, for every tenant, in the transaction of whoever noticed it."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The earliest moment counts, where several workers notice several things of one restore; what an earlier restore lost
# was found long ago. The feed is read now: all that is new waits.
_MARK: Final = text("""
UPDATE tenant
   SET rewound_at = clock_timestamp(), next_poll_at = clock_timestamp(),
       rewound_to = least(coalesce(CAST(:to AS timestamptz), '-infinity'),
                          CASE WHEN rewound_at > clock_timestamp() - interval '10 minutes' THEN rewound_to END)
""")

# A clash with what was forgotten may have been refused before anybody knew: it is looked at again, and finds its own.
# Locked in the one order in which everybody locks.
_LOOK_AGAIN: Final = text("""
UPDATE sync_record r
   SET revision = r.revision + 1, next_attempt_at = NULL, first_failed_at = NULL, tries = 0
  FROM (SELECT tenant_id, kind, klipboard_id FROM sync_record
         WHERE state IN ('refused', 'failed', 'waiting')
         ORDER BY tenant_id COLLATE "C", kind COLLATE "C", klipboard_id COLLATE "C"
           FOR UPDATE) AS f
 WHERE r.tenant_id = f.tenant_id AND r.kind = f.kind AND r.klipboard_id = f.klipboard_id
""")


async def mark(connection: AsyncConnection, *, to: datetime | None) -> None:
    """No owner creates anything before it has read the feed, and adopts what was made since `to` (None: ever)."""
    await connection.execute(_MARK, {"to": to})
    await connection.execute(_LOOK_AGAIN)
