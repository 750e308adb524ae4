"""A real city with its towns from published lists: names, readings and ids of the registry, places of Geolonia's list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from gisapp.catalogue.search import searchable
from gisapp.installation import Installation
from gisapp.search.answer import Answer
from gisapp.search.follow import follow
from gisapp.search.geocode import Geocoder
from gisapp.search.towns import LAYER, import_towns, join, read_towns

CITIES = {"132233": ("武蔵村山市", "musashimurayama", "13223"), "132209": ("東大和市", "nerima", "13220")}
"""Code: name, the installation that lends its database, number of the boundary file."""


@dataclass(frozen=True)
class Listed:
    """A town as the published list has it, and where."""

    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class RealCity:
    """The city with its towns, its boundary, and a way to ask many questions at once."""

    installation: Installation
    towns: list[Listed]
    boundary: shapely.Geometry

    def ask(self, queries: list[str], *, guess: bool = False) -> list[Answer]:
        installation = self.installation
        with installation.database.transaction("owner") as connection:
            layers = searchable(installation.catalogue)
            return Geocoder(installation.city, layers, guess=guess).answers(connection, queries)


@pytest.fixture(scope="module", params=list(CITIES))
def real_city(
    city_installation: Callable[[str], Installation], shared_data: Path, request: pytest.FixtureRequest
) -> RealCity:
    name, lender, number = CITIES[request.param]
    boundary = json.loads((shared_data / "01_boundary" / f"N03_{number}.geojson").read_text())
    whole = shapely.union_all([shape(one["geometry"]) for one in boundary["features"]])
    lent = city_installation(lender)
    city = replace(lent.city, code=request.param, name_ja=name, bounds=whole.bounds, former_names=())
    installation = replace(lent, city=city)
    folder = shared_data / "07_address"
    files = [folder / f"abr_town_{request.param}.csv", folder / f"geolonia_{name}.json"]
    towns = join(read_towns(file, installation.city) for file in files)
    with installation.database.transaction("owner") as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        layer = installation.catalogue.layer(LAYER)
        import_towns(raw, layer, installation.city, towns, "tests", [])  # type: ignore[arg-type]
    follow(installation)
    listed = [Listed(t["town"], t["lng"], t["lat"]) for t in json.loads(files[1].read_text())]
    return RealCity(installation, listed, whole)
