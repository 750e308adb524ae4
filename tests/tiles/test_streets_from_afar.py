"""What is drawn of streets at low zooms: the main roads at their whole length, and no local street."""

from __future__ import annotations

from collections import defaultdict

import pytest
import shapely
from flask.testing import FlaskClient

from gisapp.geo.tiles import BUFFER, EXTENT, tile_box
from gisapp.installation import Installation
from tests.tiles.decoding import decode, fetch

MAIN = "class IN (1, 2, 3) OR grade IN (1, 2)"
ASKED = """
SELECT class, grade, {main} AS main, sum(ST_Length(ST_Intersection(geom_web, ST_MakeEnvelope(%s, %s, %s, %s, 3857))))
FROM roads.street WHERE geom_web && ST_MakeEnvelope(%s, %s, %s, %s, 3857) GROUP BY 1, 2, 3"""
TILES = """
SELECT DISTINCT floor((ST_X(p) / 40075016.685578488 + 0.5) * {n})::int, floor((0.5 - ST_Y(p) / 40075016.685578488) * {n})::int
FROM (SELECT (ST_DumpPoints(geom_web)).geom AS p FROM roads.street) AS points"""


@pytest.mark.parametrize("z", [11, 12, 13])
def test_each_class_that_is_drawn_has_its_whole_length_in_every_tile(
    installation: Installation, client: FlaskClient, z: int
) -> None:
    compared = 0
    with installation.database.transaction("owner") as connection:
        for x, y in connection.exec_driver_sql(TILES.format(n=2**z)).all():
            west, south, east, north = tile_box(z, x, y)
            more = (east - west) * BUFFER / EXTENT
            box = (west - more, south - more, east + more, north + more)
            painted: dict[tuple[int | None, int | None], float] = defaultdict(float)
            for one in decode(fetch(client, "roads.street", z, x, y), z, x, y).get("roads.street", []):
                key = one.properties.get("class"), one.properties.get("grade")
                painted[key] += shapely.intersection(one.shape, shapely.box(*box)).length
            for road, grade, main, length in connection.exec_driver_sql(
                ASKED.format(main=MAIN), (*box, *box)
            ):
                if main or z >= 13:
                    assert painted.pop((road, grade), 0) == pytest.approx(length, rel=0.02, abs=4 * more)
                    compared += 1
            assert not painted
    assert compared
