"""Alembic's entry: migrates over the connection that `infra.database.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from infra.database import tables  # noqa: F401 - fills SQLModel.metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
with context.begin_transaction():
    context.run_migrations()
