"""Names of the database's roles.

Roles belong to the whole PostgreSQL cluster, so each carries its database's name in front. In the code and in
`db.Database` they go by their short names: `app`, `staff`, `dept_tax`, `publisher_tax`, `aud_public`, `aud_tax`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

APP = "app"
STAFF = "staff"
SEALER = "sealer"  # chains the audit; its password comes from a secret of its own
AUDITOR = "auditor"  # reads the audit and nothing else
PUBLIC_AUDIENCE = "aud_public"
PUBLISHER = "publisher_"  # and the department's name
LONGEST_NAME = 63  # bytes of a PostgreSQL identifier


def full_name(database: str, name: str) -> str:
    """The cluster-wide name of role `name`: `<database>_<name>`, its tail replaced by a hash where it is too long."""
    full = f"{database}_{name}"
    if len(full.encode()) <= LONGEST_NAME:
        return full
    digest = hashlib.sha256(full.encode()).hexdigest()[:16]
    return full.encode()[: LONGEST_NAME - 17].decode(errors="ignore") + "_" + digest


def audience(departments: Iterable[str]) -> str:
    """The login role of those who speak for exactly these departments; of the public when there are none."""
    names = sorted(departments)
    return "aud_" + "__".join(names) if names else PUBLIC_AUDIENCE


def department(name: str) -> str:
    """The group role that holds what department `name` may see."""
    return f"dept_{name}"


def publisher(department_name: str) -> str:
    """The login role that changes the layers of one department."""
    return PUBLISHER + department_name
