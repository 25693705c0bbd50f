"""What Alembic runs: the scripts, in the transaction that `migration.migrate` has begun."""

from alembic import context

from monitor.store.tables import Stored

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Stored.metadata,
    transactional_ddl=True,  # on SQLite too: the driver does not commit behind our back
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
