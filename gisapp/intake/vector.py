"""Reading through GDAL: Shapefile, GeoPackage, FlatGeobuf, GeoJSON. Rows come as Arrow batches, geometry as WKB."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import shapely

from gisapp import errors
from gisapp.catalogue.layer import Text
from gisapp.intake.archive import SHAPEFILE_PARTS, refuse_several
from gisapp.intake.encoding import Encoding, cut_texts, decode_column, decode_name, diagnose_encoding
from gisapp.intake.gdal import pyogrio, quietly
from gisapp.intake.problem import WARNING, Problem, refuse
from gisapp.intake.source import ROWS_AT_ONCE, UNREAD, Batch, Source
from gisapp.intake.wkb import refuse_deep
from gisapp.text.encodings import decodes, encoding_of_file

FAILURES = (
    RuntimeError,
    ValueError,
    OSError,
    LookupError,
    ArithmeticError,
    pa.ArrowException,
    shapely.errors.ShapelyError,
)
"""What pyogrio, Arrow and shapely raise for content that makes no sense."""
LARGEST_EXPLAINED = 64 * 2**20  # bytes of JSON that are read again to say where they break
LONGEST_PRJ = 65_536  # bytes
EDGE = 65_536  # bytes at the start and end of a GeoJSON where `crs` may stand
UTF8 = Encoding("utf-8", Text("形式の規定による", "by the format's rule"))


def open_shapefile(path: Path, forced_encoding: str, scratch: Path) -> Source:
    """A Shapefile given by its .shp; its parts are found beside it whatever the case of their names."""
    parts = _gather(path, scratch)
    problems = []
    for part in (".dbf", ".shx"):
        if part not in parts:
            ja, en = (
                f"{part} がありません（形状だけを読みました）",
                f"there is no {part}; only shapes were read",
            )
            if part == ".shx":
                ja, en = ".shx がないため、作り直して読みました", "there is no .shx; it was made again"
            problems.append(Problem(WARNING, f"missing_part({part[1:]})", ja, en))
    encoding = diagnose_encoding(parts.get(".dbf"), parts.get(".cpg"), forced_encoding)
    system_said = ".prj" in parts and _make_readable(parts[".prj"])
    source = _open(parts[".shp"], "Shapefile", encoding, latin1=True)
    if ".prj" in parts and not (system_said and source.crs):
        ja = ".prj の内容が座標系の定義ではありません"
        problems.append(
            Problem(WARNING, "sidecar_unreadable(prj)", ja, "the .prj file defines no reference system")
        )
    return _with(
        source, problems=(*problems, *encoding.problems), cut_names=True, crs_from=Text(".prj", ".prj")
    )


def _make_readable(prj: Path) -> bool:
    """Put the .prj into UTF-8, which is all that GDAL's Python side reads; False (and it is gone) where it is no text."""
    raw = prj.read_bytes()[:LONGEST_PRJ]
    prj.unlink()  # ours: a link or an unpacked copy
    for codec in ("utf-8-sig", "cp932"):
        if decodes(raw, codec):
            prj.write_text(raw.decode(codec), "utf-8")
            return True
    return False


def _gather(path: Path, scratch: Path) -> dict[str, Path]:
    """The parts of a Shapefile under one plain name in our own folder, so that nothing is written beside the original."""
    if path.parent == scratch:
        return {
            suffix: path.with_suffix(suffix)
            for suffix in SHAPEFILE_PARTS
            if path.with_suffix(suffix).exists()
        }
    parts = {}
    stem = path.name[: -len(path.suffix)] if path.suffix else path.name
    for beside in path.parent.iterdir():
        suffix = beside.suffix.lower()
        if beside.stem.lower() == stem.lower() and suffix in SHAPEFILE_PARTS and beside.is_file():
            parts[suffix] = scratch / f"data{suffix}"
    parts[".shp"] = scratch / "data.shp"
    for suffix, copy in parts.items():
        original = next(
            (p for p in path.parent.iterdir() if p.name.lower() == f"{stem}{suffix}".lower()), path
        )
        if suffix == ".shx":  # GDAL writes the index anew whenever it may restore one, also through a link
            shutil.copyfile(original, copy)
        else:
            copy.symlink_to((path if suffix == ".shp" else original).absolute())
    return parts


def open_geopackage(path: Path, part: str, scratch: Path) -> Source:
    """A GeoPackage with one layer, or its layer `part`."""
    with path.open("rb") as file:
        if 2 in file.read(20)[18:20]:  # write-ahead log: SQLite would write beside the file
            path = Path(shutil.copyfile(path, scratch / "data.gpkg"))
    path = _under_name(path, scratch / "data.gpkg")
    return _open(path, "GeoPackage", UTF8, layer=_layer(path, part))


def open_flatgeobuf(path: Path, scratch: Path) -> Source:
    """A FlatGeobuf file."""
    return _open(_under_name(path, scratch / "data.fgb"), "FlatGeobuf", UTF8)


