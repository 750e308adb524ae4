"""By its content and its name find a file's reader. Archives are unpacked; everything happens in `scratch`.

This is what the child process runs; all others ask gisapp.intake.read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gisapp.intake.archive import refuse_nested, take_out
from gisapp.intake.archive_kinds import kind_of_archive, take_geodatabase, take_kml
from gisapp.intake.options import Options
from gisapp.intake.readers.csv_table import open_csv
from gisapp.intake.readers.geojson import open_geojson, open_script
from gisapp.intake.readers.geopackage import open_geopackage
from gisapp.intake.readers.json_list import open_json_list
from gisapp.intake.readers.kml import open_kml
from gisapp.intake.readers.markup import open_xml
from gisapp.intake.readers.ogr import open_ogr, under_name
from gisapp.intake.readers.others import open_geodatabase, open_mapinfo
from gisapp.intake.readers.parquet import open_parquet
from gisapp.intake.readers.shapefile import open_dbf, open_shapefile
from gisapp.intake.readers.xlsx import open_xlsx
from gisapp.intake.sniff import check_name, kind_of
from gisapp.intake.source import Source


def open_here(path: Path, name: str, options: Options, scratch: Path) -> Source:
    """Open the file at `path`, which people call `name`, in this process. `scratch` is an empty folder that lives as long.

    Raises errors.FileRefused for whatever cannot be read.
    """
    kind = kind_of(path)
    check_name(name, kind)
    if kind != "zip":
        return _open(path, kind, options, scratch)
    holds = kind_of_archive(path)
    if holds == "xlsx":
        return open_xlsx(path, options.part)
    if holds == "kmz":
        return open_kml(take_kml(path, scratch), options.part, scratch)
    if holds == "gdb":
        return open_geodatabase(take_geodatabase(path, scratch), options.part)
    return _open_member(path, options, scratch)


def _open_member(path: Path, options: Options, scratch: Path) -> Source:
    """One data set of an archive. `part` may name the set, or a layer of the only set there is."""
    taken = take_out(path, options.part, scratch)
    kind = kind_of(taken.main)
    check_name(taken.main.name, kind)
    inner = replace(options, part=taken.part)
    if kind == "zip":
        if kind_of_archive(taken.main) != "xlsx":
            refuse_nested()
        source = open_xlsx(taken.main, inner.part)
    else:
        source = _open(taken.main, kind, inner, scratch)
    several = len(taken.names) > 1 or not source.layers
    return replace(
        source,
        problems=(*taken.problems, *source.problems),
        layers=taken.names if several else source.layers,
        layer=taken.name if several else source.layer,
    )


def _open(path: Path, kind: str, options: Options, scratch: Path) -> Source:
    readers: dict[str, Callable[[], Source]] = {
        "shapefile": lambda: open_shapefile(path, options.encoding, scratch),
        "dbf": lambda: open_dbf(path, options.encoding, scratch),
        "sqlite": lambda: open_geopackage(path, options.part, scratch),
        "flatgeobuf": lambda: open_ogr(under_name(path, scratch / "data.fgb"), "FlatGeobuf"),
        "parquet": lambda: open_parquet(path),
        "json": lambda: open_geojson(path, scratch, options.part),
        "json array": lambda: open_json_list(path, scratch),
        "script": lambda: open_script(path, scratch, options.part),
        "xml": lambda: open_xml(path, options, scratch),
        "mif": lambda: open_mapinfo(path, scratch),
        "tab": lambda: open_mapinfo(path, scratch),
        "text": lambda: open_csv(path, options.encoding),
    }
    return readers[kind]()
