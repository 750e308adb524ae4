"""From an empty server to a database that the layers can be put in: database, extensions, platform tables, platform roles.

Every step can be repeated; on a finished database they change nothing.
"""

from __future__ import annotations

from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection

from gisapp import errors, roles
from gisapp.audit.rights import protect
from gisapp.cluster import PORT, SUPERUSER, Cluster
from gisapp.db import Address, Database
from gisapp.schema.overlong import keep_time_limits
from gisapp.settings import ROOT

EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
LARGE_OBJECTS = "lo_creat lo_create lo_from_bytea lo_import lo_put lo_export lowrite lo_open lo_unlink"
LOCK_FOR_PREPARING = 0x6715A991  # an advisory lock, so that two starts at once do not both migrate


def create_database(cluster: Cluster, database: str, owner: str, owner_password: str) -> Address:
    """Create the city's database and its owner in the embedded cluster, where they are not there yet."""
    address = Address(str(cluster.socket), PORT, database)
    superuser: dict[str, Any] = {
        "host": str(cluster.socket),
        "port": PORT,
        "user": SUPERUSER,
        "password": cluster.password,
    }
    with psycopg.connect(**superuser, dbname="postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_FOR_PREPARING])
        _ensure_login(connection, owner, owner_password, "CREATEROLE")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            command_ = sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(database), sql.Identifier(owner)
            )
            connection.execute(command_)
    with psycopg.connect(**superuser, dbname=database) as connection:
        _extend(connection)
        for function in LARGE_OBJECTS.split():
            _revoke_function(connection, function)
    return address


def _revoke_function(connection: psycopg.Connection, name: str) -> None:
    """Take a built-in function from everybody, in all its forms (large objects are no audience's business)."""
    forms = connection.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE proname = %s AND pronamespace = 'pg_catalog'::regnamespace",
        [name],
    ).fetchall()
    for (form,) in forms:
        connection.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(sql.SQL(form)))


def _extend(connection: psycopg.Connection) -> None:
    have = {name for (name,) in connection.execute("SELECT extname FROM pg_extension").fetchall()}
    for name in EXTENSIONS:
        if name in have:
            continue
        try:
            connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise errors.ExtensionMissing(extension=name) from error


def _ensure_login(connection: psycopg.Connection, role: str, password: str, more: str = "") -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
            sql.SQL(verb), sql.Identifier(role), sql.SQL(more), sql.Literal(password)
        )
    )


def migrate(database: Database, sealer_password: str, *, embedded: bool) -> list[str]:
    """Bring the platform's own tables and roles up to date; returns the migrations that ran.

    Raises errors.ExtensionMissing where PostGIS is not in the database and may not be created.
    """
    if not embedded:
        with psycopg.connect(
            database.url("owner").set(drivername="postgresql").render_as_string(False)
        ) as raw:
            _extend(raw)
    with database.transaction("owner") as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK_FOR_PREPARING,))
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS gisapp")
        before = current_migration(connection)
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
        command.upgrade(config, "head")
        _platform_roles(connection, database)
        protect(connection, database, sealer_password)
        keep_time_limits(connection, database)
        scripts = ScriptDirectory.from_config(config)
        return [step.revision for step in scripts.iterate_revisions("head", before or "base")][::-1]


def current_migration(connection: Connection) -> str | None:
    """The newest migration that this database has had."""
    return MigrationContext.configure(
        connection, opts={"version_table": "migration", "version_table_schema": "gisapp"}
    ).get_current_revision()


def _platform_roles(connection: Connection, database: Database) -> None:
    """`app` reads people, asks for changes of them, and puts jobs into the queue; it sees no layer and changes no right.

    Nobody may connect who was not told so.
    """
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    app, name = sql.Identifier(database.role(roles.APP)), sql.Identifier(database.address.database)
    _ensure_login(raw, database.role(roles.APP), database.password(roles.APP))
    grants = """
        REVOKE ALL ON DATABASE {name} FROM PUBLIC;
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT CONNECT ON DATABASE {name} TO {app};
        GRANT USAGE ON SCHEMA gisapp, jobs TO {app};
        GRANT SELECT, INSERT, UPDATE ON gisapp.upload TO {app};
        GRANT SELECT ON gisapp.person, gisapp.membership, gisapp.token, gisapp.revision, gisapp.migration TO {app};
        GRANT SELECT ON gisapp.one_time_link TO {app};
        GRANT SELECT ON gisapp.tile_change, gisapp.tile_state TO {app};
        GRANT UPDATE (failures, locked_until) ON gisapp.person TO {app};
        GRANT INSERT (id, kind, asker_id, person_id, detail, secret, signature) ON gisapp.right_change TO {app};
        GRANT SELECT (id, at, kind, asker_id, person_id, detail, state, why_ja, why_en, done_at)
            ON gisapp.right_change TO {app};
        GRANT UPDATE (last_used_at) ON gisapp.token TO {app};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO {app};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO {app};
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO {app};
    """
    raw.execute(sql.SQL(grants).format(app=app, name=name))
