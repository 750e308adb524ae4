"""`layers sync`: plan what the database lacks to fit the layer folders, and do it in one transaction.

Order: renames, views, copies of open rows and indexes that stand in the way, tables, indexes of chosen rows, copies, pieces of long
outlines, views, triggers that note changes, generalised tables, search tables, history, roles, rights.
"""

from __future__ import annotations

import re
import time

import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from gisapp import errors, roles
from gisapp.catalogue import generalised as generalised_tables
from gisapp.catalogue import history as history_tables
from gisapp.catalogue import pieces as piece_tables
from gisapp.catalogue import rows as row_copies
from gisapp.catalogue import search as search_tables
from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.load import Catalogue
from gisapp.db import LOCK_FOR_SYNC, Database
from gisapp.installation import Installation
from gisapp.schema import (
    changes,
    chosen,
    generalised,
    history,
    open_rows,
    pieces,
    rights,
    search,
    tables,
    views,
)
from gisapp.schema.step import Step, perform, quote, statement

LOCK_TIMEOUT = "3s"
TRIES = 5
DERIVED = (
    generalised_tables.SCHEMA,
    search_tables.SCHEMA,
    history_tables.SCHEMA,
    row_copies.SCHEMA,
    piece_tables.SCHEMA,
)


def sync(installation: Installation, *, dry_run: bool = False, allow_drop: bool = False) -> list[str]:
    """Make the database fit the layer folders; returns what was (or with `dry_run` would be) done, a line each.

    Raises errors.SyncRefused when data would be lost and `allow_drop` is not given, errors.SyncStopped where rows that there are do
    not fit; nothing is changed then.
    """
    for tried in range(1, TRIES + 1):
        try:
            with installation.database.transaction("owner") as connection:
                return _sync(connection, installation, dry_run, allow_drop)
        except errors.DatabaseAway as error:
            busy = isinstance(error.__cause__, OperationalError) and isinstance(
                error.__cause__.orig, psycopg.errors.LockNotAvailable
            )
            if not busy or tried == TRIES:
                raise
            time.sleep(
                tried
            )  # a long reader holds a table: let it finish rather than make all others queue behind us
    raise AssertionError("unreachable")


def _sync(connection: Connection, installation: Installation, dry_run: bool, allow_drop: bool) -> list[str]:
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK_FOR_SYNC,))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    catalogue, database, srid = installation.catalogue, installation.database, installation.city.srid
    said: list[str] = []

    def do(steps: list[Step]) -> None:
        losses = [step.loses for step in steps if step.loses]
        if losses and not allow_drop:
            raise errors.SyncRefused(losses=", ".join(losses))
        for step in steps:
            said.append(step.says)
            perform(step, connection)

    with connection.begin_nested() as savepoint:
        renamed = tables.table_steps(connection, catalogue, srid)
        if any(step.says.startswith("rename") for step in renamed):
            do(renamed)
        steps = tables.table_steps(connection, catalogue, srid)
        stale = open_rows.stale_copies(connection, catalogue, srid)
        cut = pieces.stale_pieces(connection, catalogue, _changing(steps))
        reruled = {layer.id for layer in catalogue.layers.values() if table_name(layer) in stale}
        do(views.drop_steps(connection, catalogue, _changing(steps) | reruled))
        do(open_rows.drop_steps(connection, stale))
        do(chosen.drop_steps(connection, catalogue, _changing(steps)))
        do(pieces.drop_steps(connection, cut))
        do(steps)
        for forgotten in tables.forgotten_tables(connection, catalogue) if allow_drop else []:
            schema, name = forgotten.split(".")
            full = f"{quote(schema)}.{quote(name)}"
            do([statement(f"drop table {forgotten}", f"DROP TABLE {full}", loses=forgotten)])
        do(chosen.create_steps(connection, catalogue))
        do(open_rows.create_steps(connection, catalogue, stale, srid))
        do(pieces.create_steps(connection, catalogue, cut))
        do(views.create_steps(connection, catalogue, set()))
        do(changes.change_steps(connection, catalogue, _changing([*renamed, *steps]) | reruled))
        do(generalised.generalised_steps(connection, catalogue))
        do(search.search_steps(connection, catalogue))
        do(history.history_steps(connection, catalogue))
        want = rights.wanted(catalogue, audiences(connection, catalogue))
        schemas = [*sorted(catalogue.departments), *DERIVED]
        do(rights.role_steps(database, want, rights.actual(connection, database, want, schemas)))
        do(rights.grant_steps(database, want, rights.actual(connection, database, want, schemas)))
        _refresh_logins(connection, database, want)
        if dry_run:
            savepoint.rollback()
    return said


def _changing(steps: list[Step]) -> set[str]:
    """Ids of the layers whose tables the steps alter (creating one or adding to it disturbs no view)."""
    found = (
        re.match(r"(?:drop column|change column|change geometry of) (\w+\.\w+)", step.says) for step in steps
    )
    return {match[1] for match in found if match}


def audiences(connection: Connection, catalogue: Catalogue) -> set[frozenset[str]]:
    """The sets of departments that people speak for today; a department that is there no more counts for nothing."""
    rows = connection.exec_driver_sql(
        "SELECT array_agg(department) FROM gisapp.membership GROUP BY person_id"
    )
    return {frozenset(row[0]) & set(catalogue.departments) for row in rows}


def ensure_audiences(installation: Installation, connection: Connection) -> None:
    """Give every audience of today its login and its rights: after somebody was given a post. Needs the owner's connection.

    Waits for a `layers sync` that is under way. Rights on views that are not there yet come with the next one.
    """
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK_FOR_SYNC,))
    schemas = sorted(installation.catalogue.departments)
    want = rights.wanted(installation.catalogue, audiences(connection, installation.catalogue))
    have = rights.actual(connection, installation.database, want, [*schemas, row_copies.SCHEMA], unheld=False)
    for step in rights.role_steps(installation.database, want, have):
        step.run(connection)
    there = {f"{schema}.{view}" for schema, view in views.existing_views(connection, schemas)}
    own = rights.of_logins(want, there)
    for step in rights.grant_steps(installation.database, own, rights.common(own, have)):
        step.run(connection)
    _refresh_logins(connection, installation.database, want)


def _refresh_logins(connection: Connection, database: Database, want: rights.Rights) -> None:
    """Passwords follow the secret file, only our roles may connect, and who changes layers may number the changes."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    for login in sorted(want.logins):
        role = sql.Identifier(database.role(login))
        raw.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(database.password(login))))
        raw.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(database.address.database), role
            )
        )
        if login.startswith(roles.PUBLISHER):
            raw.execute(sql.SQL(_NUMBER_CHANGES).format(role=role))


_NUMBER_CHANGES = """
GRANT USAGE ON SCHEMA gisapp TO {role};
GRANT SELECT (id), INSERT (layer, who, what, kept) ON gisapp.revision TO {role}
"""
