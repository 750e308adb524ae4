"""GeoPackage: one of its layers, with geometry or without. Views and triggers are only what they are when read."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

from gisapp.intake.problem import refuse
from gisapp.intake.readers.ogr import layers_of, open_ogr, under_name, with_rows
from gisapp.intake.several import refuse_several
from gisapp.intake.source import Source

UNDEFINED = (0, -1)  # srs_id of "undefined geographic" and "undefined cartesian"


def open_geopackage(path: Path, part: str, scratch: Path) -> Source:
    """Its layer `part`, or the only one that has geometry (without any: the only table). Raises errors.FileRefused."""
    with path.open("rb") as file:
        if 2 in file.read(20)[18:20]:  # write-ahead log: SQLite would write beside the file
            path = Path(shutil.copyfile(path, scratch / "data.gpkg"))
    path = under_name(path, scratch / "data.gpkg")
    layers = layers_of(path)
    if not layers:
        why = ("レイヤーがありません", "it has no layers")
        refuse("empty_file", why, ("書き出すレイヤーを確かめてください。", "See which layer was exported."))
    layer = part
    if part not in layers:
        shaped = [name for name, kind in layers.items() if kind is not None]
        offered = with_rows(path, shaped or list(layers))
        if part or len(offered) > 1:
            refuse_several(offered, part)
        layer = offered[0]
    source = open_ogr(path, "GeoPackage", layer=layer)
    crs = None if _undefined(path, layer) else source.crs
    return replace(source, crs=crs, layers=tuple(layers), layer=layer)


def _undefined(path: Path, layer: str) -> bool:
    """Whether the layer says of itself that its reference system is not known; GDAL makes up a name for that."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            row = connection.execute(
                "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
            ).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return False
    return row is not None and row[0] in UNDEFINED