def open_geojson(path: Path, scratch: Path) -> Source:
    """GeoJSON, whole or a feature a line. Without `crs` it is longitude and latitude (RFC 7946)."""
    if encoding_of_file(path, ["utf-8"]) is None:
        why = ("文字コードが UTF-8 ではありません", "it is not in UTF-8")
        refuse("encoding_unknown", why, ("UTF-8 で保存し直してください。", "Save it as UTF-8."))
    path = _under_name(path, scratch / "data.geojson")
    try:
        source = _open(path, "GeoJSON", UTF8, counted=False)
    except errors.FileRefused:
        _refuse_json(path)
    declared = Text("ファイルの crs", "its crs member")
    return _with(source, crs_from=declared if _has_crs(path) else Text("RFC 7946 による", "by RFC 7946"))


def _refuse_json(path: Path) -> NoReturn:
    """Say why a JSON file is no GeoJSON: broken at some line, or something else. Raises errors.FileRefused."""
    try:
        if path.stat().st_size <= LARGEST_EXPLAINED:
            json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where, at = (f"{line}行目で", f" at line {line}") if line else ("", "")
        why = (
            f"JSON が{where}壊れています（途中で切れている可能性があります）",
            f"its JSON breaks{at}; it may be cut off",
        )
        refuse(
            "truncated",
            why,
            ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again."),
        )
    why = ("JSON ですが、GeoJSON ではありません", "it is JSON but not GeoJSON")
    refuse("unsupported_variant", why, ("GeoJSON として書き出してください。", "Export it as GeoJSON."))


def _has_crs(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(EDGE)
        file.seek(max(path.stat().st_size - EDGE, 0))
        return re.search(rb'"crs"\s*:\s*\{', head + file.read()) is not None


def _under_name(path: Path, wanted: Path) -> Path:
    """The file under a name that GDAL knows the format by, in our own folder."""
    if path.parent == wanted.parent:
        return path
    wanted.symlink_to(path.absolute())
    return wanted


def _layer(path: Path, part: str) -> str:
    try:
        with quietly():
            listed = [str(name) for name, kind in pyogrio().list_layers(path) if kind is not None]
    except FAILURES:
        _refuse_unreadable()
    if not listed:
        why = ("形状を持つレイヤーがありません", "it has no layer with shapes")
        refuse("no_position", why, ("書き出すレイヤーを確かめてください。", "See which layer was exported."))
    if part not in listed and (part or len(listed) > 1):
        refuse_several(listed, part)
    return part or listed[0]


def _open(
    path: Path,
    title: str,
    encoding: Encoding,
    *,
    layer: str | None = None,
    latin1: bool = False,
    counted: bool = True,
) -> Source:
    words = {"layer": layer, "encoding": "ISO-8859-1" if latin1 else None}
    try:
        with quietly():
            about = pyogrio().read_info(path, **words)
    except FAILURES:
        _refuse_unreadable()
    codec = encoding.codec if latin1 else None
    names = [decode_name(n, codec) if codec else str(n) for n in about["fields"]]
    return Source(
        format=title,
        columns=tuple(names),
        batches=_reader(path, words, names, codec),
        crs=about["crs"],
        crs_from=Text("ファイルによる", "from the file"),
        encoding=encoding.codec,
        encoding_from=encoding.said_by,
        count=about["features"] if counted and about["features"] >= 0 else None,
    )


def _with(source: Source, **changes: Any) -> Source:
    return Source(**{**source.__dict__, **changes})


def _refuse_unreadable() -> NoReturn:
    why = (
        "内容が壊れているか、形式が違うため開けません",
        "it is broken or of another format and cannot be opened",
    )
    refuse(
        "corrupt_record",
        why,
        ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again."),
    )


def _reader(
    path: Path, words: dict[str, Any], names: list[str], codec: str | None
) -> Callable[[], Generator[Batch, None, None]]:
    """What reads the rows. Column names are `names`, in the order of the file."""

    def read() -> Generator[Batch, None, None]:
        first = 1
        try:
            with (
                quietly(),
                pyogrio().open_arrow(path, use_pyarrow=True, batch_size=ROWS_AT_ONCE, **words) as (_, rows),
            ):
                for batch in rows:
                    yield _batch(batch, first, names, codec)
                    first += batch.num_rows
        except FAILURES:
            why = (f"{first}行目より後が壊れていて読めません", f"it is broken after row {first - 1}")
            refuse(
                "truncated",
                why,
                ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again."),
            )

    return read


def _batch(batch: pa.RecordBatch, first: int, names: list[str], codec: str | None) -> Batch:
    """One Arrow batch; the last of its columns is the geometry."""
    rows = np.arange(first, first + batch.num_rows)
    problems: list[Problem] = []
    columns: dict[str, pa.Array] = {}
    for name, values in zip(names, batch.columns, strict=False):
        if codec and (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            values, spoilt = decode_column(values, codec)
            problems += cut_texts(name, rows[spoilt])
        columns.setdefault(name, values)
    if len(names) == batch.num_columns:  # a table without shapes
        return Batch(rows, columns, np.full(len(rows), None, dtype=object), tuple(problems))
    wkb = batch.column(batch.num_columns - 1)
    refuse_deep(wkb)
    return Batch(rows, columns, UNREAD, tuple(problems), wkb)
