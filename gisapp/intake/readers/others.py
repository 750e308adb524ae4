"""Formats of other programs that GDAL reads: Esri's File Geodatabase, MapInfo, OpenStreetMap's XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gisapp.catalogue.layer import Text
from gisapp.intake.archive import MAPINFO_PARTS
from gisapp.intake.problem import NOTE, WARNING, Problem, refuse
from gisapp.intake.readers.ogr import layers_of, open_ogr, under_name, with_shapes
from gisapp.intake.readers.xml import check_whole
from gisapp.intake.several import refuse_several
from gisapp.intake.source import Source


def open_geodatabase(path: Path, part: str) -> Source:
    """A layer of an unpacked File Geodatabase: the only one that has shapes, or `part`. Raises errors.FileRefused."""
    return _open_layer(path, "File Geodatabase", part)


def open_osm(path: Path, part: str, scratch: Path) -> Source:
    """OpenStreetMap's XML: points, lines or areas; the only kind there is, or `part`. Raises errors.FileRefused."""
    check_whole(path)
    source = _open_layer(under_name(path, scratch / "data.osm"), "OpenStreetMap（XML）", part)
    rule = Text("OpenStreetMap の規定による", "by OpenStreetMap's rule")
    ja = f"受け渡しの形式ではない OpenStreetMap の XML を読みました（{source.layer}）"
    en = f"OpenStreetMap's XML is not a format for handing over data; it was read ({source.layer})"
    said = Problem(NOTE, "unsupported_variant", ja, en)
    return replace(source, crs="EPSG:4326", crs_from=rule, count=None, problems=(said, *source.problems))


def open_mapinfo(path: Path, scratch: Path) -> Source:
    """A MapInfo table (.tab) or its interchange format (.mif), with its companions beside it. Raises errors.FileRefused."""
    problems = []
    main = path
    if path.parent != scratch:
        suffix = path.suffix.lower() if path.suffix.lower() in MAPINFO_PARTS else ".mif"
        main = scratch / f"data{suffix}"
        main.symlink_to(path.absolute())
        for beside in path.parent.iterdir():
            part = beside.suffix.lower()
            if beside != path and beside.stem == path.stem and part in MAPINFO_PARTS and beside.is_file():
                (scratch / f"data{part}").symlink_to(beside.absolute())
    if main.suffix == ".mif" and not main.with_suffix(".mid").exists():
        ja, en = ".mid がありません（形状だけを読みました）", "there is no .mid; only shapes were read"
        problems.append(Problem(WARNING, "missing_part(mid)", ja, en))
    source = open_ogr(main, "MapInfo")
    return replace(source, problems=(*problems, *source.problems))


def _not_offered(layers: Iterable[str], offered: Sequence[str]) -> Iterator[Problem]:
    """A note that names layers without any shape: they are no answer, but are not passed over in silence."""
    left = [name for name in layers if name not in offered]
    if left:
        ja, en = (
            f"形状のないレイヤーは選べません：{'、'.join(left)}",
            f"layers without shapes cannot be chosen: {', '.join(left)}",
        )
        yield Problem(NOTE, "layers_without_shapes", ja, en)


def _open_layer(path: Path, title: str, part: str) -> Source:
    layers = layers_of(path)
    if not layers:
        why = ("レイヤーがありません", "it has no layers")
        refuse("empty_file", why, ("書き出すレイヤーを確かめてください。", "See which layer was exported."))
    layer = part
    if part not in layers:
        shaped, found = with_shapes(path, [name for name, kind in layers.items() if kind is not None])
        offered = shaped or list(layers)
        if part or len(offered) > 1:
            refuse_several(offered, part, [*found, *_not_offered(layers, offered)])
        layer = offered[0]
    source = open_ogr(path, title, layer=layer)
    return replace(source, layers=tuple(layers), layer=layer)
