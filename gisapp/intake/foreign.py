"""Formats that people do hand in and that are not read here: each is named, with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from gisapp.intake.problem import refuse

CONVERT = (
    "QGIS などで GeoPackage か Shapefile に書き出してください。",
    "Export it as GeoPackage or Shapefile, for example with QGIS.",
)
TABLE = ("xlsx か CSV で保存し直してください。", "Save it as xlsx or CSV.")
NO_MAP = (
    "地図のデータ（Shapefile・GeoPackage・CSV など）を渡してください。",
    "Hand in map data (Shapefile, GeoPackage, CSV or the like).",
)
RASTER = (
    "ここで読むのは点・線・面と表です。座標変換の格子（TKY2JGD など）なら、PROJ のデータのフォルダに置いてください。",
    "Points, lines, areas and tables are read here. A transformation grid (TKY2JGD or the like) belongs into PROJ's data folder.",
)


@dataclass(frozen=True)
class Foreign:
    """A format by its first bytes (any of `magic`), its name, the problem's code, and what to do."""

    magic: tuple[bytes, ...]
    ja: str
    en: str
    code: str = "unsupported_variant"
    do: tuple[str, str] = CONVERT


FOREIGN = {
    "tiff": Foreign(
        (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
        "画像・格子（TIFF）",
        "a raster or grid (TIFF)",
        "raster_not_vector",
        RASTER,
    ),
    "png": Foreign((b"\x89PNG",), "画像（PNG）", "a picture (PNG)", "raster_not_vector", RASTER),
    "jpeg": Foreign((b"\xff\xd8\xff",), "画像（JPEG）", "a picture (JPEG)", "raster_not_vector", RASTER),
    "hdf": Foreign(
        (b"\x89HDF", b"CDF\x01", b"CDF\x02"),
        "格子（HDF・NetCDF）",
        "a grid (HDF, NetCDF)",
        "raster_not_vector",
        RASTER,
    ),
    "pdf": Foreign((b"%PDF",), "PDF", "a PDF", "not_geodata", NO_MAP),
    "xls": Foreign(
        (b"\xd0\xcf\x11\xe0",),
        "旧形式の Excel・Word（.xls など）",
        "an old Excel or Word file (.xls)",
        do=TABLE,
    ),
    "dwg": Foreign((b"AC10",), "AutoCAD の図面（DWG）", "an AutoCAD drawing (DWG)"),
    "dxf": Foreign(
        (b"  0\r\nSECTION", b"  0\nSECTION", b"0\r\nSECTION", b"0\nSECTION", b"AutoCAD Binary DXF"),
        "AutoCAD の図面（DXF）",
        "an AutoCAD drawing (DXF)",
    ),
    "osm pbf": Foreign(
        (b"\x00\x00\x00\x0d\x0a\x09OSMHeader",), "OpenStreetMap（PBF）", "OpenStreetMap (PBF)"
    ),
    "mdb": Foreign(
        (b"\x00\x01\x00\x00Standard",), "Access のデータベース（MDB）", "an Access database (MDB)"
    ),
    "gzip": Foreign(
        (b"\x1f\x8b",),
        "gzip の書庫",
        "a gzip archive",
        do=("zip で圧縮し直してください。", "Pack it as a zip."),
    ),
    "7z": Foreign(
        (b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ", b"BZh"),
        "7z・RAR などの書庫",
        "a 7z, RAR or similar archive",
        do=("zip で圧縮し直してください。", "Pack it as a zip."),
    ),
    "lzh": Foreign(
        (b"\x00-lh", b"!-lh"),
        "LZH の書庫",
        "an LZH archive",
        do=("zip で圧縮し直してください。", "Pack it as a zip."),
    ),
}


def refuse_foreign(kind: str) -> NoReturn:
    """Raises errors.FileRefused that names the format and says what to do."""
    said = FOREIGN[kind]
    refuse(
        said.code, (f"{said.ja}は、レイヤーとして読めません", f"{said.en} cannot be read as a layer"), said.do
    )
