"""Reading through GDAL: rows come as Arrow batches, geometry as WKB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import shapely

from gisapp.catalogue.layer import Text
from gisapp.intake.encoding import Encoding, cut_texts, decode_column, decode_name
from gisapp.intake.gdal import pyogrio, quietly
from gisapp.intake.problem import NOTE, WARNING, Problem, refuse
from gisapp.intake.readers.position import placed, placed_if_empty
from gisapp.intake.source import ROWS_AT_ONCE, UNREAD, Batch, Source
from gisapp.intake.wkb import has_curves, has_surfaces, refuse_deep, types_of

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
AGAIN = ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again.")
UTF8 = Encoding("utf-8", Text("形式の規定による", "by the format's rule"))
Find = Callable[[pa.RecordBatch, np.ndarray[Any, Any]], list[Problem]]
"""What a format has to say of rows as GDAL gives them: (batch, row numbers) → problems."""


def under_name(path: Path, wanted: Path) -> Path:
    """The file under a name that GDAL knows the format by, in our own folder, so that nothing is written beside it."""
    if path.parent == wanted.parent:
        return path
    wanted.symlink_to(path.absolute())
    return wanted


def layers_of(path: Path) -> dict[str, str | None]:
    """Layers by name, with the geometry type that each declares (None: a table). Raises errors.FileRefused."""
    try:
        with quietly():
            return {str(name): kind for name, kind in pyogrio().list_layers(path)}
    except FAILURES:
        refuse_unreadable()


def with_rows(path: Path, layers: list[str]) -> list[str]:
    """Those of several layers that hold any rows; all of them where none does."""
    if len(layers) < 2:
        return layers
    try:
        with quietly():
            words = {"force_feature_count": True}
            return [n for n in layers if pyogrio().read_info(path, layer=n, **words)["features"]] or layers
    except FAILURES:
        return layers


def with_shapes(path: Path, layers: list[str]) -> tuple[list[str], list[Problem]]:
    """Those of several layers that hold any shapes (all of them where none does), and what their rows are."""
    there, lacking, dimensions = [], [], set()
    for layer in layers if len(layers) > 1 else []:
        types, rows = _types_in(path, layer)
        if types:
            there.append(layer)
        if rows > sum(types.values()):
            lacking.append(layer)
        dimensions |= {DIMENSIONS.get(kind % 1000, "複合") for kind in types}
    found = []
    if lacking:
        named = "、".join(lacking[:5])
        ja, en = f"形状のない行があります（レイヤー：{named}）", f"some rows have no shape (layers: {named})"
        found.append(Problem(NOTE, "null_geometry", ja, en))
    if len(dimensions) > 1:
        named = "・".join(sorted(dimensions))
        found.append(
            Problem(
                NOTE,
                "mixed_geometry",
                f"{named}のレイヤーがあります",
                "its layers hold different kinds of shapes",
            )
        )
    return there or layers, found


DIMENSIONS = {1: "点", 4: "点", 2: "線", 5: "線", 9: "線", 11: "線", 3: "面", 6: "面", 10: "面", 12: "面"}
"""By ISO type code; all other types are collections or surfaces in space."""


def _types_in(path: Path, layer: str) -> tuple[Counter[int], int]:
    """Shapes of a layer by ISO type code, and how many rows it has; none where it cannot be read."""
    types: Counter[int] = Counter()
    count = 0
    try:
        with (
            quietly(),
            pyogrio().open_arrow(path, use_pyarrow=True, layer=layer, columns=[]) as (_, rows),
        ):
            for batch in rows:
                count += batch.num_rows
                types.update(types_of(batch.column(batch.num_columns - 1)).tolist())
    except FAILURES:
        return Counter(), 0
    del types[0]
    return types, count


def open_ogr(
    path: Path,
    title: str,
    encoding: Encoding = UTF8,
    *,
    layer: str | None = None,
    latin1: bool = False,
    counted: bool = True,
    without: frozenset[str] = frozenset(),
    renamed: Mapping[str, str] = MappingProxyType({}),
    find: Find | None = None,
) -> Source:
    """A layer that GDAL reads. `latin1`: its texts are bytes in `encoding`, to be decoded here. `without`: columns left out.
    `renamed`: names as GDAL knows them → names in the file.

    A layer without geometry lies where its own columns say. Raises errors.FileRefused.
    """
    words: dict[str, Any] = {"layer": layer, "encoding": "ISO-8859-1" if latin1 else None}
    try:
        with quietly():
            about = pyogrio().read_info(path, **words)
    except FAILURES:
        refuse_unreadable()
    codec = encoding.codec if latin1 else None
    fields = [str(name) for name in about["fields"] if name not in without]
    if without:
        words["columns"] = fields
    names, problems = _different([decode_name(n, codec) if codec else renamed.get(n, n) for n in fields])
    source = Source(
        format=title,
        columns=tuple(names),
        batches=_reader(path, words, names, codec, find),
        crs=about["crs"],
        crs_from=Text("ファイルによる", "from the file"),
        encoding=encoding.codec,
        encoding_from=encoding.said_by,
        count=about["features"] if counted and about["features"] >= 0 else None,
        kind=about["geometry_type"],
        problems=tuple(problems),
    )
    return (
        placed_if_empty(source)
        if about["geometry_type"]
        else placed(replace(source, crs=None, crs_from=None))
    )


def _different(names: list[str]) -> tuple[list[str], list[Problem]]:
    """Names that differ from one another. GDAL numbers repeated ones by itself: a, a_1."""
    different: list[str] = []
    problems = []
    for name in names:
        base = name.rpartition("_")[0] if name.rpartition("_")[2].isdigit() else name
        if name in different or (
            base != name and base in different and name.rpartition("_")[2] == "1" and len(base) >= 9
        ):
            ja, en = "同じ名前の列が2つあります", "two columns have this name"
            problems.append(Problem(WARNING, "duplicate_field_name", ja, en, column=name))
        number = 2
        free = name
        while free in different:
            free, number = f"{name} ({number})", number + 1
        different.append(free)
    return different, problems


def refuse_unreadable() -> NoReturn:
    """Raises errors.FileRefused for a file that GDAL does not open."""
    why = (
        "内容が壊れているか、形式が違うため開けません",
        "it is broken or of another format and cannot be opened",
    )
    refuse("corrupt_record", why, AGAIN)


def _reader(
    path: Path, words: dict[str, Any], names: list[str], codec: str | None, find: Find | None
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
                    made = _batch(batch, first, names, codec, find)
                    yield _without_curves(made, path, first, words) if made.wkb is not None else made
                    first += batch.num_rows
        except FAILURES:
            why = (f"{first}行目より後が壊れていて読めません", f"it is broken after row {first - 1}")
            refuse("truncated", why, AGAIN)

    return read


def _batch(
    batch: pa.RecordBatch, first: int, names: list[str], codec: str | None, find: Find | None
) -> Batch:
    """One Arrow batch; the last of its columns is the geometry."""
    rows = np.arange(first, first + batch.num_rows)
    problems = find(batch, rows) if find else []
    columns: dict[str, pa.Array] = {}
    for name, values in zip(names, batch.columns, strict=False):
        if codec and (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            values, spoilt = decode_column(values, codec)
            problems += cut_texts(name, rows[spoilt])
        columns[name] = values
    if len(names) == batch.num_columns:  # a table without shapes
        return Batch(rows, columns, np.full(len(rows), None, dtype=object), tuple(problems))
    wkb = batch.column(batch.num_columns - 1)
    refuse_deep(wkb)
    return Batch(rows, columns, UNREAD, tuple(problems), wkb)


def _without_curves(batch: Batch, path: Path, first: int, words: dict[str, Any]) -> Batch:
    """The same rows with arcs as short lines, which GDAL makes of them when it gives shapes one by one."""
    assert batch.wkb is not None
    if has_surfaces(batch.wkb):
        why = ("3次元の面（MultiPatch・TIN）があります", "it holds surfaces in space (MultiPatch, TIN)")
        refuse("unsupported_geometry", why, ("面（Polygon）に変換してください。", "Turn them into polygons."))
    curved = has_curves(batch.wkb)
    if not curved.any():
        return batch
    count = len(batch.rows)
    _, _, wkb, _ = pyogrio().raw.read(
        path, skip_features=first - 1, max_features=count, **{**words, "columns": []}
    )
    ja, en = "円弧などの曲線を短い折れ線にしました", "curves are turned into short lines"
    said = Problem(WARNING, "curve_linearised", ja, en, tuple(batch.rows[curved].tolist()))
    return replace(batch, wkb=pa.array(wkb, pa.large_binary()), problems=(*batch.problems, said))
