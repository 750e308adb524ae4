"""Shapefiles and dBASE tables: their parts, their encodings, and what they hide."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from gisapp.catalogue.layer import Text
from gisapp.intake.archive import SHAPEFILE_PARTS
from gisapp.intake.dbf import Faults, find_faults, read_dbf
from gisapp.intake.encoding import diagnose_encoding
from gisapp.intake.problem import ERROR, WARNING, Problem, refuse
from gisapp.intake.readers.ogr import AGAIN, open_ogr
from gisapp.intake.source import Source
from gisapp.intake.wkb import is_nan_point
from gisapp.text.encodings import decodes

LONGEST_PRJ = 65_536  # bytes
HEADER = 100  # bytes of a .shp before its first record
MULTIPATCH = 31
FEWEST = {3: 2, 13: 2, 23: 2, 5: 4, 15: 4, 25: 4}
"""Points that a line or an area must have to be one, by shape type."""
KINDS = {0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28}
ABSENT = {
    ".dbf": (".dbf がありません（形状だけを読みました。属性はありません）", "there is no .dbf; only shapes were read, without attributes"),
    ".shx": (".shx がないため、作り直して読みました", "there is no .shx; it was made again"),
}  # fmt: skip


def open_shapefile(path: Path, forced_encoding: str, scratch: Path) -> Source:
    """A Shapefile given by its .shp; its parts are found beside it whatever the case of their names."""
    parts = _gather(path, ".shp", scratch)
    problems = [
        Problem(WARNING, f"missing_part({part[1:]})", *said)
        for part, said in ABSENT.items()
        if part not in parts
    ]
    found = [*problems, *([] if ".prj" in parts else [NO_PRJ])]
    _check_header(parts[".shp"], found)
    encoding = diagnose_encoding(parts.get(".dbf"), parts.get(".cpg"), forced_encoding)
    system_said = ".prj" in parts and _make_readable(parts[".prj"])
    shapes = _Records(parts[".shp"], found)
    source = open_ogr(parts[".shp"], "Shapefile", encoding, latin1=True, find=shapes.find)
    if ".prj" in parts and not (system_said and source.crs):
        ja = ".prj の内容が座標系の定義ではありません"
        en = "the .prj file defines no reference system"
        problems.append(Problem(WARNING, "sidecar_unreadable(prj)", ja, en))
    if (
        not source.count
    ):  # it gets no further: what is missing beside it matters no more, except what would be asked
        problems = [] if ".prj" in parts else [NO_PRJ]
    problems += _table_problems(parts.get(".dbf"), source.count)
    return replace(
        source,
        problems=(*problems, *encoding.problems, *source.problems),
        cut_names=True,
        crs_from=Text(".prj", ".prj"),
    )


def open_dbf(path: Path, forced_encoding: str, scratch: Path) -> Source:
    """A dBASE table by itself; its rows lie where its own columns say."""
    parts = _gather(path, ".dbf", scratch)
    encoding = diagnose_encoding(parts[".dbf"], parts.get(".cpg"), forced_encoding)
    source = open_ogr(parts[".dbf"], "dBASE（.dbf）", encoding, latin1=True)
    problems = [*encoding.problems, *_table_problems(parts[".dbf"], None), *source.problems]
    return replace(source, problems=tuple(problems), cut_names=True)


NO_PRJ = Problem(
    WARNING, "crs_missing", "座標系の情報（.prj）がありません", "it does not say its reference system (.prj)"
)


def _check_header(shp: Path, found: list[Problem]) -> None:
    """Raises errors.FileRefused for a .shp that is no whole one, or of a type that no layer can hold."""
    with shp.open("rb") as file:
        head = file.read(HEADER)
    if len(head) < HEADER:
        refuse("truncated", (".shp が途中で切れています", "its .shp is cut off"), AGAIN, found=found)
    kind = int.from_bytes(head[32:36], "little")
    if kind == MULTIPATCH:
        why = ("形状の種類が MultiPatch（3次元の面）です", "its shapes are MultiPatch (surfaces in space)")
        refuse(
            "unsupported_geometry",
            why,
            ("面（Polygon）に変換してください。", "Turn them into polygons."),
            found=found,
        )
    if kind not in KINDS:
        why = (f".shp の形状の種類（{kind}）がわかりません", f"its .shp is of an unknown type ({kind})")
        refuse("corrupt_record", why, AGAIN, found=found)


def _make_readable(prj: Path) -> bool:
    """Put the .prj into UTF-8, which is all that GDAL's Python side reads; False (and it is gone) where it is no text."""
    raw = prj.read_bytes()[:LONGEST_PRJ]
    prj.unlink()  # ours: a link or an unpacked copy
    for codec in ("utf-8-sig", "cp932"):
        if decodes(raw, codec):
            prj.write_text(raw.decode(codec), "utf-8")
            return True
    return False


