"""Roles, views and grants: what `layer.toml` says of who may see, compiled to rights in the database.

The wanted rights and the rights there are are both plain sets; their difference is the plan, and shows drift as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gisapp import roles
from gisapp.catalogue import history, pieces, rows, search
from gisapp.catalogue.generalised import SCHEMA, least_views, table_name
from gisapp.catalogue.layer import Layer, View
from gisapp.catalogue.load import Catalogue
from gisapp.db import Database
from gisapp.schema.step import Step, quote, statement
from gisapp.tiles.plan import reads_pieces

CHANGE = ("SELECT", "INSERT", "UPDATE", "DELETE")
Membership = tuple[str, str]  # group, member
SchemaRight = tuple[str, str]  # schema, role: USAGE
TableRight = tuple[str, str, str, str]  # schema, table or view, role, privilege
ColumnRight = tuple[str, str, str, str]  # schema, table, column, role: SELECT


@dataclass
class Rights:
    """Rights by the roles' short names."""

    groups: set[str] = field(default_factory=set)
    logins: set[str] = field(default_factory=set)
    memberships: set[Membership] = field(default_factory=set)
    schemas: set[SchemaRight] = field(default_factory=set)
    tables: set[TableRight] = field(default_factory=set)
    columns: set[ColumnRight] = field(default_factory=set)
    behind: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """schema and view → schema and table that it shows"""


def wanted(catalogue: Catalogue, audiences: Iterable[frozenset[str]]) -> Rights:
    """The rights that the layer folders ask for, with a login for every audience (set of departments)."""
    departments = list(catalogue.departments)
    rights = Rights(groups={roles.STAFF} | {roles.department(d) for d in departments})
    everyone = {frozenset[str]()} | {frozenset({d}) for d in departments} | set(audiences)
    for who in everyone:
        rights.logins.add(roles.audience(who))
        if who:
            groups = {roles.STAFF} | {roles.department(d) for d in who & set(departments)}
            rights.memberships |= {(group, roles.audience(who)) for group in groups}
    for layer in catalogue.layers.values():
        _add_layer(rights, layer, everyone)
    return rights


def _add_layer(rights: Rights, layer: Layer, audiences: Iterable[frozenset[str]]) -> None:
    publisher = roles.publisher(layer.department)
    rights.logins.add(publisher)
    rights.schemas.add((layer.department, publisher))
    rights.tables |= {(layer.department, layer.name, publisher, privilege) for privilege in CHANGE}
    rights.schemas.add((history.SCHEMA, publisher))
    rights.tables.add((history.SCHEMA, table_name(layer), publisher, "INSERT"))
    for view in layer.views():
        schema, table = rights.behind[layer.department, view.name] = rows.source(layer, view)
        for role in _readers(view, audiences):
            rights.schemas |= {(layer.department, role), (schema, role)}
            rights.tables.add((layer.department, view.name, role, "SELECT"))
            rights.columns |= {(schema, table, column, role) for column in view.columns}
    copies = [SCHEMA] if layer.generalised else []
    copies += [search.SCHEMA] if layer.search else []
    copies += [pieces.SCHEMA] if reads_pieces(layer) else []
    for role in {role for view in least_views(layer) for role in _readers(view, audiences)}:
        for schema in copies:
            rights.schemas.add((schema, role))
            rights.tables.add((schema, table_name(layer), role, "SELECT"))
    if readable := history.readable(layer):
        own = roles.department(layer.department)
        rights.schemas.add((history.SCHEMA, own))
        rights.columns |= {(history.SCHEMA, table_name(layer), column, own) for column in readable}


def _readers(view: View, audiences: Iterable[frozenset[str]]) -> list[str]:
    """Who may read a view: the public and all staff; all staff; one department; or, for what needs several departments
    at once, only the logins of those who speak for all of them (no group may hold it: each has members without the others)."""
    if not view.needs:
        return [roles.PUBLIC_AUDIENCE, roles.STAFF]
    if view.needs == frozenset({"staff"}):
        return [roles.STAFF]
    departments = view.needs - {"staff"}
    if len(departments) == 1:
        return [roles.department(name) for name in departments]
    return [roles.audience(who) for who in audiences if departments <= who]


def of_logins(rights: Rights, views: set[str]) -> Rights:
    """The part of `rights` that audiences hold themselves and not over a group, on the views (`schema.view`) that are there."""

    def own(role: str) -> bool:
        return role in rights.logins and role.startswith("aud_") and role != roles.PUBLIC_AUDIENCE

    tables = {one for one in rights.tables if own(one[2]) and f"{one[0]}.{one[1]}" in views}
    there = {(*rights.behind[schema, view], role) for schema, view, role, _ in tables}
    columns = {one for one in rights.columns if (one[0], one[1], one[3]) in there}
    schemas = {(schema, role) for schema, _, role in there} | {(one[0], one[2]) for one in tables}
    return Rights(rights.groups, rights.logins, set(), schemas, tables, columns)


def common(one: Rights, other: Rights) -> Rights:
    """The rights on schemas, tables and columns that both hold."""
    return Rights(
        schemas=one.schemas & other.schemas,
        tables=one.tables & other.tables,
        columns=one.columns & other.columns,
    )


