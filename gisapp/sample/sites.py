"""Schools, halls, parks and other sites: their names, and the buildings that stand on them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import shapely

from gisapp.sample.districts import District
from gisapp.sample.houses import HOUSE, REINFORCED, SHOP, Buildings, frames, place
from gisapp.sample.names import Name
from gisapp.sample.parcels import Parcels
from gisapp.sample.terrain import Floats

GOVERNMENT, EDUCATION = 421, 422


@dataclass(frozen=True)
class SiteKind:
    """What a kind of site is called, what its buildings are used for, and where they stand.

    Each building is (left, low, width, depth, storeys): parts of the site's width and depth where not above 1,
    metres where they are; `low` counts from the north side of the site.
    """

    ending: Name
    use: int
    buildings: tuple[tuple[float, float, float, float, int], ...]
    land_use: int  # code of land_use.land_use
    category: int  # 地目, code of tax.parcel


_SCHOOL = ((0.1, 8.0, 0.66, 13.0, 4), (0.1, 24.0, 12.0, 0.22, 3), (0.64, 0.62, 0.28, 0.26, 1))
_ONE_HOUSE = ((0.2, 0.18, 0.55, 0.5, 2),)

KINDS: MappingProxyType[str, SiteKind] = MappingProxyType(
    {
        "elementary": SiteKind(Name("小学校", "ショウガッコウ"), EDUCATION, _SCHOOL, 214, 13),
        "junior_high": SiteKind(Name("中学校", "チュウガッコウ"), EDUCATION, _SCHOOL, 214, 13),
        "high": SiteKind(Name("高等学校", "コウトウガッコウ"), EDUCATION, _SCHOOL, 214, 13),
        "city_hall": SiteKind(
            Name("市役所", "シヤクショ"),
            GOVERNMENT,
            ((0.15, 0.14, 0.7, 0.34, 8), (0.2, 0.6, 0.4, 0.2, 3)),
            214,
            3,
        ),
        "library": SiteKind(Name("図書館", "トショカン"), EDUCATION, ((0.15, 0.2, 0.68, 0.58, 3),), 214, 3),
        "culture_hall": SiteKind(
            Name("文化会館", "ブンカカイカン"), EDUCATION, ((0.15, 0.15, 0.7, 0.5, 4),), 214, 3
        ),
        "hall": SiteKind(Name("公民館", "コウミンカン"), EDUCATION, _ONE_HOUSE, 214, 3),
        "farm_hall": SiteKind(
            Name("集会所", "シュウカイジョ"), EDUCATION, ((0.2, 0.2, 16.0, 11.0, 1),), 214, 3
        ),
        "fire_station": SiteKind(
            Name("消防署", "ショウボウショ"), GOVERNMENT, ((0.15, 0.2, 0.6, 0.5, 3),), 214, 3
        ),
        "gymnasium": SiteKind(
            Name("体育館", "タイイクカン"), EDUCATION, ((0.15, 0.15, 0.6, 0.58, 2),), 214, 3
        ),
        "hospital": SiteKind(
            Name("病院", "ビョウイン"),
            EDUCATION,
            ((0.12, 0.14, 0.7, 0.3, 6), (0.3, 0.52, 0.4, 0.24, 3)),
            214,
            3,
        ),
        "estate": SiteKind(
            Name("団地", "ダンチ"),
            412,
            tuple((0.08, low, 0.84, 11.5, 5) for low in (9.0, 43.0, 77.0, 111.0)),
            211,
            3,
        ),
        "mall": SiteKind(
            Name("ショッピングセンター", "ショッピングセンター"), SHOP, ((0.1, 0.1, 0.72, 0.5, 3),), 212, 3
        ),
        "shrine": SiteKind(
            Name("神社", "ジンジャ"), 454, ((0.38, 0.16, 11.0, 9.0, 1), (0.42, 0.5, 8.0, 6.0, 1)), 214, 3
        ),
        "temple": SiteKind(
            Name("寺", "ジ"), 454, ((0.3, 0.15, 15.0, 13.0, 1), (0.68, 0.3, 9.0, 8.0, 1)), 214, 3
        ),
        "park": SiteKind(Name("公園", "コウエン"), 454, ((0.8, 0.8, 5.0, 4.0, 1),), 217, 11),
        "sports_park": SiteKind(
            Name("運動公園", "ウンドウコウエン"),
            EDUCATION,
            ((0.1, 0.1, 46.0, 34.0, 2), (0.6, 0.7, 0.3, 10.0, 1)),
            217,
            11,
        ),
        "cemetery": SiteKind(Name("霊園", "レイエン"), 454, ((0.42, 0.1, 14.0, 10.0, 1),), 217, 12),
        "treatment_plant": SiteKind(
            Name("浄化センター", "ジョウカセンター"),
            452,
            ((0.1, 0.12, 0.34, 0.3, 3), (0.52, 0.12, 0.36, 0.22, 1), (0.52, 0.5, 0.36, 0.22, 1)),
            214,
            9,
        ),
        "nursery": SiteKind(Name("保育園", "ホイクエン"), EDUCATION, (), 214, 3),
        "police_box": SiteKind(Name("交番", "コウバン"), GOVERNMENT, (), 214, 3),
    }
)

# Kinds that move into an ordinary building, and how often: one district in …
_IN_A_HOUSE = (("nursery", 2), ("police_box", 3))


@dataclass(frozen=True)
class Site:
    """One public site or facility in a building: where it stands and how it is addressed."""

    kind: str
    name: Name
    point: tuple[float, float]  # local metres
    town: int
    block: int
    order: int
    size: float  # area of the ground in m²


def build_sites(parcels: Parcels) -> Buildings:
    """The buildings of all sites of a district; what would cross the border of its site is left out."""
    areas: list[shapely.Polygon] = []
    owners: list[int] = []
    kinds, floors = [], []
    for i in parcels.on_sites().tolist():
        kind = KINDS[parcels.site[i]]
        corner, along, inward, box = frames(parcels.quad[i : i + 1])
        wide, deep = float(box[0, 1] - box[0, 0]), float(box[0, 3] - box[0, 2])
        for left, low, width, depth, storeys in kind.buildings:
            w, d = (width * wide if width <= 1 else width), (depth * deep if depth <= 1 else depth)
            x = box[0, 0] + (left * wide if left <= 1 else left)
            y = low * deep if low <= 1 else low
            y = box[0, 2] + (deep - y - d if inward[0, 1] > 0 else y)
            xs, ys = np.array([[x, x + w, x + w, x]]), np.array([[y, y, y + d, y + d]])
            area = shapely.polygons(place(corner, along, inward, xs, ys))[0]
            free = all(owners[k] != i or areas[k].distance(area) > 1.0 for k in range(len(areas)))
            if w > 3 and d > 3 and free and parcels.area[i].contains_properly(area):
                areas.append(area)
                owners.append(i)
                kinds.append(kind.use)
                floors.append(storeys)
    count = len(areas)
    owner = np.array(owners, dtype=np.int64)
    return Buildings(
        area=np.array(areas, dtype=object),
        parcel=owner,
        use=np.array(kinds, dtype=np.int64),
        structure=np.full(count, REINFORCED),
        floors=np.array(floors, dtype=np.int64),
        year=1968 + 7 * (owner % 8),
        name=np.full(count, None, dtype=object),
    )


def name_sites(
    district: District, name: Name, parcels: Parcels, buildings: Buildings, rng: np.random.Generator
) -> tuple[list[Site], Buildings]:
    """The sites of a district with their names, and its buildings, those of sites now carrying the names."""
    on_sites = parcels.on_sites().tolist()
    sites = [_site(name, parcels, i, parcels.site[i], None) for i in on_sites]
    sites = _numbered(sites)
    labels, use = buildings.name.copy(), buildings.use.copy()
    ground = dict(zip(on_sites, sites, strict=True))
    for b, parcel in enumerate(buildings.parcel.tolist()):
        if parcel in ground and ground[parcel].kind != "park":
            labels[b] = ground[parcel].name.ja
    homes = np.flatnonzero((use == HOUSE) & (shapely.area(buildings.area) > 60))
    if district.fabric.urban and district.kind != "industry" and homes.size > 20:
        for kind, every in _IN_A_HOUSE:
            if district.number % every == 0:
                b = int(rng.choice(homes))
                site = _site(name, parcels, int(buildings.parcel[b]), kind, buildings.area[b])
                labels[b], use[b] = site.name.ja, KINDS[kind].use
                sites.append(site)
    parts = (
        buildings.area,
        buildings.parcel,
        use,
        buildings.structure,
        buildings.floors,
        buildings.year,
        labels,
    )
    return sites, Buildings(*parts)


def _site(name: Name, parcels: Parcels, i: int, kind: str, building: shapely.Polygon | None) -> Site:
    inside = shapely.point_on_surface(parcels.area[i] if building is None else building)
    x, y = np.round(shapely.get_coordinates(inside)[0], 2).tolist()
    whole = (
        Name("青葉野", "アオバノ") + KINDS[kind].ending if kind == "city_hall" else name + KINDS[kind].ending
    )
    size = float(shapely.area(parcels.area[i]))
    return Site(kind, whole, (x, y), int(parcels.town[i]), int(parcels.block[i]), int(parcels.order[i]), size)


def _numbered(sites: list[Site]) -> list[Site]:
    """Sites of one name told apart: 緑町公園, 緑町第二公園 …"""
    seen: dict[str, int] = {}
    told_apart = []
    for site in sites:
        count = seen[site.kind] = seen.get(site.kind, 0) + 1
        if count > 1:
            ending = KINDS[site.kind].ending
            stem = Name(site.name.ja.removesuffix(ending.ja), site.name.kana.removesuffix(ending.kana))
            second = Name(
                f"第{'〇一二三四五六七八九'[count]}", f"ダイ{'×イニサンヨンゴロクナナハチキュウ'[count]}"
            )
            site = Site(
                site.kind, stem + second + ending, site.point, site.town, site.block, site.order, site.size
            )
        told_apart.append(site)
    return told_apart


def site_points(sites: list[Site]) -> Floats:
    """Places of sites, (n, 2) local metres."""
    return np.array([site.point for site in sites], dtype=np.float64).reshape(-1, 2)
