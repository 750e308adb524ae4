"""Reference systems of WMS and the order of their axes, which differs by version.

1.1.1 has east before north in every system; 1.3.0 has the order of the system itself: EPSG:4326 and 6668 latitude first,
the plane systems north first. CRS:84 and EPSG:3857 begin with the east in both.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from gisapp.features.parameters import invalid, read_number
from gisapp.features.references import CRS84, EPSG_URI, Reference, offered
from gisapp.geo.tiles import Box
from gisapp.ogc.wms.words import Values, needed
from gisapp.rasters.window import transformer
from gisapp.settings import City

OLD, NEW = "1.1.1", "1.3.0"
CODES = (4326, 6668, 3857)  # besides the city's plane system


def systems(city: City, version: str) -> dict[str, Reference]:
    """The systems by the names that they have in this version."""
    known = offered(city)
    found = {f"EPSG:{code}": known[EPSG_URI.format(code=code)] for code in (*CODES, city.srid)}
    if version == OLD:
        return {name: dataclasses.replace(one, swapped=False) for name, one in found.items()}
    return {"CRS:84": CRS84, **found}


def system_and_box(city: City, values: Values, version: str) -> tuple[Reference, Box]:
    """The system asked for and the box in it, x before y. Raises errors.ParameterInvalid."""
    name = "SRS" if version == OLD else "CRS"
    known, said = systems(city, version), needed(values, name, "EPSG:3857").upper()
    if said not in known:
        listed = ", ".join(known)
        raise invalid(name, f"次のどれかです：{listed}", f"it is one of: {listed}", f"{name}=EPSG:3857")
    return known[said], read_box(values, known[said])


def read_box(values: Mapping[str, str], reference: Reference) -> Box:
    """BBOX: lower corner, upper corner. Raises errors.ParameterInvalid."""
    example = "BBOX=" + ",".join(f"{n:g}" for n in _example(reference))
    parts = needed(values, "BBOX", example.removeprefix("BBOX=")).split(",")
    numbers = [read_number(part.strip()) for part in parts[:5]]
    found = [number for number in numbers if number is not None]
    if len(parts) != 4 or len(found) != 4:
        raise invalid("BBOX", "4つの数です", "it is four numbers", example)
    west, south = reference.inward(found[0], found[1])
    east, north = reference.inward(found[2], found[3])
    if not (west < east and south < north):
        order = (
            "小さい隅が先、大きい隅が後です（軸の順序は座標参照系に従います）",
            "the lower corner goes before the upper one (in the order of the system's axes)",
        )
        raise invalid("BBOX", *order, example)
    if not (reference.holds(west, south) and reference.holds(east, north)):
        why = "座標がこの座標参照系の範囲を外れています", "it leaves the range of the reference system"
        raise invalid("BBOX", *why, example)
    return west, south, east, north


def _example(reference: Reference) -> tuple[float, ...]:
    if reference.geographic:
        return (35.73, 139.35, 35.77, 139.41) if reference.swapped else (139.35, 35.73, 139.41, 35.77)
    return (-34000, -12000, -33000, -11000)


def bounds_in(city: City, reference: Reference) -> tuple[float, ...]:
    """The city's bounds in a system, as this version writes them: lower corner, upper corner."""
    west, south, east, north = transformer(4326, reference.srid).transform_bounds(*city.bounds)
    digits = 6 if reference.geographic else 2
    floor, ceil = (
        lambda n: math.floor(n * 10**digits) / 10**digits,
        lambda n: math.ceil(n * 10**digits) / 10**digits,
    )
    return (
        *reference.inward(floor(west), floor(south)),
        *reference.inward(ceil(east), ceil(north)),
    )
