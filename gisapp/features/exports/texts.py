"""GeoJSON and CSV, row by row."""

from __future__ import annotations

import collections
import csv
import io
from collections.abc import Iterator
from typing import Any

from gisapp.features.cells import safe
from gisapp.features.exports.formats import Job

Batches = Iterator[list[tuple[Any, ...]]]
NOT_HELD = "〓"
SAME = {
    0x301C: 0xFF5E,
    0x2212: 0xFF0D,
    0x2014: 0x2015,
    0x2016: 0x2225,
    0x00A2: 0xFFE0,
    0x00A3: 0xFFE1,
    0x00AC: 0xFFE2,
}
"""Signs for which CP932, as Windows has it, has another code point of the same sign (〜 and ～)."""
PLACE = {"ja": ("番号", "経度", "緯度"), "en": ("Number", "Longitude", "Latitude")}


def write_geojson(job: Job, batches: Batches) -> dict[str, Any]:
    """A FeatureCollection, each feature as PostGIS wrote it."""
    count = 0
    with open(job.path, "w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for rows in batches:
            file.write(",\n" if count else "\n")
            file.write(",\n".join(row[0] for row in rows))
            count += len(rows)
        file.write("\n]}\n")
    return {"rows": count}


def write_csv(job: Job, batches: Batches) -> dict[str, Any]:
    """Titles, then a row a feature, with the place of its middle; UTF-8 with BOM, or CP932.

    What CP932 cannot hold becomes 〓 and is reported: characters and how often.
    """
    count, unheld = 0, collections.Counter[str]()
    number, lon, lat = PLACE[job.lang]
    with open(job.path, "wb") as file:
        file.write(b"\xef\xbb\xbf" if job.encoding == "utf-8" else b"")
        titles = [number, *(column.title for column in job.columns), lon, lat]
        file.write(_lines([titles], job.encoding, unheld))
        for rows in batches:
            file.write(_lines([[safe(_plain(cell)) for cell in row] for row in rows], job.encoding, unheld))
            count += len(rows)
    return {"rows": count, "unheld": dict(unheld.most_common(200))}


def _lines(rows: list[list[Any]], encoding: str, unheld: collections.Counter[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    text = out.getvalue()
    if encoding == "utf-8":
        return text.encode()
    try:
        text = text.translate(SAME)
        return text.encode("cp932")
    except UnicodeEncodeError:
        wrong = {sign for sign in set(text) if not _held(sign)}
        unheld.update(sign for sign in text if sign in wrong)
        return text.translate({ord(sign): NOT_HELD for sign in wrong}).encode("cp932")


def _held(sign: str) -> bool:
    try:
        sign.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _plain(cell: Any) -> Any:
    return cell.isoformat() if hasattr(cell, "isoformat") else cell
