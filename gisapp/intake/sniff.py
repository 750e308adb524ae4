"""What a file is, by its first bytes. A name is only a claim: both must agree."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import NoReturn

from gisapp.intake.foreign import FOREIGN, refuse_foreign
from gisapp.intake.problem import refuse

HEAD = 65_536
READABLE = "Shapefile（zip）・File Geodatabase（zip）・GeoPackage・GeoJSON・FlatGeobuf・GeoParquet・KML・GML・CSV・Excel（xlsx）"
READABLE_EN = "zipped Shapefile, GeoPackage, GeoJSON, FlatGeobuf, GeoParquet, KML, GML, CSV or Excel (xlsx)"
KINDS_BY_SUFFIX = {
    **dict.fromkeys((".zip", ".xlsx", ".xlsm", ".kmz"), {"zip"}),
    ".shp": {"shapefile"},
    ".dbf": {"dbf"},
    ".gpkg": {"sqlite"},
    ".fgb": {"flatgeobuf"},
    **dict.fromkeys((".parquet", ".geoparquet"), {"parquet"}),
    **dict.fromkeys((".csv", ".tsv", ".txt"), {"text"}),
    **dict.fromkeys((".xml", ".gml", ".kml", ".osm"), {"xml"}),
    ".mif": {"mif"},
    ".tab": {"tab"},
    **dict.fromkeys(
        (".geojson", ".json", ".topojson", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"),
        {"json", "json array", "script"},
    ),
}
WORDS = {
    "zip": ("zip", "a zip archive"),
    "shapefile": ("Shapefile", "a Shapefile"),
    "dbf": ("dBASE の表（.dbf）", "a dBASE table (.dbf)"),
    "sqlite": ("SQLite（GeoPackage）", "SQLite (GeoPackage)"),
    "flatgeobuf": ("FlatGeobuf", "FlatGeobuf"),
    "parquet": ("Parquet", "Parquet"),
    "json": ("JSON", "JSON"),
    "json array": ("JSON の配列", "a JSON array"),
    "script": ("JavaScript", "JavaScript"),
    "html": ("HTML のページ", "an HTML page"),
    "xml": ("XML", "XML"),
    "mif": ("MapInfo の交換形式（MIF）", "MapInfo's interchange format (MIF)"),
    "tab": ("MapInfo の表（TAB）", "a MapInfo table (TAB)"),
    "text": ("テキスト", "text"),
    "binary": ("不明な形式", "an unknown format"),
    **{kind: (said.ja, said.en) for kind, said in FOREIGN.items()},
}
MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"SQLite format 3\0", "sqlite"),
    (b"fgb", "flatgeobuf"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"PAR1", "parquet"),
    (b"!table", "tab"),
    (b"!Table", "tab"),
)
SCRIPT = re.compile(rb"(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*\s*[=(]\s*[{\[]")
"""JSON that a web page loads: `var x = {…};` or `callback({…})`."""


def kind_of(path: Path) -> str:
    """One of WORDS, by content. Raises errors.FileRefused for an empty file and for a folder."""
    if path.is_dir():
        why = ("フォルダです", "it is a folder")
        refuse(
            "unsupported_variant", why, ("フォルダごと zip に圧縮してください。", "Pack the folder as a zip.")
        )
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        _refuse_empty()
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    for kind, said in FOREIGN.items():
        if head.startswith(said.magic):
            return kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "xml" if "<?xml" in head[:64].decode("utf-16", "ignore") else "text"
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
    if is_dbf(head):
        return "dbf"
    if b"\0" in head:
        return "binary"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        _refuse_empty()
    if text.startswith((b"{", b"\x1e")):
        return "json"
    if text.startswith(b"["):
        return "json array"
    if text.startswith(b"<"):
        return "html" if re.match(rb"<(!doctype\s+)?html", text, re.I) else "xml"
    if re.match(rb"version\s+\d+\s", text, re.I) and re.search(rb"^\s*columns\s+\d", text, re.I | re.M):
        return "mif"
    return "script" if SCRIPT.match(text) else "text"


def is_dbf(head: bytes) -> bool:
    """Whether these first bytes are a dBASE table's: a version, a date, and lengths that fit one another."""
    if len(head) < 33 or head[0] not in (0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x83, 0x8B, 0xF5):
        return False
    first, length = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    return head[2] <= 12 and head[3] <= 31 and first >= 33 and length >= 1


def _refuse_empty() -> NoReturn:
    why = ("中身がありません（空のファイルです）", "it is empty")
    refuse("empty_file", why, ("書き出しからやり直してください。", "Export it again."))


def check_name(name: str, kind: str) -> None:
    """Raises errors.FileRefused where the content is not what the name says, or where neither can be read here."""
    suffix = PurePath(name).suffix.lower()
    ja, en = WORDS[kind]
    allowed = KINDS_BY_SUFFIX.get(suffix)
    if allowed is not None and kind not in allowed:
        why = (f"拡張子は {suffix} ですが、中身は{ja}です", f"its name ends in {suffix} but it holds {en}")
        do = ("書き出しやダウンロードをやり直してください。", "Export or download it again.")
        refuse("not_this_format", why, do)
    if kind in FOREIGN:
        refuse_foreign(kind)
    if (allowed is None and suffix and kind == "text") or kind in {"html", "binary"}:
        refuse_unknown(suffix or ja, suffix or en)


def refuse_unknown(ja: str, en: str) -> NoReturn:
    """Refuse a format that has no reader. Raises errors.FileRefused."""
    why = (f"この形式（{ja}）は読めません", f"this format ({en}) cannot be read here")
    refuse("unsupported_variant", why, (f"{READABLE} に変換してください。", f"Convert it to {READABLE_EN}."))
