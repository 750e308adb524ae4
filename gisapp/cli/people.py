"""`gisapp people …`: who may sign in, for which departments they speak, and which duties they hold."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import sys
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access import one_time
from gisapp.access import people as accounts
from gisapp.access.accounts_file import read_accounts
from gisapp.access.listing import Listed, list_people
from gisapp.access.models import person
from gisapp.audit.record import Entry, record, shell_user
from gisapp.installation import Installation, open_for_shell
from gisapp.schema.sync import ensure_audiences
from gisapp.settings import load_settings

DATE = click.DateTime(["%Y-%m-%d"])
OWNER = "owner"


@click.group()
def people() -> None:
    """利用者と権限。People, their posts and duties.

    \b
    Examples:
      gisapp people add yamada --name 山田 --post tax:editor --post roads:viewer
      gisapp people add survey-co --post roads:editor --until 2027-03-31
      gisapp people import accounts.csv --passwords passwords.csv
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
@click.option("--duty", type=click.Choice(accounts.DUTIES), help="Beside posts; shows no department's data.")
@click.option("--until", type=DATE, help="The last day, for contractors.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; otherwise one is made."
)
def add(
    login: str,
    name: str,
    posts: tuple[str, ...],
    duty: str | None,
    until: datetime.datetime | None,
    password_stdin: bool,
) -> None:
    """利用者を加える。Add somebody; a password is made and shown once."""
    installation = open_for_shell(load_settings())
    password = sys.stdin.readline().rstrip("\n") if password_stdin else fresh_password()
    posts_held = dict(_post(installation, post) for post in posts)
    add_person(installation, login, name, password, posts_held, duty=duty, until=_day(until))
    click.echo(f"{login}" + ("" if password_stdin else f"  password: {password}"))


def add_person(
    installation: Installation,
    login: str,
    name: str,
    password: str | None,
    roles: dict[str, str],
    *,
    duty: str | None = None,
    until: datetime.date | None = None,
) -> None:
    """Add somebody and give the audience a login in the database."""
    with installation.database.transaction(OWNER) as connection:
        accounts.add_person(connection, login, name, password, roles, duty=duty, until=until)
        more = {"duty": duty, "until": until.isoformat() if until else None}
        _note(connection, "person_added", login, posts=roles, **{k: v for k, v in more.items() if v})
        ensure_audiences(installation, connection)


def _note(connection: Connection, what: str, login: str, **details: object) -> None:
    """Record a change in the transaction that makes it."""
    record(connection, Entry(what, shell_user(), details={"person": login.strip().casefold(), **details}))


def fresh_password() -> str:
    """16 letters and digits without look-alikes, in groups of four (about 80 bits)."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _day(moment: datetime.datetime | None) -> datetime.date | None:
    return moment.date() if moment else None


def _post(installation: Installation, post: str) -> tuple[str, str]:
    department, _, role = post.partition(":")
    _require_department(installation, department)
    return department, role or "viewer"


def _require_department(installation: Installation, department: str) -> None:
    if department not in installation.catalogue.departments:
        raise errors.DepartmentNotFound(department=department)


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--passwords",
    type=click.Path(exists=False, path_type=Path),
    help="New file for the passwords, readable by you only; without it they are printed.",
)
@click.option("--without-passwords", is_flag=True, help="They sign in over the city's own sign-in (OIDC).")
def import_command(file: Path, passwords: Path | None, without_passwords: bool) -> None:
    """CSV の利用者をまとめて加える。Add everybody in a CSV file, or nobody when a row is wrong.

    Its columns are login,name,department,role,duty,until; a row for each post; UTF-8 or CP932.
    """
    installation = open_for_shell(load_settings())
    with installation.database.transaction(OWNER) as connection:
        taken = set(connection.scalars(sa.select(person.c.login)))
        new = read_accounts(file, installation.catalogue.departments.values(), taken)
        made = {one.login: None if without_passwords else fresh_password() for one in new}
        for one in new:
            accounts.add_person(
                connection, one.login, one.name, made[one.login], one.roles, duty=one.duty, until=one.until
            )
            _note(connection, "person_added", one.login, posts=one.roles, file=file.name)
        ensure_audiences(installation, connection)
        if passwords and not without_passwords:  # before it is committed: without the file, nobody is added
            _keep(passwords, made)
    if not passwords and not without_passwords:
        for login, password in made.items():
            click.echo(f"{login},{password}")
    click.echo(f"{len(new)} 人を登録しました / {len(new)} people added", err=True)


def _keep(path: Path, made: dict[str, str | None]) -> None:
    """Write the passwords into a new file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("login,password\n")
        file.writelines(f"{login},{password}\n" for login, password in made.items())


