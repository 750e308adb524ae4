"""`gisapp people …`: who may sign in, and for which departments they speak."""

from __future__ import annotations

import secrets
import sys

import click
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access import people as accounts
from gisapp.access.models import membership, person
from gisapp.audit.record import Entry, record, shell_user
from gisapp.installation import Installation, open_for_shell
from gisapp.schema.sync import ensure_audiences
from gisapp.settings import load_settings


@click.group()
def people() -> None:
    """利用者と権限。People and their posts.

    \b
    Examples:
      gisapp people add yamada --name 山田 --post tax:editor --post roads:viewer
      gisapp people grant yamada tax viewer
      gisapp people list
    """


@people.command()
@click.argument("login")
@click.option("--name", default="", help="Shown in the pages.")
@click.option(
    "--post",
    "posts",
    multiple=True,
    metavar="DEPARTMENT:ROLE",
    help=f"ROLE is one of {', '.join(accounts.ROLES)}.",
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; otherwise one is made."
)
def add(login: str, name: str, posts: tuple[str, ...], password_stdin: bool) -> None:
    """利用者を加える。Add somebody; a password is made and shown once."""
    installation = open_for_shell(load_settings())
    password = sys.stdin.readline().rstrip("\n") if password_stdin else fresh_password()
    add_person(installation, login, name, password, dict(_post(installation, post) for post in posts))
    click.echo(f"{login}" + ("" if password_stdin else f"  password: {password}"))


def add_person(
    installation: Installation, login: str, name: str, password: str, roles: dict[str, str]
) -> None:
    """Add somebody and give the audience a login in the database."""
    with installation.database.transaction("owner") as connection:
        accounts.add_person(connection, login, name, password, roles)
        _note(connection, "person_added", login, posts=roles)
        ensure_audiences(installation, connection)


def _note(connection: Connection, what: str, login: str, **details: object) -> None:
    """Record a change in the transaction that makes it."""
    record(connection, Entry(what, shell_user(), details={"person": login.strip().casefold(), **details}))


def fresh_password() -> str:
    """16 letters and digits without look-alikes, in groups of four (about 80 bits)."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _post(installation: Installation, post: str) -> tuple[str, str]:
    department, _, role = post.partition(":")
    _require_department(installation, department)
    return department, role or "viewer"


def _require_department(installation: Installation, department: str) -> None:
    if department not in installation.catalogue.departments:
        raise errors.DepartmentNotFound(department=department)


@people.command()
@click.argument("login")
@click.argument("department")
@click.argument("role", type=click.Choice(accounts.ROLES))
def grant(login: str, department: str, role: str) -> None:
    """部署での役割を与える・変える。Give or change a post in a department."""
    installation = open_for_shell(load_settings())
    _require_department(installation, department)
    with installation.database.transaction("owner") as connection:
        accounts.grant(connection, login, department, role)
        _note(connection, "right_changed", login, department=department, role=role)
        ensure_audiences(installation, connection)


@people.command()
@click.argument("login")
@click.argument("department")
def revoke(login: str, department: str) -> None:
    """部署での役割を外す。Take a post away; it takes effect within seconds."""
    with open_for_shell(load_settings()).database.transaction("owner") as connection:
        accounts.revoke(connection, login, department)
        _note(connection, "right_changed", login, department=department, role=None)


@people.command()
@click.argument("login")
def password(login: str) -> None:
    """新しいパスワードを作る。Make a new password, shown once; other sessions of the person end."""
    fresh = fresh_password()
    with open_for_shell(load_settings()).database.transaction("owner") as connection:
        accounts.set_password(connection, login, fresh)
        _note(connection, "person_changed", login, password="new")
    click.echo(f"{login}  password: {fresh}")


@people.command("list")
def list_command() -> None:
    """利用者の一覧。List people and their posts."""
    with open_for_shell(load_settings()).database.transaction("owner") as connection:
        query = person.outerjoin(membership).select().with_only_columns(
            person.c.login, person.c.name, membership.c.department, membership.c.role
        )  # fmt: skip
        for row in connection.execute(query.order_by(person.c.login, membership.c.department)):
            click.echo(f"{row.login:<20} {row.department or '-':<16} {row.role or '-':<12} {row.name}")


COMMANDS = [people]
