"""A town whose AEDs can be changed, and what its tiles say of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from flask.testing import FlaskClient
from psycopg import sql
from werkzeug.test import TestResponse

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from tests.tiles.decoding import decode

LAYER = "facilities.public_facility"
ZOOM = 16
STEP = 100.0  # metres between two AEDs


def connect(installation: Installation, role: str = "owner") -> psycopg.Connection[Any]:
    """A connection as psql would open it."""
    url = installation.database.url(role).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@dataclass
class Town:
    """`client` asks for tiles over HTTP; `raw` changes the table behind the program's back."""

    installation: Installation
    client: FlaskClient
    raw: psycopg.Connection[Any]

    def put(self, id: int, name: str, x: float = 0.0, y: float = 0.0) -> None:
        """An AED `x`, `y` metres from the town's middle; one of that id is replaced."""
        statement = (
            "INSERT INTO facilities.public_facility (id, name, geom) OVERRIDING SYSTEM VALUE "
            "VALUES (%s, %s, ST_SetSRID(ST_MakePoint(%s, %s), %s)) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, geom = excluded.geom"
        )
        self.raw.execute(statement, [id, name, -40_000 + x, -27_000 + y, self.installation.city.srid])

    def tile(self, x: float = 0.0, y: float = 0.0, zoom: int = ZOOM) -> tuple[int, int, int]:
        """The tile in which a place lies, `x`, `y` metres from the middle."""
        place = "ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), %s), 4326)"
        question = sql.SQL("SELECT ST_X(p), ST_Y(p) FROM (SELECT {} AS p) AS f").format(sql.SQL(place))  # type: ignore[arg-type]
        values = [-40_000 + x, -27_000 + y, self.installation.city.srid]
        row = self.raw.execute(question, values).fetchone()
        assert row is not None
        return (zoom, *tile_at(*row, zoom))

    def get(self, tile: tuple[int, int, int], layers: str = LAYER, **headers: str) -> TestResponse:
        """The answer to a request for a tile."""
        path = f"/tiles/{layers}/{'/'.join(map(str, tile))}.mvt"
        return self.client.get(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def names(self, tile: tuple[int, int, int]) -> dict[int, str]:
        """What the tile calls each AED, by id."""
        answer = self.get(tile)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found = decode(answer.get_data(), *tile).get(LAYER, [])
        return {one.id: one.properties.get("name", "") for one in found}

    def state(self, tile: tuple[int, int, int], layers: str = LAYER) -> str:
        """How the tile was come by: hit, miss, away."""
        status = self.get(tile, layers).headers["Cache-Status"]
        return "away" if "away" in status else "hit" if "; hit" in status else "miss"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Wait until what was changed inside must be seen by everybody."""
        yield
        time.sleep(0.2)
