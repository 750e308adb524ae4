"""KML and KMZ through GDAL: folders are layers, always longitude and latitude of WGS 84."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import NOTE, Problem, refuse
from gisapp.intake.readers.ogr import layers_of, open_ogr, under_name
from gisapp.intake.readers.xml import check_whole, elements
from gisapp.intake.several import refuse_several
from gisapp.intake.source import Source

LOOKS = frozenset({"altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet"})
"""Columns that GDAL makes of how Google Earth draws a placemark."""
NOT_READ = {"GroundOverlay", "ScreenOverlay", "PhotoOverlay", "NetworkLink"}


def open_kml(path: Path, part: str, scratch: Path) -> Source:
    """The only folder with placemarks, or the folder `part`. Raises errors.FileRefused."""
    problems = check_whole(path)
    ignored = [node.name for node in elements(path, lambda names: names[-1] in NOT_READ)]
    if next(elements(path, lambda names: names[-1] == "Placemark"), None) is None:
        why = ("地物（Placemark）が一つもありません", "it holds no placemarks")
        refuse("empty_file", why, ("書き出す範囲を確かめてください。", "See what was exported."))
    if not any(_places(path)):
        why = ("位置のある地物（Placemark）がありません", "none of its placemarks has a position")
        refuse("empty_geometry", why, ("書き出す範囲を確かめてください。", "See what was exported."))
    path = under_name(path, scratch / "data.kml")
    layers = list(layers_of(path))
    if part not in layers and (part or len(layers) > 1):
        refuse_several(layers, part)
    source = open_ogr(path, "KML", layer=part or layers[0], without=LOOKS)
    if ignored:
        ja = f"画像の重ね合わせやリンクなど {len(ignored)} 件は読みません"
        en = f"{len(ignored)} overlays and links are not read"
        problems.append(Problem(NOTE, "not_read", ja, en))
    return replace(
        source,
        crs="EPSG:4326",
        crs_from=Text("KML の規定（WGS 84）による", "by KML's rule (WGS 84)"),
        problems=(*problems, *source.problems),
        layers=tuple(layers),
        layer=part or layers[0],
    )


def _places(path: Path) -> Iterator[bool]:
    for node in elements(path, lambda names: names[-1] in {"coordinates", "coord"}):
        yield bool(node.text.strip())
