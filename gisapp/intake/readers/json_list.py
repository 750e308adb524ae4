"""JSON that is a list: of flat objects (a table), or of GeoJSON features that lack their collection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import NOTE, Problem, refuse
from gisapp.intake.readers.geojson import open_geojson
from gisapp.intake.readers.position import placed
from gisapp.intake.readers.rows import Feature, in_batches
from gisapp.intake.source import ROWS_AT_ONCE, Source

LARGEST = 256 * 2**20  # bytes; a list is read whole
AGAIN = ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again.")
CONVERT = ("GeoJSON か CSV に変換してください。", "Convert it to GeoJSON or CSV.")


NO_GEOJSON = Problem(
    NOTE,
    "unsupported_variant",
    "GeoJSON ではなく JSON の一覧なので、表として読みました",
    "it is a JSON list, not GeoJSON; it was read as a table",
)


def open_json_list(path: Path, scratch: Path) -> Source:
    """A JSON list of flat objects, each a row, or of features. Raises errors.FileRefused for any other JSON."""
    rows = _rows(path)
    if all(row.get("type") == "Feature" for row in rows):
        whole = scratch / "features.geojson"
        whole.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), "utf-8")
        return open_geojson(whole, scratch)
    names = list(dict.fromkeys(str(key) for row in rows for key in row))

    def records() -> Iterator[Feature]:
        for number, row in enumerate(rows, 1):
            yield number, [_text(row.get(name)) for name in names], None

    return placed(
        Source(
            format="JSON（一覧）",
            columns=tuple(names),
            typed=False,
            batches=lambda: in_batches(records(), names, ROWS_AT_ONCE),
            encoding="utf-8",
            encoding_from=Text("形式の規定による", "by the format's rule"),
            count=len(rows),
            problems=(NO_GEOJSON,),
        )
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.stat().st_size > LARGEST:
        _refuse_list(("JSON の一覧として大きすぎます", "it is too large for a JSON list"))
    try:
        rows = json.loads(path.read_bytes())
    except RecursionError:
        why = ("JSON の入れ子が深すぎます", "its JSON is nested too deeply")
        refuse("too_deep", why, AGAIN)
    except ValueError:
        refuse("truncated", ("JSON として壊れています", "it is not whole JSON"), AGAIN)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        _refuse_list(("項目名と値の一覧ではありません", "it is no list of rows with names and values"))
    return rows


def _refuse_list(why: tuple[str, str]) -> NoReturn:
    refuse("unsupported_variant", why, CONVERT)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