@people.command()
@click.argument("login")
@click.argument("department")
@click.argument("role", type=click.Choice(accounts.ROLES))
def grant(login: str, department: str, role: str) -> None:
    """部署での役割を与える・変える。Give or change a post in a department."""
    installation = open_for_shell(load_settings())
    _require_department(installation, department)
    with installation.database.transaction(OWNER) as connection:
        accounts.grant(connection, login, department, role)
        _note(connection, "right_changed", login, department=department, role=role)
        ensure_audiences(installation, connection)


@people.command()
@click.argument("login")
@click.argument("department")
def revoke(login: str, department: str) -> None:
    """部署での役割を外す。Take a post away; it takes effect within seconds."""
    with open_for_shell(load_settings()).database.transaction(OWNER) as connection:
        accounts.revoke(connection, login, department)
        _note(connection, "right_changed", login, department=department, role=None)


@people.command()
@click.argument("login")
@click.argument("duty", type=click.Choice([*accounts.DUTIES, "none"]))
def duty(login: str, duty: str) -> None:
    """職務を与える・外す。Give a duty beside the posts, or take it away."""
    with open_for_shell(load_settings()).database.transaction(OWNER) as connection:
        accounts.set_duty(connection, login, None if duty == "none" else duty)
        _note(connection, "right_changed", login, duty=duty)


@people.command()
@click.argument("login")
@click.argument("day", type=DATE, required=False)
def until(login: str, day: datetime.datetime | None) -> None:
    """最終日を決める（省略で無期限）。Set the last day; without DAY there is none."""
    with open_for_shell(load_settings()).database.transaction(OWNER) as connection:
        accounts.set_until(connection, login, _day(day))
        _note(connection, "person_changed", login, until=str(_day(day)))


@people.command()
@click.argument("login")
def deactivate(login: str) -> None:
    """利用を停止する。Let somebody in no more; sessions and tokens end within seconds."""
    with open_for_shell(load_settings()).database.transaction(OWNER) as connection:
        accounts.set_active(connection, login, False)
        _note(connection, "person_changed", login, active=False)


@people.command()
@click.argument("login")
def activate(login: str) -> None:
    """停止を解く。Let somebody in again."""
    with open_for_shell(load_settings()).database.transaction(OWNER) as connection:
        accounts.set_active(connection, login, True)
        _note(connection, "person_changed", login, active=True)


@people.command()
@click.argument("login")
def password(login: str) -> None:
    """新しいパスワードを作る。Make a new password, shown once; other sessions of the person end."""
    fresh = fresh_password()
    with open_for_shell(load_settings()).database.transaction(OWNER) as connection:
        accounts.set_password(connection, login, fresh)
        _note(connection, "person_changed", login, password="new")
    click.echo(f"{login}  password: {fresh}")


@people.command("first-administrator")
def first_administrator() -> None:
    """最初のシステム管理者を登録するリンクを表示する。Print a link that works once, while there is no administrator."""
    settings = load_settings()
    installation = open_for_shell(settings)
    with installation.database.transaction(OWNER) as connection:
        code = one_time.make_first_administrator_link(connection, installation.settings, installation.city)
    click.echo(f"http://{settings.bind}:{settings.port}/one-time/{code}")
    click.echo(
        "24時間以内に1回だけ使えます。サーバーが動いている間に開いてください。\n"
        "It works once, within 24 hours; open it while the server runs.",
        err=True,
    )


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_command(as_json: bool) -> None:
    """利用者の一覧。List people, their posts and duties."""
    installation = open_for_shell(load_settings())
    with installation.database.transaction(OWNER) as connection:
        listed = list_people(connection, installation.catalogue.departments)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in listed], ensure_ascii=False, indent=1))
        return
    for one in listed:
        posts = " ".join(f"{department}:{role}" for department, role in one.roles.items()) or "-"
        click.echo(f"{one.login:<20} {one.state:<12} {one.duty or '-':<14} {posts:<40} {one.name}")
    _warn_of_lost_departments(listed)


def _warn_of_lost_departments(listed: list[Listed]) -> None:
    for one in listed:
        for department in one.lost:
            click.echo(
                f"注意：{one.login} の部署「{department}」は departments.toml にありません（この役割は効きません）。\n"
                f"Warning: {one.login} holds a post in “{department}”, which is not in departments.toml; it counts for nothing.\n"
                f"  → gisapp people revoke {one.login} {department}",
                err=True,
            )


COMMANDS = [people]
