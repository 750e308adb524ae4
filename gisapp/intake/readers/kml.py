"""KML and KMZ through GDAL: folders are layers, always longitude and latitude of WGS 84."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import defusedxml.sax

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import NOTE, Problem, refuse
from gisapp.intake.readers.ogr import layers_of, open_ogr, with_shapes
from gisapp.intake.readers.xml import check_whole, chunks, elements
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
    renamer = _Renamer(scratch / "renamed.kml")
    path = renamer.copy(path)
    layers = list(layers_of(path))
    if part not in layers:
        layers, found = with_shapes(path, layers)
        if part or len(layers) > 1:
            refuse_several(layers, part, found)
    source = open_ogr(path, "KML", layer=part or layers[0], without=LOOKS, renamed=renamer.names)
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


class _Renamer(XMLGenerator):
    """Copies a KML with names of attributes that GDAL keeps: it turns every letter that is not ASCII into "_"."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._codes: dict[str, str] = {}
        self._file = target.open("wb")
        super().__init__(self._file, "utf-8")

    @property
    def names(self) -> dict[str, str]:
        """Names in the copy → names in the file."""
        return {code: name for name, code in self._codes.items()}

    def copy(self, path: Path) -> Path:
        """The copy of a file that `check_whole` has passed."""
        parser = defusedxml.sax.make_parser()
        parser.setContentHandler(self)
        with self._file:
            for chunk in chunks(path):
                parser.feed(chunk)
            parser.close()
        return self._target

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        """Called for each element that begins."""
        said = dict(attrs)
        if "name" in said and name.rpartition(":")[2] in {"Data", "SimpleData", "SimpleField"}:
            said["name"] = self._codes.setdefault(said["name"], f"f{len(self._codes):04d}")
        super().startElement(name, AttributesImpl(said))


def _places(path: Path) -> Iterator[bool]:
    for node in elements(path, lambda names: names[-1] in {"coordinates", "coord"}):
        yield bool(node.text.strip())
