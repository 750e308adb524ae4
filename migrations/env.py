"""How Alembic runs here: `gisapp db migrate` hands it an open connection of the owner."""

from alembic import context

from gisapp.models import PLATFORM

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=PLATFORM,
    version_table="migration",
    version_table_schema="gisapp",
    include_schemas=True,
    include_name=lambda name, kind, parents: kind != "schema" or name == "gisapp",
)
with context.begin_transaction():
    context.run_migrations()
