"""People, their departments and their passwords. Changing them takes the owner's connection, reading takes `app`'s."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access.models import membership, person

ROLES = ("viewer", "editor", "approver", "layer_owner")
SHORTEST_PASSWORD = 12
FREE_TRIES = 5  # wrong passwords before the account waits
LONGEST_WAIT = 15 * 60  # seconds
_hasher = PasswordHasher()  # argon2id with the library's defaults (RFC 9106, low-memory profile)


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. `roles` maps a department to viewer, editor, approver or layer_owner."""

    id: int
    login: str
    name: str
    roles: dict[str, str]
    session_number: int

    @property
    def departments(self) -> frozenset[str]:
        """The departments this person speaks for."""
        return frozenset(self.roles)


def add_person(connection: Connection, login: str, name: str, password: str, roles: dict[str, str]) -> int:
    """Add somebody; returns the id. Raises errors.PersonInvalid (login taken, short password, unknown role)."""
    login = login.strip().casefold()
    if not login or len(login) > 100 or any(c.isspace() for c in login):
        raise errors.PersonInvalid(
            login=login,
            why_ja="ログイン名は空白なしで100字までです",
            why_en="a login has no spaces and at most 100 characters",
        )
    if connection.scalar(sa.select(person.c.id).where(person.c.login == login)) is not None:
        raise errors.PersonInvalid(login=login, why_ja="すでに登録されています", why_en="is there already")
    new = {"login": login, "name": name.strip() or login, "password_hash": hash_password(login, password)}
    who = connection.execute(sa.insert(person).values(new).returning(person.c.id)).scalar_one()
    for department, role in roles.items():
        grant(connection, login, department, role)
    return int(who)


def grant(connection: Connection, login: str, department: str, role: str) -> None:
    """Give a post in a department, or change the one held. Raises errors.PersonInvalid."""
    if role not in ROLES:
        known = ", ".join(ROLES)
        raise errors.PersonInvalid(login=login, why_ja=f"役割は {known} です", why_en=f"roles are {known}")
    row = {"person_id": _id_of(connection, login), "department": department, "role": role}
    insert = sa.dialects.postgresql.insert(membership).values(row)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["person_id", "department"], set_={"role": role})
    )


def revoke(connection: Connection, login: str, department: str) -> None:
    """Take the post in a department away. Raises errors.PersonInvalid."""
    is_this = (membership.c.person_id == _id_of(connection, login)) & (membership.c.department == department)
    connection.execute(sa.delete(membership).where(is_this))


def set_password(connection: Connection, login: str, password: str) -> None:
    """Set a new password; whoever is signed in with the old one is signed out. Raises errors.PersonInvalid."""
    new = {
        "password_hash": hash_password(login, password),
        "session_number": person.c.session_number + 1,
        "failures": 0,
        "locked_until": None,
    }
    connection.execute(sa.update(person).where(person.c.id == _id_of(connection, login)).values(new))


def _id_of(connection: Connection, login: str) -> int:
    who = connection.scalar(sa.select(person.c.id).where(person.c.login == login.strip().casefold()))
    if who is None:
        raise errors.PersonInvalid(login=login, why_ja="登録されていません", why_en="is not known")
    return int(who)


def hash_password(login: str, password: str) -> str:
    """The argon2id hash to store. Raises errors.PersonInvalid for a password shorter than 12 characters."""
    if len(password) < SHORTEST_PASSWORD:
        raise errors.PersonInvalid(
            login=login,
            why_ja=f"パスワードは{SHORTEST_PASSWORD}字以上にしてください",
            why_en=f"a password has at least {SHORTEST_PASSWORD} characters",
        )
    return _hasher.hash(password)


def find_person(connection: Connection, person_id: int) -> Person | None:
    """The person with that id with the posts held today; None when gone, inactive or past the last day."""
    is_here = person.c.active & (person.c.ends_on.is_(None) | (person.c.ends_on >= sa.func.current_date()))
    query = (
        sa.select(
            person.c.id,
            person.c.login,
            person.c.name,
            person.c.session_number,
            membership.c.department,
            membership.c.role,
        )
        .select_from(person.outerjoin(membership))
        .where((person.c.id == person_id) & is_here)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    roles = {row.department: row.role for row in rows if row.department is not None}
    return Person(rows[0].id, rows[0].login, rows[0].name, roles, rows[0].session_number)


def check_password(connection: Connection, login: str, password: str) -> int:
    """The id of the person with that login and password.

    Raises errors.SignInFailed (the same for an unknown login and a wrong password, after the same work) and
    errors.TooMany while the account waits: after 5 wrong passwords in a row the wait doubles from 2 s to 15 min.
    """
    query = (
        sa.select(person)
        .where((person.c.login == login.strip().casefold()) & person.c.active)
        .with_for_update()
    )
    row = connection.execute(query).one_or_none()
    now = datetime.datetime.now(datetime.UTC)
    if row is not None and row.locked_until is not None and row.locked_until > now:
        raise errors.TooMany(seconds=int((row.locked_until - now).total_seconds()) + 1)
    if not _matches(row.password_hash if row is not None else None, password):
        if row is not None:
            _count_failure(connection, row.id, row.failures + 1, now)
        raise errors.SignInFailed()
    assert row is not None
    connection.execute(sa.update(person).where(person.c.id == row.id).values(failures=0, locked_until=None))
    return int(row.id)


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _unknown_hash(), password[:1000]) and stored is not None
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


_UNKNOWN: list[str] = []


def _unknown_hash() -> str:
    """A hash of nothing known, made once, so that an unknown login costs as much time as a wrong password."""
    if not _UNKNOWN:
        _UNKNOWN.append(_hasher.hash("nobody's password"))
    return _UNKNOWN[0]


def _count_failure(connection: Connection, person_id: int, failures: int, now: datetime.datetime) -> None:
    wait = min(2 ** (failures - FREE_TRIES + 1), LONGEST_WAIT) if failures >= FREE_TRIES else 0
    until = now + datetime.timedelta(seconds=wait) if wait else None
    connection.execute(
        sa.update(person).where(person.c.id == person_id).values(failures=failures, locked_until=until)
    )
    connection.commit()  # must stay although the request ends in an error
