"""Passwords: kept as argon2id only, checked with a wait after wrong ones."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access.models import person

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
FREE_TRIES = 5  # wrong passwords before the account waits
LONGEST_WAIT = 15 * 60  # seconds
HASH_FORM = "$argon2id$v=19$m="
_hasher = PasswordHasher()  # argon2id with the library's defaults (RFC 9106, low-memory profile)


def hash_password(login: str, password: str) -> str:
    """The argon2id hash to store. Raises errors.PersonInvalid for a password of fewer than 12 characters, or the login itself."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or password.casefold() == login.casefold():
        raise errors.PersonInvalid(
            login=login,
            why_ja=f"パスワードはログイン名と違うものを{SHORTEST_PASSWORD}字以上にしてください",
            why_en=f"a password has at least {SHORTEST_PASSWORD} characters and is not the login",
        )
    return _hasher.hash(password)


def is_hash(stored: object) -> bool:
    """Whether that is an argon2id hash which costs at least as much to try as those made here."""
    if not isinstance(stored, str) or not stored.startswith(HASH_FORM) or len(stored) > 200:
        return False
    try:
        return not _hasher.check_needs_rehash(stored)
    except InvalidHashError:
        return False


def check_password(connection: Connection, login: str, password: str) -> int:
    """The id of the person with that login and password.

    Raises errors.SignInFailed, the same after the same work for an unknown login, a wrong password, and any password while the
    account waits (only there are accounts that wait; `waits` is for the audit): after 5 wrong passwords in a row the wait doubles
    from 2 s to 15 min.
    """
    typed = login.strip().casefold().replace("\x00", "\ufffd")  # no text of PostgreSQL holds a NUL
    query = sa.select(person).where(person.c.login == typed).with_for_update()
    row = connection.execute(query).one_or_none()
    now = datetime.datetime.now(datetime.UTC)
    waits = row is not None and row.locked_until is not None and row.locked_until > now
    fits = _matches(row.password_hash if row is not None else None, password)
    if waits:
        raise errors.SignInFailed(waits=True)
    if not fits:
        if row is not None:
            _count_failure(connection, row.id, row.failures + 1, now)
        raise errors.SignInFailed()
    assert row is not None
    connection.execute(sa.update(person).where(person.c.id == row.id).values(failures=0, locked_until=None))
    return int(row.id)


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _unknown_hash(), password[:LONGEST_PASSWORD]) and stored is not None
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
