"""What a file is, by its first bytes. A name is only a claim: both must agree."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import NoReturn

from gisapp.intake.problem import refuse

HEAD = 65_536
READABLE = "GeoJSON・Shapefile（zip）・GeoPackage・FlatGeobuf・CSV"
READABLE_EN = "GeoJSON, zipped Shapefile, GeoPackage, FlatGeobuf or CSV"
KINDS_BY_SUFFIX = {
    ".zip": {"zip"},
    ".shp": {"shapefile"},
    ".gpkg": {"sqlite"},
    ".fgb": {"flatgeobuf"},
    ".csv": {"text"},
    ".tsv": {"text"},
    ".txt": {"text"},
    **dict.fromkeys(
        (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"), {"json", "json array"}
    ),
}
WORDS = {
    "zip": ("zip", "a zip archive"),
    "shapefile": ("Shapefile", "a Shapefile"),
    "sqlite": ("SQLite（GeoPackage）", "SQLite (GeoPackage)"),
    "flatgeobuf": ("FlatGeobuf", "FlatGeobuf"),
    "json": ("JSON", "JSON"),
    "json array": ("JSON の配列", "a JSON array"),
    "html": ("HTML のページ", "an HTML page"),
    "xml": ("XML", "XML"),
    "text": ("テキスト", "text"),
    "binary": ("不明な形式", "an unknown format"),
}


def kind_of(path: Path) -> str:
    """One of WORDS, by content. Raises errors.FileRefused for an empty file."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        _refuse_empty()
    for magic, kind in ((b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"SQLite format 3\0", "sqlite")):
        if head.startswith(magic):
            return kind
    if head.startswith(b"fgb"):
        return "flatgeobuf"
    if head.startswith(b"\x00\x00\x27\x0a"):
        return "shapefile"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"  # UTF-16
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
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
    return "text"


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
    if (allowed is None and suffix) or kind in {"html", "xml", "binary"}:
        why = (f"この形式（{suffix or ja}）は読めません", f"this format ({suffix or en}) cannot be read here")
        do = (f"{READABLE} に変換してください。", f"Convert it to {READABLE_EN}.")
        refuse("unsupported_variant", why, do)
