"""Bring a database to the newest schema; many processes may try at once, one does it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from infra.database.engine import Database, unlimited

_ONE_AT_A_TIME = 0x6B6C6970  # "klip"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


async def migrate(database: Database) -> None:
    """Apply every migration that is missing. Safe to call from each process at its start."""
    async with database.transaction() as connection:
        await unlimited(connection)
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        await connection.run_sync(_upgrade)


def _draft(connection: Connection, message: str) -> None:
    command.revision(_config(connection), message=message, autogenerate=True)


async def draft(database: Database, message: str) -> None:
    """Write a new migration from the difference between tables.py and the (migrated) database: for developers."""
    async with database.transaction() as connection:
        await connection.run_sync(_draft, message)
