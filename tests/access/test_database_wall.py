"""The database is the last wall: hostile SQL over an audience's own connection gets nothing and changes nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gisapp import errors, roles
from gisapp.catalogue.layer import view_for
from gisapp.catalogue.rows import common_source, relation
from gisapp.installation import Installation

AUDIENCES = [frozenset[str](), frozenset({"roads"}), frozenset({"tax"}), frozenset({"tax", "roads"})]

HOSTILE = [
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "SELECT password_hash FROM gisapp.person",
    "SELECT * FROM gisapp.token",
    "SELECT args FROM jobs.procrastinate_jobs",
    "SELECT rolpassword FROM pg_authid",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY tax.parcel TO '/tmp/stolen.csv'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(0)",
    "CREATE TABLE public.mine (x int)",
    "CREATE TEMP TABLE mine (x int)",
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW tax.mine AS SELECT * FROM tax.parcel",
    "INSERT INTO roads.street (geom) SELECT NULL",
    "UPDATE tax.parcel SET revision = 9",
    "DELETE FROM base.building",
    "TRUNCATE base.building",
    "DROP TABLE base.building",
    "ALTER TABLE base.building ADD COLUMN x int",
    "GRANT SELECT ON tax.parcel TO PUBLIC",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SELECT dblink('x', 'y')",
]


@pytest.mark.parametrize("departments", AUDIENCES, ids=lambda d: "+".join(sorted(d)) or "public")
@pytest.mark.parametrize("question", HOSTILE)
def test_hostile_sql_is_refused(
    installation: Installation, staff: dict[str, str], departments: frozenset[str], question: str
) -> None:
    database = installation.database
    sql = question.format(owner='"' + str(database.url("owner").username) + '"')
    refused = pytest.raises((sa.exc.ProgrammingError, sa.exc.DBAPIError, errors.GisappError))
    with refused, database.transaction(roles.audience(departments)) as connection:
        connection.exec_driver_sql(sql)


def test_reset_role_leads_nowhere(installation: Installation) -> None:
    with installation.database.transaction(roles.PUBLIC_AUDIENCE) as connection:
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql("RESET SESSION AUTHORIZATION")
        role = installation.database.role(roles.PUBLIC_AUDIENCE)
        assert connection.scalar(sa.text("SELECT current_user")) == role
        member_of = "SELECT count(*) FROM pg_auth_members JOIN pg_roles m ON m.oid = member WHERE m.rolname = current_user"
        assert connection.scalar(sa.text(member_of)) == 0


@pytest.mark.parametrize("departments", AUDIENCES, ids=lambda d: "+".join(sorted(d)) or "public")
def test_every_audience_reads_exactly_the_columns_of_its_view(
    installation: Installation, staff: dict[str, str], departments: frozenset[str]
) -> None:
    database = installation.database
    for layer in installation.catalogue.layers.values():
        view = view_for(layer, departments)
        everything = {"id", "geom", "geom_web", "revision", *(f.name for f in layer.fields)}
        query = sa.text(
            "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped "
            "AND has_column_privilege(attrelid, attnum, 'SELECT')"
        )
        with database.transaction(roles.audience(departments)) as connection:
            if view is None and not connection.scalar(
                sa.text("SELECT has_schema_privilege(:s, 'USAGE')"), {"s": layer.department}
            ):
                continue
            readable = set(connection.scalars(query, {"table": layer.id}))
            of_copy = set(connection.scalars(query, {"table": relation(common_source(layer))}))
        seen = set(view.columns) if view else set()
        assert readable == (seen if view and view.whole else set()), layer.id
        assert of_copy == seen if view is None or not view.whole else of_copy <= seen, layer.id
        assert readable | of_copy <= everything


def test_nobody_else_may_connect(installation: Installation) -> None:
    with installation.database.transaction("owner") as connection:
        acl = connection.scalar(
            sa.text("SELECT datacl::text FROM pg_database WHERE datname = current_database()")
        )
    assert acl is not None and "{=" not in acl and ",=" not in acl


def test_app_sees_no_layer(installation: Installation) -> None:
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        installation.database.transaction("app") as connection,
    ):
        connection.exec_driver_sql("SELECT 1 FROM base.boundary")
