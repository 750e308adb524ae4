"""Time limits from outside: a role may change its own `statement_timeout`, so somebody else ends what takes too long.

A function of `time_keeper`, which has no login, ends the statements of this database's audiences, publishers and `app`; only the
sealer's process may call it. So no login of ours may signal other sessions or read what they ask (members of pg_signal_backend
and pg_read_all_stats may, in the whole cluster), and those whose statements are ended cannot reach who ends them.
"""

from __future__ import annotations

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from gisapp import roles
from gisapp.db import Database

KEEPER = "time_keeper"

_FUNCTION = """
GRANT {keeper} TO CURRENT_USER;
GRANT USAGE, CREATE ON SCHEMA gisapp TO {keeper};
CREATE OR REPLACE FUNCTION gisapp.end_overlong(seconds double precision) RETURNS TABLE (login name, ended boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH late AS MATERIALIZED (
        SELECT pid, usename, state,
            extract(epoch FROM clock_timestamp() - CASE state WHEN 'active' THEN query_start ELSE state_change END) AS age
        FROM pg_stat_activity
        WHERE datname = current_database() AND state IN ('active', 'idle in transaction', 'idle in transaction (aborted)')
          AND (starts_with(usename, datname || '_aud_') OR starts_with(usename, datname || '_publisher_')
               OR usename = datname || '_app')
    ), judged AS MATERIALIZED (
        -- A statement can catch that it is cancelled and go on; a transaction in which nothing happens has nothing to cancel.
        SELECT *, state <> 'active' OR age > seconds * 1.2 + 1 AS whole FROM late WHERE age > greatest(seconds, 1)
    )
    SELECT usename, whole FROM judged
    WHERE CASE WHEN whole THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END
$$;
ALTER FUNCTION gisapp.end_overlong OWNER TO {keeper};
SET LOCAL ROLE {keeper};
REVOKE ALL ON FUNCTION gisapp.end_overlong FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gisapp.end_overlong TO {sealer};
RESET ROLE;
REVOKE CREATE ON SCHEMA gisapp FROM {keeper};
REVOKE {keeper} FROM CURRENT_USER;
"""


def keep_time_limits(connection: Connection, database: Database) -> None:
    """Make the function and who it belongs to. `connection` is the owner's; the sealer's role is there. May be repeated.

    Where the owner may not hand on what the function needs (PostgreSQL 16 and later), a superuser has to, once; until then the
    sealer's process says so (docs/operating.md).
    """
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    keeper = sql.Identifier(database.role(KEEPER))
    if not raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [database.role(KEEPER)]).fetchone():
        raw.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(keeper))
    try:
        with raw.transaction():
            raw.execute(sql.SQL("GRANT pg_signal_backend, pg_read_all_stats TO {}").format(keeper))
    except psycopg.errors.InsufficientPrivilege:
        pass  # said above
    sealer = sql.Identifier(database.role(roles.SEALER))
    raw.execute(sql.SQL(_FUNCTION).format(keeper=keeper, sealer=sealer))
