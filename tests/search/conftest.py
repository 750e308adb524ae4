"""A real city with its towns from published lists: names, readings and ids of the registry, places of Geolonia's list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from gisapp.catalogue.search import searchable
from gisapp.installation import Installation
from gisapp.search.answer import Answer
from gisapp.search.follow import follow
from gisapp.search.geocode import geocode
from gisapp.search.towns import LAYER, import_towns, join, read_towns

CITY, CODE = "武蔵村山市", "132233"


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
            return geocode(connection, layers, installation.city, queries, guess=guess)


@pytest.fixture(scope="module")
def real_city(city_installation: Callable[[str], Installation], shared_data: Path) -> RealCity:
    installation = city_installation("musashimurayama")
    folder = shared_data / "07_address"
    files = [folder / f"abr_town_{CODE}.csv", folder / f"geolonia_{CITY}.json"]
    towns = join(read_towns(file, installation.city) for file in files)
    with installation.database.transaction("owner") as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        layer = installation.catalogue.layer(LAYER)
        import_towns(raw, layer, installation.city, towns, "tests", [])  # type: ignore[arg-type]
    follow(installation)
    listed = [Listed(t["town"], t["lng"], t["lat"]) for t in json.loads(files[1].read_text())]
    boundary = json.loads((shared_data / "01_boundary" / "N03_13223.geojson").read_text())
    whole = shapely.union_all([shape(one["geometry"]) for one in boundary["features"]])
    return RealCity(installation, listed, whole)
