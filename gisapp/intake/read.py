"""Opening a file: by its content and its name find the reader. Archives are unpacked, everything happens in `scratch`.

`open_source` does it in a process of its own; `open_here` is what runs there.
"""

from __future__ import annotations

from pathlib import Path

from gisapp.intake.archive import take_out
from gisapp.intake.child.reader import open_apart
from gisapp.intake.options import Options
from gisapp.intake.problem import refuse
from gisapp.intake.sniff import check_name, kind_of
from gisapp.intake.source import Source
from gisapp.intake.table import open_csv, open_json_list
from gisapp.intake.vector import open_flatgeobuf, open_geojson, open_geopackage, open_shapefile


def open_source(path: Path, name: str, options: Options, scratch: Path) -> Source:
    """Open the file at `path`, which people call `name`. `scratch` is an empty folder that lives as long as the source.

    A child process reads, with limits on its memory and time. Nothing is ever written beside the file.
    Raises errors.FileRefused with a sentence for whatever cannot be read, whatever it does to its reader.
    """
    return open_apart(path, name, options, scratch)


def open_here(path: Path, name: str, options: Options, scratch: Path) -> Source:
    """As `open_source`, in this process: what the child does. Raises errors.FileRefused."""
    kind = kind_of(path)
    check_name(name, kind)
    if kind == "zip":
        path, name = take_out(path, options.part, scratch)
        kind = kind_of(path)
        check_name(path.name, kind)
    if kind == "shapefile":
        return open_shapefile(path, options.encoding, scratch)
    if kind == "sqlite":
        return open_geopackage(path, options.part, scratch)
    if kind == "flatgeobuf":
        return open_flatgeobuf(path, scratch)
    if kind == "json":
        return open_geojson(path, scratch)
    if kind == "json array":
        return open_json_list(path)
    if kind == "text":
        return open_csv(path, options.encoding)
    why = (f"「{name}」は読めない形式です", f"“{name}” is of a format that cannot be read")
    refuse("unsupported_variant", why, ("別の形式で書き出してください。", "Export it in another format."))
