"""People, their posts in departments and their duties. Changing them takes the owner's connection, reading takes `app`'s.

A *post* is a role in a department and follows the person from department to department. A *duty* stands beside posts:
an administrator manages people, an auditor reads the records. Neither duty shows anything of a department's layers.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access.models import membership, person
from gisapp.access.passwords import hash_password
from gisapp.text.reading import JAPAN

ROLES = ("viewer", "editor", "approver", "layer_owner")
ADMINISTRATOR, AUDITOR = "administrator", "auditor"
DUTIES = (ADMINISTRATOR, AUDITOR)
TODAY = sa.cast(sa.func.timezone("Asia/Tokyo", sa.func.now()), sa.Date)
"""The day it is in Japan, wherever the database's clock thinks it stands."""


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. `roles` maps a department to viewer, editor, approver or layer_owner."""

    id: int
    login: str
    name: str
    roles: dict[str, str]
    session_number: int
    duty: str | None = None
    ends_on: datetime.date | None = None

    @property
    def departments(self) -> frozenset[str]:
        """The departments this person speaks for."""
        return frozenset(self.roles)


def today() -> datetime.date:
    """The day it is in Japan."""
    return datetime.datetime.now(JAPAN).date()


def add_person(
    connection: Connection,
    login: str,
    name: str,
    password: str | None,
    roles: Mapping[str, str],
    *,
    duty: str | None = None,
    until: datetime.date | None = None,
) -> int:
    """Add somebody; returns the id. Without a password they sign in over a one-time link or the city's own sign-in.

    Raises errors.PersonInvalid (login taken, short password, unknown role or duty, last day gone by).
    """
    login = login_of(login)
    if connection.scalar(sa.select(person.c.id).where(person.c.login == login)) is not None:
        raise errors.PersonInvalid(login=login, why_ja="すでに登録されています", why_en="is there already")
    new = {
        "login": login,
        "name": name.strip() or login,
        "password_hash": None if password is None else hash_password(login, password),
    }
    who = int(connection.execute(sa.insert(person).values(new).returning(person.c.id)).scalar_one())
    set_duty(connection, login, duty)
    set_until(connection, login, until)
    for department, role in roles.items():
        grant(connection, login, department, role)
    return who


def login_of(login: str) -> str:
    """A login as it is kept: small letters, no spaces, 1 to 100 characters. Raises errors.PersonInvalid."""
    login = login.strip().casefold()
    if not login or len(login) > 100 or any(c.isspace() or not c.isprintable() for c in login):
        raise errors.PersonInvalid(
            login=login,
            why_ja="ログイン名は空白なしで100字までです",
            why_en="a login has no spaces and at most 100 characters",
        )
    return login


def grant(connection: Connection, login: str, department: str, role: str) -> None:
    """Give a post in a department, or change the one held. Raises errors.PersonInvalid."""
    require(login, role in ROLES, f"役割は {', '.join(ROLES)} です", f"roles are {', '.join(ROLES)}")
    who = id_of(connection, login)
    duty = connection.scalar(sa.select(person.c.duty).where(person.c.id == who))
    _require_apart(login, duty, posts=True)
    row = {"person_id": who, "department": department, "role": role}
    insert = sa.dialects.postgresql.insert(membership).values(row)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["person_id", "department"], set_={"role": role})
    )


def revoke(connection: Connection, login: str, department: str) -> None:
    """Take the post in a department away. Raises errors.PersonInvalid."""
    is_this = (membership.c.person_id == id_of(connection, login)) & (membership.c.department == department)
    connection.execute(sa.delete(membership).where(is_this))


def set_duty(connection: Connection, login: str, duty: str | None) -> None:
    """Give a duty or take it away (None). Raises errors.PersonInvalid; also for an auditor who holds posts."""
    known = f"{', '.join(DUTIES)}"
    require(login, duty in (None, *DUTIES), f"職務は {known} です", f"duties are {known}")
    who = id_of(connection, login)
    posts = connection.scalar(sa.select(sa.func.count()).where(membership.c.person_id == who))
    _require_apart(login, duty, posts=bool(posts))
    connection.execute(sa.update(person).where(person.c.id == who).values(duty=duty))


def set_until(connection: Connection, login: str, until: datetime.date | None) -> None:
    """Set the last day (None: no end). Raises errors.PersonInvalid for a day that has gone by."""
    require(
        login,
        until is None or until >= today(),
        f"最終日 {until} は過ぎています。すぐに使えなくするには停止してください",
        f"the last day {until} has gone by; to end it at once, deactivate",
    )
    connection.execute(sa.update(person).where(person.c.id == id_of(connection, login)).values(ends_on=until))


def set_active(connection: Connection, login: str, active: bool) -> None:
    """Let somebody in again, or no more: sessions end within seconds and tokens work no longer. Raises errors.PersonInvalid."""
    new = {"active": active, "session_number": person.c.session_number + 1}
    connection.execute(sa.update(person).where(person.c.id == id_of(connection, login)).values(new))


def set_name(connection: Connection, login: str, name: str) -> None:
    """Change the name that pages show. Raises errors.PersonInvalid."""
    name = name.strip()
    require(login, 0 < len(name) <= 100, "氏名は1〜100字です", "a name has 1 to 100 characters")
    connection.execute(sa.update(person).where(person.c.id == id_of(connection, login)).values(name=name))


def set_password(connection: Connection, login: str, password: str) -> None:
    """Set a new password; whoever is signed in with the old one is signed out. Raises errors.PersonInvalid."""
    set_password_hash(connection, id_of(connection, login), hash_password(login, password))


def set_password_hash(connection: Connection, person_id: int, password_hash: str) -> None:
    """The same with a hash that was made elsewhere."""
    new = {
        "password_hash": password_hash,
        "session_number": person.c.session_number + 1,
        "failures": 0,
        "locked_until": None,
    }
    connection.execute(sa.update(person).where(person.c.id == person_id).values(new))


def require(login: str, so: bool, why_ja: str, why_en: str) -> None:
    """Raises errors.PersonInvalid unless `so`."""
    if not so:
        raise errors.PersonInvalid(login=login, why_ja=why_ja, why_en=why_en)


def _require_apart(login: str, duty: str | None, *, posts: bool) -> None:
    require(
        login,
        duty != AUDITOR or not posts,
        "監査担当は部署の役割を持てません（記録だけを見ます）",
        "an auditor holds no post in a department (and reads the records only)",
    )


def id_of(connection: Connection, login: str) -> int:
    """The id of the person with that login. Raises errors.PersonInvalid."""
    who = connection.scalar(sa.select(person.c.id).where(person.c.login == login.strip().casefold()))
    require(login, who is not None, "登録されていません", "is not known")
    return int(who or 0)


def find_person(connection: Connection, person_id: int) -> Person | None:
    """The person with that id with the posts held today; None when gone, inactive or past the last day."""
    is_here = person.c.active & (person.c.ends_on.is_(None) | (person.c.ends_on >= TODAY))
    query = (
        sa.select(person, membership.c.department, membership.c.role)
        .select_from(person.outerjoin(membership))
        .where((person.c.id == person_id) & is_here)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    one = rows[0]
    roles = {row.department: row.role for row in rows if row.department is not None}
    if (
        one.duty == AUDITOR
    ):  # cannot be: `_require_apart`; whoever reads the records sees no data all the same
        roles = {}
    return Person(one.id, one.login, one.name, roles, one.session_number, one.duty, one.ends_on)


def within(found: Person, departments: Mapping[str, object]) -> Person:
    """The person without posts in departments that are there no more (renamed or merged in departments.toml)."""
    known = {department: role for department, role in found.roles.items() if department in departments}
    return found if known == found.roles else replace(found, roles=known)


def require_standing(connection: Connection, person_id: int) -> None:
    """Raises errors.AccountEnded for somebody who was let in before and is no more: deactivated or past the last day."""
    query = sa.select(person.c.active, person.c.ends_on, (person.c.ends_on < TODAY).label("over"))
    row = connection.execute(query.where(person.c.id == person_id)).one_or_none()
    if row is None or not row.active:
        raise errors.AccountEnded(why_ja="停止されています", why_en="it was deactivated")
    if row.over:
        raise errors.AccountEnded(
            why_ja=f"最終日は {row.ends_on} でした", why_en=f"its last day was {row.ends_on}"
        )
