"""What a click costs: /api/identify over every public layer at points on buildings."""

from __future__ import annotations

import time
from typing import Any

from bench.measure import Times
from bench.server import Server
from gisapp.installation import Installation

POINTS = """
    SELECT ST_X(p), ST_Y(p) FROM (
        SELECT id, ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM base.building
        WHERE id IN (SELECT id FROM base.building ORDER BY md5(id::text) LIMIT %s)) AS f ORDER BY id
"""


SETTLING = 10.0  # seconds: the worker and the tile makers still import after the web process answers


def identify(installation: Installation, server: Server, count: int = 200) -> dict[str, Any]:
    """Milliseconds, over one kept connection."""
    with installation.database.transaction("owner") as connection:
        points = [(float(x), float(y)) for x, y in connection.exec_driver_sql(POINTS, (count,))]
    time.sleep(SETTLING)
    client = server.requests(keep=True)
    asked = [f"/api/identify?lon={lon}&lat={lat}&zoom=17" for lon, lat in points]
    return Times(tuple(client.need(path).milliseconds for path in asked)).as_dict()
