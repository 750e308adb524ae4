"""XML files: which of them hold features, by their root element; all others are named."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from gisapp.intake.options import Options
from gisapp.intake.problem import refuse
from gisapp.intake.readers.gml import is_gml, open_gml
from gisapp.intake.readers.kml import open_kml
from gisapp.intake.readers.moj import is_moj, open_moj
from gisapp.intake.readers.others import open_osm
from gisapp.intake.readers.xml import check_whole, root_of
from gisapp.intake.sniff import refuse_unknown
from gisapp.intake.source import Source

CONVERT = (
    "QGIS などで GeoPackage か GeoJSON に変換してください。",
    "Turn it into GeoPackage or GeoJSON, for example with QGIS.",
)
NO_MAP = ("地図のデータのファイルを渡してください。", "Hand in the file that holds the map data.")
NAMED = {
    "osmChange": ("unsupported_variant", "OpenStreetMap の差分（.osc）", "an OpenStreetMap change file", CONVERT),
    "gpx": ("unsupported_variant", "GPX（GPS の記録）", "GPX (a GPS recording)", CONVERT),
    "OGRVRTDataSource": ("unsupported_variant", "VRT（ほかのファイルへの参照）", "a VRT (it refers to other files)", CONVERT),
    "VRTDataset": ("unsupported_variant", "VRT（ほかのファイルへの参照）", "a VRT (it refers to other files)", CONVERT),
    "svg": ("not_geodata", "SVG の図", "an SVG picture", NO_MAP),
    "schema": ("not_geodata", "XML スキーマ（XSD）で、データではない", "an XML schema (XSD), no data", NO_MAP),
    "Dictionary": ("not_geodata", "PLATEAU などのコード一覧で、CityGML と同じフォルダに置いて使うもの", "a code list of PLATEAU or the like, which belongs beside its CityGML", NO_MAP),
    "rss": ("not_geodata", "RSS", "an RSS feed", NO_MAP),
    "MD_Metadata": ("not_geodata", "データの説明（メタデータ）", "a description of data (metadata)", NO_MAP),
    "qgis": ("not_geodata", "QGIS のプロジェクト・スタイル", "a QGIS project or style", NO_MAP),
    "LandXML": ("unsupported_variant", "LandXML", "LandXML", CONVERT),
    "ExceptionReport": ("not_geodata", "サーバーのエラーの回答", "a server's error", NO_MAP),
    "ServiceExceptionReport": ("not_geodata", "サーバーのエラーの回答", "a server's error", NO_MAP),
}  # fmt: skip


def open_xml(path: Path, options: Options, scratch: Path) -> Source:
    """The reader that the root element tells. Raises errors.FileRefused."""
    root = root_of(path)
    if root.name in NAMED:
        _refuse(root.name)
    if root.name == "kml":
        return open_kml(path, options.part, scratch)
    if root.name == "osm":
        return open_osm(path, options.part, scratch)
    if is_moj(root):
        return open_moj(path, options.crs)
    if is_gml(root):
        return open_gml(path, options.part)
    check_whole(path)
    refuse_unknown(f"XML、最初の要素は {root.name[:60]}", f"XML whose root is {root.name[:60]}")


def _refuse(name: str) -> NoReturn:
    code, ja, en, do = NAMED[name]
    refuse(code, (f"{ja}です", f"it is {en}"), do)