def actual(
    connection: Connection, database: Database, want: Rights, schemas: list[str], *, unheld: bool = True
) -> Rights:
    """The rights there are, on these schemas, by short names where the role is one of ours (else by full name).

    unheld: also the memberships of audiences that nobody holds any more. They stay until the next sync, so that nobody whose
    posts have just changed meets a refusal of the database in the seconds until the web process knows.
    """
    short = {database.role(name): name for name in want.groups | want.logins | {roles.APP}}
    found = Rights()
    for name, can_login in connection.exec_driver_sql(
        "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY(%s)", (list(short),)
    ):
        (found.logins if can_login else found.groups).add(short[name])
    for group, member in connection.exec_driver_sql(
        "SELECT g.rolname, m.rolname FROM pg_auth_members JOIN pg_roles g ON g.oid = roleid JOIN pg_roles m ON m.oid = member "
        "WHERE m.rolname = ANY(%s) OR (%s AND starts_with(m.rolname, %s))",
        ([database.role(name) for name in want.logins | want.groups], unheld, database.role("aud_")),
    ):
        found.memberships.add((short.get(group, group), short.get(member, member)))
    for kind, schema, table, column, role, privilege in connection.exec_driver_sql(
        _GRANTS, {"schemas": schemas}
    ):
        role = short.get(role, role)
        if kind == "schema":
            found.schemas.add((schema, role))
        elif kind == "table":
            found.tables.add((schema, table, role, privilege))
        else:
            found.columns.add((schema, table, column, role))
    return found


_GRANTS = """
SELECT 'schema', nspname, NULL, NULL, coalesce(rolname, 'PUBLIC'), privilege_type
FROM pg_namespace CROSS JOIN LATERAL aclexplode(nspacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE nspname = ANY(%(schemas)s) AND a.grantee <> nspowner
UNION ALL
SELECT 'table', nspname, relname, NULL, coalesce(rolname, 'PUBLIC'), privilege_type
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
CROSS JOIN LATERAL aclexplode(relacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE nspname = ANY(%(schemas)s) AND a.grantee <> relowner
UNION ALL
SELECT 'column', nspname, relname, attname, coalesce(rolname, 'PUBLIC'), privilege_type
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
CROSS JOIN LATERAL aclexplode(attacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE NOT attisdropped AND nspname = ANY(%(schemas)s) AND a.grantee <> relowner
"""


def role_steps(database: Database, want: Rights, have: Rights) -> list[Step]:
    """Roles to create, memberships to give and take."""

    def name(role: str) -> str:
        return quote(role if role not in want.groups | want.logins | {roles.APP} else database.role(role))

    steps = [
        statement(f"create group {g}", f"CREATE ROLE {name(g)} NOLOGIN NOSUPERUSER")
        for g in sorted(want.groups - have.groups)
    ]
    for login in sorted(want.logins - have.logins):
        steps.append(
            statement(f"create login {login}", f"CREATE ROLE {name(login)} LOGIN NOSUPERUSER INHERIT")
        )
    for group, member in sorted(want.memberships - have.memberships):
        steps.append(statement(f"{member} joins {group}", f"GRANT {name(group)} TO {name(member)}"))
    for group, member in sorted(have.memberships - want.memberships):
        steps.append(statement(f"{member} leaves {group}", f"REVOKE {name(group)} FROM {name(member)}"))
    return steps


def grant_steps(database: Database, want: Rights, have: Rights) -> list[Step]:
    """Rights to give and to take away, schema, table and column. One step a table and role, so that a plan stays readable."""

    def name(role: str) -> str:
        if role == "PUBLIC":
            return role
        return quote(role if role not in want.groups | want.logins | {roles.APP} else database.role(role))

    steps = []
    for verb, more, less in (("GRANT", want, have), ("REVOKE", have, want)):
        to = "TO" if verb == "GRANT" else "FROM"
        for schema, role in sorted(more.schemas - less.schemas):
            says = f"{verb.lower()} use of schema {schema} {to.lower()} {role}"
            steps.append(statement(says, f"{verb} ALL ON SCHEMA {quote(schema)} {to} {name(role)}" if verb == "REVOKE" else f"GRANT USAGE ON SCHEMA {quote(schema)} TO {name(role)}"))  # fmt: skip
        for schema, table, role, privilege in sorted(more.tables - less.tables):
            says = f"{verb.lower()} {privilege.lower()} on {schema}.{table} {to.lower()} {role}"
            steps.append(
                statement(says, f"{verb} {privilege} ON {quote(schema)}.{quote(table)} {to} {name(role)}")
            )
        for (schema, table, role), columns in _by_table(more.columns - less.columns).items():
            says = f"{verb.lower()} select on {len(columns)} columns of {schema}.{table} {to.lower()} {role}"
            listed = ", ".join(quote(column) for column in columns)
            steps.append(
                statement(
                    says, f"{verb} SELECT ({listed}) ON {quote(schema)}.{quote(table)} {to} {name(role)}"
                )
            )
    return steps


def _by_table(columns: set[ColumnRight]) -> dict[tuple[str, str, str], list[str]]:
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for schema, table, column, role in sorted(columns):
        grouped.setdefault((schema, table, role), []).append(column)
    return grouped
