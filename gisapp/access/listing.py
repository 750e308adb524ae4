"""People as lists show them: who is there, with posts, duty, end, and posts in departments that are there no more."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access.models import membership, person
from gisapp.access.people import TODAY


@dataclass(frozen=True)
class Listed:
    """One person of a list. `lost` are departments of posts that are not in departments.toml any more."""

    id: int
    login: str
    name: str
    duty: str | None
    ends_on: datetime.date | None
    state: str  # active, ended, deactivated
    roles: dict[str, str]
    lost: tuple[str, ...]
    has_password: bool

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "login": self.login,
            "name": self.name,
            "state": self.state,
            "duty": self.duty,
            "until": self.ends_on.isoformat() if self.ends_on else None,
            "posts": self.roles,
            "lost_departments": list(self.lost),
        }


def list_people(
    connection: Connection,
    departments: Mapping[str, object],
    *,
    search: str = "",
    limit: int | None = None,
    only: int | None = None,
) -> list[Listed]:
    """People by login. `search`: a part of login, name or department; `limit`: at most so many; `only`: this id."""
    state = sa.case(
        (sa.not_(person.c.active), "deactivated"), (person.c.ends_on < TODAY, "ended"), else_="active"
    )
    posts = (
        sa.select(sa.func.jsonb_object_agg(membership.c.department, membership.c.role))
        .where(membership.c.person_id == person.c.id)
        .scalar_subquery()
    )
    has_password = person.c.password_hash.is_not(None).label("has_password")
    query = sa.select(person, state.label("state"), posts.label("posts"), has_password).order_by(
        person.c.login
    )
    if only is not None:
        query = query.where(person.c.id == only)
    for word in search.split():
        held = sa.select(membership.c.person_id).where(
            membership.c.department.icontains(word, autoescape=True)
        )
        query = query.where(
            person.c.login.icontains(word, autoescape=True)
            | person.c.name.icontains(word, autoescape=True)
            | person.c.id.in_(held)
        )
    return [_listed(row, departments) for row in connection.execute(query.limit(limit))]


def listed_person(connection: Connection, departments: Mapping[str, object], person_id: int) -> Listed:
    """One of them. Raises errors.PageNotFound."""
    found = list_people(connection, departments, only=person_id)
    if not found:
        raise errors.PageNotFound()
    return found[0]


def _listed(row: sa.Row[tuple[object, ...]], departments: Mapping[str, object]) -> Listed:
    posts = dict(sorted((row.posts or {}).items()))
    known = {department: role for department, role in posts.items() if department in departments}
    lost = tuple(sorted(posts.keys() - known.keys()))
    return Listed(
        row.id, row.login, row.name, row.duty, row.ends_on, row.state, known, lost, row.has_password
    )
