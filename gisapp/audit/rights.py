"""Who owns the audit's tables and who may do what with them.

They belong to `audit_keeper`, a role without login that has no members: not even the database's owner may change them,
and a trigger stops the keeper too. What an administrator can still do (become the keeper, be superuser, edit the files)
is not prevented but found: by `verify`, through the chain and the roots written outside.
"""

from __future__ import annotations

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from gisapp import roles
from gisapp.db import Database

KEEPER = "audit_keeper"
TABLES = ("audit_entry", "audit_seal", "audit_checkpoint")
WRITTEN = "person_id, login, departments, via, address, what, layer, features, details"
"""What a writer may say. Number, time, transaction and database role are the database's to say."""

_OWN = """
GRANT {keeper} TO CURRENT_USER;
GRANT USAGE, CREATE ON SCHEMA gisapp TO {keeper};
ALTER TABLE gisapp.audit_entry OWNER TO {keeper};
ALTER TABLE gisapp.audit_seal OWNER TO {keeper};
ALTER TABLE gisapp.audit_checkpoint OWNER TO {keeper};
ALTER FUNCTION gisapp.audit_purge OWNER TO {keeper};
ALTER FUNCTION gisapp.audit_stays OWNER TO {keeper};
REVOKE CREATE ON SCHEMA gisapp FROM {keeper};
"""
_GRANT = """
GRANT {keeper} TO CURRENT_USER;
SET LOCAL ROLE {keeper};
REVOKE ALL ON gisapp.audit_entry, gisapp.audit_seal, gisapp.audit_checkpoint FROM {app}, {sealer}, {auditor}, {owner};
GRANT INSERT ({written}) ON gisapp.audit_entry TO {app}, {owner};
GRANT SELECT ON gisapp.audit_entry, gisapp.audit_seal, gisapp.audit_checkpoint TO {sealer}, {auditor}, {owner};
GRANT INSERT (position, entry, hash, horizon) ON gisapp.audit_seal TO {sealer};
GRANT EXECUTE ON FUNCTION gisapp.audit_purge TO {owner};
RESET ROLE;
REVOKE {keeper} FROM CURRENT_USER;
GRANT CONNECT ON DATABASE {database} TO {sealer}, {auditor};
GRANT USAGE ON SCHEMA gisapp TO {sealer}, {auditor};
"""


def protect(connection: Connection, database: Database, sealer_password: str) -> None:
    """Hand the audit's tables to their keeper and give everybody else the little they need. May be repeated.

    `connection` is the owner's. The sealer's password comes from a secret of its own, which the web process never reads.
    """
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    _ensure_role(raw, database.role(KEEPER), sql.SQL("NOLOGIN"))
    for name, password in (
        (roles.SEALER, sealer_password),
        (roles.AUDITOR, database.password(roles.AUDITOR)),
    ):
        _ensure_role(raw, database.role(name), sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password)))
    names = {
        "keeper": sql.Identifier(database.role(KEEPER)),
        "app": sql.Identifier(database.role(roles.APP)),
        "sealer": sql.Identifier(database.role(roles.SEALER)),
        "auditor": sql.Identifier(database.role(roles.AUDITOR)),
        "owner": sql.Identifier(str(database.url("owner").username)),
        "database": sql.Identifier(database.address.database),
        "written": sql.SQL(WRITTEN),
    }
    if not _kept(raw, database.role(KEEPER)):
        raw.execute(sql.SQL(_OWN).format(**names))
    raw.execute(sql.SQL(_GRANT).format(**names))


def _ensure_role(raw: psycopg.Connection, name: str, attributes: sql.Composable) -> None:
    exists = raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    statement = sql.SQL("ALTER ROLE {} {}" if exists else "CREATE ROLE {} {}")
    raw.execute(statement.format(sql.Identifier(name), attributes))


def _kept(raw: psycopg.Connection, keeper: str) -> bool:
    question = (
        "SELECT bool_and(tableowner = %s) FROM pg_tables WHERE schemaname = 'gisapp' AND tablename = ANY(%s)"
    )
    row = raw.execute(question, [keeper, list(TABLES)]).fetchone()
    return bool(row and row[0])