def _gather(path: Path, main: str, scratch: Path) -> dict[str, Path]:
    """The parts of a data set under one plain name in our own folder, so that nothing is written beside the original."""
    wanted = SHAPEFILE_PARTS if main == ".shp" else (main, ".cpg")
    if path.parent == scratch:
        return {suffix: beside for suffix in wanted if (beside := path.with_suffix(suffix)).exists()}
    stem = path.name[: -len(path.suffix)] if path.suffix else path.name
    originals = {main: path}
    for beside in path.parent.iterdir():
        suffix = beside.suffix.lower()
        if suffix != main and beside.stem.lower() == stem.lower() and suffix in wanted and beside.is_file():
            originals[suffix] = beside
    parts = {suffix: scratch / f"data{suffix}" for suffix in originals}
    for suffix, copy in parts.items():
        if suffix == ".shx":  # GDAL writes the index anew whenever it may restore one, also through a link
            shutil.copyfile(originals[suffix], copy)
        else:
            copy.symlink_to(originals[suffix].absolute())
    return parts


def _table_problems(dbf: Path | None, shapes: int | None) -> list[Problem]:
    """What the table hides: records marked as deleted, numbers that did not fit, a count that is not true."""
    head = read_dbf(dbf) if dbf else None
    if dbf is None or head is None:
        return []
    problems = []
    faults: Faults = find_faults(dbf, head)
    if faults.deleted:
        ja = f"削除の印が付いた {faults.deleted:,} 件は読みません"
        en = f"{faults.deleted:,} records that are marked as deleted are not read"
        problems.append(Problem(WARNING, "deleted_records", ja, en))
    for name in faults.overflowed:
        ja, en = (
            "桁があふれた数値（****）は空として読みました",
            "numbers that did not fit (****) are read as empty",
        )
        problems.append(Problem(WARNING, "value_overflow", ja, en, column=name.decode("ascii", "replace")))
    if head.claimed != head.records or (shapes is not None and shapes != head.records):
        ja = f".dbf の件数（{head.claimed:,}）が実際の件数（{shapes if shapes is not None else head.records:,}）と違います"
        en = f"the .dbf claims {head.claimed:,} records, which is not how many there are"
        problems.append(Problem(WARNING, "false_count", ja, en))
    return problems


class _Records:
    """Tells shapes that are missing from shapes that are broken, which GDAL gives as missing too."""

    def __init__(self, shp: Path, found: list[Problem]) -> None:
        self._shp, self._shx, self._found = shp, shp.with_suffix(".shx"), found

    def find(self, batch: pa.RecordBatch, rows: np.ndarray[Any, Any]) -> list[Problem]:
        """Problems of some rows, as GDAL read them."""
        wkb = batch.column(batch.num_columns - 1)
        if not (pa.types.is_binary(wkb.type) or pa.types.is_large_binary(wkb.type)):
            return []
        problems = []
        if len(wkb) and 21 <= wkb.nbytes:
            nan = is_nan_point(wkb.to_pylist()) if _all_small(wkb) else np.zeros(len(wkb), dtype=bool)
            if nan.any():
                ja, en = (
                    "座標が数値ではありません（NaN）。位置のない行とします",
                    "its coordinates are no numbers (NaN): it has no place",
                )
                problems.append(Problem(WARNING, "nonfinite_coordinate", ja, en, tuple(rows[nan].tolist())))
        missing = rows[~np.asarray(wkb.is_valid())]
        broken = tuple(row for row in missing.tolist() if self._is_there(row))
        if len(broken) == len(rows):
            why = ("どの形状の記録も壊れています", "all records of its shapes are broken")
            refuse("corrupt_record", why, AGAIN, found=self._found)
        if broken:
            ja, en = "形状の記録が壊れています", "the record of its shape is broken"
            problems.append(Problem(ERROR, "corrupt_record", ja, en, broken))
        return problems

    def _is_there(self, row: int) -> bool:
        """Whether the record holds a shape with points, whatever GDAL made of it."""
        try:
            with self._shx.open("rb") as index:
                index.seek(HEADER + 8 * (row - 1))
                at = int.from_bytes(index.read(4), "big") * 2
            with self._shp.open("rb") as file:
                file.seek(at + 4)
                length = int.from_bytes(file.read(4), "big") * 2
                content = file.read(min(length, 48))
        except OSError:
            return False
        kind = int.from_bytes(content[:4], "little")
        if kind == 0 or len(content) < 44:
            return False
        points = int.from_bytes(content[40:44] if kind not in (8, 18, 28) else content[36:40], "little")
        return kind in (3, 5, 8, 13, 15, 18, 23, 25, 28) and points >= FEWEST.get(kind, 1)


def _all_small(wkb: pa.Array) -> bool:
    return wkb.nbytes < 64 * len(wkb)


def refuse_without_shapes(name: str) -> NoReturn:
    """Raises errors.FileRefused for a side file that was given instead of the .shp."""
    why = (f"「{name}」は Shapefile の一部です", f"“{name}” is a part of a Shapefile")
    do = (".shp・.dbf・.shx・.prj を一緒に zip にしてください。", "Zip .shp, .dbf, .shx and .prj together.")
    refuse("missing_part(shp)", why, do)
