"""A city whose audit may be tampered with: as its superuser, who is the one that nothing can stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gisapp import cluster, roles
from gisapp.audit import seal
from gisapp.audit.record import Entry, Who, record_now
from gisapp.audit.roots import RootFiles
from gisapp.audit.verify import Finding, verify
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation, sealing_database


def superuser(installation: Installation, database: str) -> psycopg.Connection[Any]:
    place = cluster.locate(installation.settings)
    return psycopg.connect(
        host=str(place.socket), port=cluster.PORT, user=cluster.SUPERUSER, password=place.password, dbname=database, autocommit=True
    )  # fmt: skip


@dataclass
class Book:
    """One audit of its own, with what a test does to it."""

    installation: Installation
    files: RootFiles

    def write(self, *logins: str, **more: Any) -> None:
        for login in logins:
            entry = Entry(
                "feature_viewed", Who(login, via="test"), more.get("layer", "tax.parcel"), (1, 2), {"n": 1.5}
            )
            record_now(self.installation.database, entry)

    @contextmanager
    def sealer(self) -> Iterator[psycopg.Connection[Any]]:
        database = sealing_database(self.installation)
        with database.reading(roles.SEALER) as connection:
            raw = connection.connection.dbapi_connection
            assert isinstance(raw, psycopg.Connection)
            yield raw
        database.close()

    def seal(self) -> seal.State:
        with self.sealer() as raw:
            return seal.seal(raw, seal.look(raw, self.files), self.files)

    def verify(self) -> Finding:
        with self.installation.database.transaction(roles.AUDITOR) as connection:
            return verify(connection, self.files)

    def kind(self) -> tuple[str, int] | None:
        """What verifying says is broken, and at which entry."""
        broken = self.verify().broken
        return (broken.kind, broken.entry) if broken else None

    def ask(self, question: str, *values: Any) -> list[Any]:
        with self.installation.database.transaction(roles.AUDITOR) as connection:
            return list(connection.exec_driver_sql(question, values))

    def ids(self) -> list[int]:
        return [row[0] for row in self.ask("SELECT entry FROM gisapp.audit_seal ORDER BY position")]

    def tamper(self, *statements: str) -> None:
        """As superuser, with the triggers off."""
        with superuser(self.installation, self.installation.database.address.database) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def template(city_installation: Callable[[str], Installation]) -> Installation:
    """A migrated city that no other tests write to."""
    return city_installation("yaizu")


@pytest.fixture
def book(template: Installation, tmp_path: Path) -> Iterator[Book]:
    """The audit emptied, and root files of its own."""
    one = Book(template, RootFiles(tmp_path / "roots" / "c.txt", tmp_path / "roots" / "c.head"))
    one.tamper("TRUNCATE gisapp.audit_entry, gisapp.audit_seal, gisapp.audit_checkpoint")
    yield one


Entries = Callable[[], list[Any]]


@pytest.fixture
def entries(installation: Installation) -> Entries:
    """What was written since the test began."""

    def read(since: int = -1) -> list[Any]:
        with installation.database.reading("auditor") as connection:
            question = "SELECT * FROM gisapp.audit_entry WHERE id > %s ORDER BY id"
            return list(connection.exec_driver_sql(question, (start if since < 0 else since,)))

    start = 0
    start = max((row.id for row in read(0)), default=0)
    return read


@pytest.fixture(scope="session")
def parcel(installation: Installation) -> tuple[int, float, float]:
    """A parcel's id, and a place in it."""
    sql = "SELECT id, ST_X(p), ST_Y(p) FROM (SELECT id, ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM tax.parcel ORDER BY id LIMIT 1) AS f"
    with installation.database.transaction("owner") as connection:
        found = connection.exec_driver_sql(sql).one()
    return found[0], found[1], found[2]


def restricted(parcel: tuple[int, float, float]) -> dict[str, str]:
    number, lon, lat = parcel
    x, y = tile_at(lon, lat, 16)
    return {
        "identify": f"/api/identify?lon={lon}&lat={lat}&layers=tax.parcel&zoom=18",
        "items": "/ogc/collections/tax.parcel/items?limit=3",
        "item": f"/ogc/collections/tax.parcel/items/{number}",
        "page": f"/ogc/collections/tax.parcel/items/{number}?f=html",
        "tile": f"/tiles/tax.parcel/16/{x}/{y}.mvt",
    }
