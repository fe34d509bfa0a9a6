"""Alembic's entry: runs in process, on the connection (and in the transaction) that db.store.migration hands over."""

from __future__ import annotations

from alembic import context

from db.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
