"""One shape as GeoJSON carries it, as the layer's type. Nothing is mended in silence: whoever draws it sees why not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError

from gisapp.features.references import Reference
from gisapp.geo.shapes import finite, fit_type

MOST_POINTS = 100_000
Why = tuple[str, str]  # Japanese, English


class ShapeWrong(Exception):
    """The shape cannot be taken; `why` says it in both languages."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(en)
        self.why: Why = (ja, en)


def read_shape(raw: object, kind: str, reference: Reference) -> bytes:
    """GeoJSON's geometry as WKB of the layer's type `kind`, x before y, without heights, still in `reference`.

    Raises ShapeWrong.
    """
    if not isinstance(raw, dict):
        raise ShapeWrong("geometry に形状がありません", "there is no shape in geometry")
    try:
        shape = shapely.from_geojson(json.dumps(raw))
    except (ShapelyError, ValueError, TypeError, RecursionError) as error:
        raise ShapeWrong("GeoJSON の形状として読めません", "it is no shape of GeoJSON") from error
    if shape is None or shape.is_empty or not finite(np.array([shape]))[0]:
        raise ShapeWrong("形状が空です", "the shape is empty")
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise ShapeWrong(f"点が {MOST_POINTS:,} を超えています", f"it has more than {MOST_POINTS:,} points")
    flat = shapely.force_2d(shape)
    if reference.swapped:
        flat = shapely.transform(flat, lambda xy: xy[:, ::-1])
    fitted, fits = fit_type(np.array([flat], dtype=object), kind)
    if not fits[0]:
        found = shape.geom_type
        raise ShapeWrong(f"{kind} のレイヤーに {found} は入りません", f"the layer holds {kind}, not {found}")
    _require_place(fitted[0], reference)
    return bytes(shapely.to_wkb(fitted[0]))


def _require_place(shape: Any, reference: Reference) -> None:
    """Degrees where degrees are, metres where metres are."""
    west, south, east, north = shape.bounds
    if not (reference.holds(west, south) and reference.holds(east, north)):
        raise ShapeWrong(
            "座標がその座標参照系にありえない値です", "such coordinates are not in that reference system"
        )
