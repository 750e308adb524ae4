"""People and households, counted from the houses: by town and by standard mesh (JIS X 0410).

Counts of fewer than MINIMUM households are suppressed, as a real statistical office would do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.geo import mesh
from gisapp.sample.build import Built
from gisapp.sample.city import City
from gisapp.sample.parcels import Ints
from gisapp.sample.rows import LayerRows, multi, rows
from gisapp.sample.terrain import Floats

MESH = "1/2"
MESH_LEVEL = 4  # code of statistics.population_mesh
MINIMUM = 3
DAY = np.datetime64("2020-10-01")
COUNTS = ("households", "male", "female", "age_0_14", "age_65_over")


class Census:
    """Counts that grow district by district: arrays in the order of COUNTS, by town number and by mesh code."""

    def __init__(self, towns: int) -> None:
        self.by_town = np.zeros((towns, len(COUNTS)), dtype=np.int64)
        self.by_mesh: dict[str, NDArray[np.int64]] = {}

    def add(self, city: City, built: Built) -> None:
        """Count the people of one district."""
        buildings = built.buildings
        lived_in = np.flatnonzero(_households(built) > 0)
        counts = _people(city, built, lived_in)
        np.add.at(self.by_town, built.parcels.town[buildings.parcel[lived_in]], counts)
        if lived_in.size:
            middle = shapely.get_coordinates(shapely.point_on_surface(buildings.area[lived_in]))
            codes, cell = np.unique(mesh.encode_many(*city.lonlat(middle), MESH), return_inverse=True)
            sums = np.zeros((codes.size, len(COUNTS)), dtype=np.int64)
            np.add.at(sums, cell, counts)
            for code, row in zip(codes.tolist(), sums, strict=True):
                self.by_mesh[code] = self.by_mesh.get(code, np.zeros(len(COUNTS), dtype=np.int64)) + row


def _households(built: Built) -> Ints:
    buildings = built.buildings
    size = shapely.area(buildings.area)
    flats = np.maximum(2, np.rint(buildings.floors * size / 62)).astype(np.int64)
    mixed = np.maximum(1, np.rint((buildings.floors - 1) * size / 70)).astype(np.int64)
    use = buildings.use
    return np.asarray(
        np.select([np.isin(use, (411, 413, 415)), use == 412, use == 414], [1, flats, mixed], default=0)
    )


def _people(city: City, built: Built, lived_in: Ints) -> Ints:
    rng = city.plan.rng("census", built.district.number)
    households = _households(built)[lived_in]
    families = households == 1
    people = np.maximum(households, rng.poisson(np.where(families, 2.55, 1.75) * households))
    elderly = {"old": 0.36, "farm": 0.4, "new_town": 0.24}.get(built.district.kind, 0.28)
    male = rng.binomial(people, 0.493)
    young = rng.binomial(people, 0.125)
    old = rng.binomial(people - young, elderly / 0.875)
    return np.stack([households, male, people - male, young, old], axis=1)


def census_rows(city: City, census: Census) -> Iterator[LayerRows]:
    """Population by town and by mesh, once every district is counted."""
    towns = city.towns
    area = shapely.area([town.area for town in towns])
    counts = census.by_town
    hidden = counts[:, 0] < MINIMUM
    columns = _columns(counts, hidden)
    density = np.round((counts[:, 1] + counts[:, 2]) / area * 1e6, 1)
    yield rows(
        "statistics.population_town",
        multi([town.area for town in towns]),
        area_code=[town.machiaza_id for town in towns],
        name=[town.name.ja for town in towns],
        survey_date=np.full(len(towns), DAY),
        **columns,
        age_15_64=_shown(counts[:, 1] + counts[:, 2] - counts[:, 3] - counts[:, 4], hidden),
        age_0_14=_shown(counts[:, 3], hidden),
        density=_shown(density, hidden),
    )
    codes = sorted(census.by_mesh)
    cells = np.array([census.by_mesh[code] for code in codes]).reshape(-1, len(COUNTS))
    yield rows(
        "statistics.population_mesh",
        _cells(city, codes),
        mesh_code=codes,
        level=MESH_LEVEL,
        survey_date=np.full(len(codes), DAY),
        **_columns(cells, cells[:, 0] < MINIMUM),
    )


def _columns(counts: Ints, hidden: NDArray[np.bool_]) -> dict[str, object]:
    return {
        "population": _shown(counts[:, 1] + counts[:, 2], hidden),
        "male": _shown(counts[:, 1], hidden),
        "female": _shown(counts[:, 2], hidden),
        "households": _shown(counts[:, 0], hidden),
        "age_65_over": _shown(counts[:, 4], hidden),
        "suppressed": hidden,
    }


def _shown(counts: Ints | Floats, hidden: NDArray[np.bool_]) -> NDArray[np.object_]:
    column = np.array(counts.tolist(), dtype=object)
    column[hidden] = None
    return column


def _cells(city: City, codes: list[str]) -> NDArray[np.object_]:
    """Mesh cells as polygons in local metres, with points on their sides since meridians are not quite parallel."""
    boxes = shapely.box(*np.array([mesh.bounds(code) for code in codes]).reshape(-1, 4).T)
    boxes = shapely.segmentize(boxes, mesh.LEVELS[MESH].size_degrees[1] / 4)
    return np.asarray(shapely.transform(boxes, city.from_lonlat))
