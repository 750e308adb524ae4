"""Rows of public facilities, AEDs, toilets and school districts, from the sites that stand when all is built."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from gisapp.sample.address import address, phone, postal_code, seat
from gisapp.sample.base import station_names, stations_inside
from gisapp.sample.city import City, town_of
from gisapp.sample.names import CITY_CODE, CITY_JA, Name
from gisapp.sample.rows import Column, LayerRows, multi, rows, where
from gisapp.sample.sites import Site, site_points

LISTED = (
    "city_hall elementary junior_high high library culture_hall hall farm_hall fire_station gymnasium hospital "
    "sports_park treatment_plant nursery police_box park"
).split()
WITH_AED = "city_hall elementary junior_high high library culture_hall hall gymnasium hospital sports_park nursery".split()
SCHOOLS = {"elementary": 1, "junior_high": 2}

_SAYS = {
    "city_hall": "市役所の本庁舎。総合窓口は1階。",
    "library": "市立図書館。閲覧席、児童室、学習室。",
    "hall": "学習室、和室、調理室、ホール。",
    "culture_hall": "大ホール、小ホール、展示室。",
    "gymnasium": "アリーナ、トレーニング室。",
}


def city_rows(city: City, sites: list[Site]) -> Iterator[LayerRows]:
    """All facility layers."""
    yield _public_facilities(city, [site for site in sites if site.kind in LISTED])
    yield _aeds(city, [site for site in sites if site.kind in WITH_AED])
    yield _toilets(city, [site for site in sites if site.kind in {"park", "sports_park"} and site.size > 900])
    yield _school_districts(city, sites)


def common(city: City, sites: list[Site], prefix: str) -> dict[str, object]:
    """Columns of the standard lists that hold for every kind of facility."""
    return {
        "facility_id": [f"{CITY_CODE}{prefix}{i + 1:05d}" for i in range(len(sites))],
        "name": [site.name.ja for site in sites],
        "name_kana": [site.name.kana for site in sites],
        "name_english": [site.name.en for site in sites],
        **seat(
            city,
            site_points(sites),
            [site.town for site in sites],
            [site.block for site in sites],
            [site.order for site in sites],
        ),
    }


def contact(city: City, sites: list[Site], base: int) -> dict[str, object]:
    """Columns with telephone, mail and web address; none of them exists outside this made-up city."""
    return {
        "phone": [phone(base + i) for i in range(len(sites))],
        "extension": None,
        "email": [f"{site.kind.replace('_', '-')}@city.aobano.example" for site in sites],
        "form_url": None,
        "contact_note": None,
        "postal_code": [postal_code(city.towns[site.town].district) for site in sites],
        "url": [f"https://city.aobano.example/places/{base + i}" for i in range(len(sites))],
    }


def heights(city: City, sites: list[Site]) -> Column:
    """Height of the ground at sites in metres, to the decimetre."""
    place = site_points(sites)
    return np.asarray(np.round(city.plan.terrain.height(place[:, 0], place[:, 1]), 1))


def _public_facilities(city: City, sites: list[Site]) -> LayerRows:
    school = [site.kind in {"elementary", "junior_high", "high", "nursery"} for site in sites]
    open_air = [site.kind in {"park", "sports_park"} for site in sites]
    when = list(zip(school, open_air, strict=True))
    return rows(
        "facilities.public_facility",
        shapely.points(site_points(sites)),
        **common(city, sites, "F"),
        **contact(city, sites, 100_000),
        name_common=None,
        poi_code=None,
        advanced_classification="標高",
        advanced_value=heights(city, sites),
        corporate_number=None,
        organization_name=CITY_JA,
        available_days=[
            "月火水木金土日" if outside else "月火水木金" if s else "火水木金土日" for s, outside in when
        ],
        start_time=[None if outside else "08:30" if s else "09:00" for s, outside in when],
        end_time=[None if outside else "17:00" if s else "21:00" for s, outside in when],
        available_note=["学校開放は登録団体に限る" if s else None for s, _ in when],
        description=[_SAYS.get(site.kind) for site in sites],
        barrier_free=["車椅子対応トイレ;スロープ" if i % 2 else "スロープ" for i in range(len(sites))],
        image=None,
        image_licence=None,
        note="架空の施設です",
    )


def _aeds(city: City, sites: list[Site]) -> LayerRows:
    where = ["1階 事務室前", "正面玄関", "職員室前", "1階 ロビー"]
    return rows(
        "facilities.aed",
        shapely.points(site_points(sites)),
        **common(city, sites, "A"),
        **contact(city, sites, 200_000),
        advanced_classification="階数",
        advanced_value=1.0,
        set_position=[where[i % 4] for i in range(len(sites))],
        corporate_number=None,
        organization_name=CITY_JA,
        available_days="月火水木金土日",
        start_time="08:30",
        end_time=["21:00" if i % 3 else "17:00" for i in range(len(sites))],
        available_note=None,
        child_equipment=[
            "有" if site.kind in {"elementary", "nursery"} or i % 2 else "無" for i, site in enumerate(sites)
        ],
        external_use_forbidden=None,
        image1=None,
        image1_licence=None,
        image2=None,
        image2_licence=None,
        note="架空の施設です",
    )


def _station_sites(city: City) -> list[Site]:
    """Toilets in front of stations, addressed by the town they stand in."""
    stations = stations_inside(city)
    places = city.plan.station_points()[stations] + [0.0, 11.0]
    names, towns = station_names(city), town_of(list(city.towns), places).tolist()
    ends = Name("駅前公衆トイレ", "エキマエコウシュウトイレ")
    return [
        Site("station", names[i] + ends, (round(x, 2), round(y, 2)), town, 1, 1, 30.0)
        for i, (x, y), town in zip(stations, places.tolist(), towns, strict=True)
    ]


def _toilets(city: City, parks: list[Site]) -> LayerRows:
    named = [Site(p.kind, p.name + Name("公衆トイレ", "コウシュウトイレ"), *_place(p)) for p in parks]
    sites = _station_sites(city) + named
    large = np.array([site.kind != "park" or site.size > 4000 for site in sites], dtype=bool)
    count = len(sites)
    yes = where(large, "有", "無")
    return rows(
        "facilities.public_toilet",
        shapely.points(site_points(sites)),
        **common(city, sites, "T"),
        set_position=["駅前広場" if site.kind == "station" else "公園入口" for site in sites],
        advanced_classification="標高",
        advanced_value=heights(city, sites),
        male_wc_total=np.where(large, 5, 3),
        male_wc_urinal=np.where(large, 3, 2),
        male_wc_jstyle=np.where(large, 0, np.arange(count) % 2),
        male_wc_wstyle=np.where(large, 2, 1 - np.arange(count) % 2),
        female_wc_total=np.where(large, 4, 2),
        female_wc_jstyle=np.where(large, 0, np.arange(count) % 2),
        female_wc_wstyle=np.where(large, 4, 2 - np.arange(count) % 2),
        unisex_wc_total=1,
        unisex_wc_jstyle=0,
        unisex_wc_wstyle=1,
        barrier_free_wc=np.where(large, 1, 0),
        wheelchair_wc=yes,
        infant_wc=yes,
        ostomate_wc=where(large & (np.arange(count) % 3 == 0), "有", "無"),
        available_start_time="00:00",
        available_end_time="23:59",
        available_time_note=None,
        image=None,
        image_licence=None,
        note="架空の施設です",
    )


def _place(site: Site) -> tuple[tuple[float, float], int, int, int, float]:
    return site.point, site.town, site.block, site.order, site.size


def _school_districts(city: City, sites: list[Site]) -> LayerRows:
    """Every town belongs to the nearest school of each kind: the districts of one kind cover the city."""
    towns = city.towns
    middle = shapely.point_on_surface([town.area for town in towns])
    areas, schools = [], []
    for kind in SCHOOLS:
        of_kind = [site for site in sites if site.kind == kind]
        nearest = shapely.STRtree(shapely.points(site_points(of_kind))).nearest(middle)
        for i, school in enumerate(of_kind):
            mine = [town.area for town, n in zip(towns, nearest.tolist(), strict=True) if n == i]
            if mine:
                areas.append(shapely.union_all(mine))
                schools.append(school)
    return rows(
        "facilities.school_district",
        multi(areas),
        kind=[SCHOOLS[school.kind] for school in schools],
        district_number=[f"{SCHOOLS[school.kind]}{i + 1:03d}" for i, school in enumerate(schools)],
        name=[f"{CITY_JA}立{school.name.ja}" for school in schools],
        city_code=CITY_CODE,
        founder=CITY_JA,
        address=[address(city, school.town, school.block, school.order) for school in schools],
        caution="架空の通学区域です",
        office="学校教育課 学務係",
        phone=phone(120_000),
    )
