"""Town lists as they are published, joined into rows of base.address_point: アドレス・ベース・レジストリ 町字マスター, town lists
with coordinates in the manner of Geolonia 住所データ (JSON or CSV), 位置参照情報 大字・町丁目レベル (CSV or its zip)."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psycopg import sql

from gisapp import errors
from gisapp.catalogue.layer import Layer
from gisapp.changes.derived import Raw
from gisapp.revisions.apply import new_revision, table_of
from gisapp.search.entries import TOWN, TOWN_IN_DETAIL, key_of
from gisapp.settings import City
from gisapp.text.encodings import encoding_of_file

LAYER = "base.address_point"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "town": ("大字町丁目名", "大字・丁目名", "大字町丁目", "town", "oaza_cho", "大字・町名"),
    "chome": ("丁目名", "chome"),
    "koaza": ("小字名", "小字・通称名", "koaza"),
    "kana": ("大字・町名_カナ", "大字町丁目名カナ", "oaza_cho_kana"),
    "chome_kana": ("丁目名_カナ", "chome_kana"),
    "machiaza_id": ("町字id", "町字ID", "machiaza_id", "大字町丁目コード"),
    "postal_code": ("郵便番号", "post_code"),
    "city_code": ("市区町村コード", "lg_code", "全国地方公共団体コード"),
    "city_name": ("市区町村名", "city"),
    "lat": ("緯度", "lat", "rep_lat"),
    "lon": ("経度", "lng", "lon", "rep_lon"),
    "ended": ("廃止日", "ablt_date"),
}
_DELETE = sql.SQL("DELETE FROM {} WHERE level = ANY(%s) OR (level IS NULL AND block IS NULL)")
_INSERT = sql.SQL(
    "INSERT INTO {} (lg_code, machiaza_id, town, town_kana, koaza, level, postal_code, geom, revision) VALUES "
    "(%s, %s, %s, %s, %s, %s, %s, ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 6668), %s), %s)"
)
_CODE = re.compile(r"(?<![0-9])([0-9]{6})(?![0-9])")


@dataclass(frozen=True)
class Town:
    """One town as a list has it; lon and lat in degrees, None where the list has none."""

    name: str
    koaza: str = ""
    kana: str = ""
    machiaza_id: str = ""
    postal_code: str = ""
    lon: float | None = None
    lat: float | None = None

    @property
    def key(self) -> str:
        """What it is joined by over lists."""
        return f"{key_of(self.name)} {key_of(self.koaza)}"


def read_towns(path: Path, city: City) -> list[Town]:
    """The towns of this city in one file; rows that name another city are left out.

    Raises errors.TownsRefused for a file that is no list of towns, and for one of another city by its name.
    """
    code = _CODE.search(path.stem)
    if code and code[1] != city.code:
        raise _refused(
            path,
            f"{code[1]} の一覧です（この市は {city.code}）",
            f"it is the list of {code[1]}, not of {city.code}",
        )
    rows = list(_rows(path))
    columns = {name: _column(rows[0], names) for name, names in COLUMNS.items()} if rows else {}
    if not columns.get("town"):
        raise _refused(path, "町字の列がありません", "it has no column of towns")
    return [
        _town(row, columns) for row in rows if _of_city(row, columns, city) and row[columns["town"] or ""]
    ]


def _rows(path: Path) -> Iterable[dict[str, str]]:
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            text = archive.read(inside[0]).decode("cp932") if inside else ""
        return csv.DictReader(io.StringIO(text))
    codec = encoding_of_file(path)
    text = path.read_text(codec) if codec else ""
    if path.suffix.lower() == ".json":
        try:
            found = json.loads(text)
        except ValueError as error:
            raise _refused(path, "JSON として読めません", "it is not JSON") from error
        rows = found if isinstance(found, list) else []
        return [{key: str(value) for key, value in row.items()} for row in rows if isinstance(row, dict)]
    return csv.DictReader(io.StringIO(text))


def _column(row: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in row), None)


def _of_city(row: Mapping[str, str], columns: Mapping[str, str | None], city: City) -> bool:
    code, name, ended = (columns[key] for key in ("city_code", "city_name", "ended"))
    if ended and row[ended]:
        return False
    if code and row[code]:
        return row[code][:5] == city.code[:5]
    return not name or row[name] in ("", city.name_ja)


def _town(row: Mapping[str, str], columns: Mapping[str, str | None]) -> Town:
    def value(key: str) -> str:
        column = columns[key]
        return (row.get(column) or "").strip() if column else ""

    lon, lat = value("lon"), value("lat")
    return Town(
        name=value("town") + value("chome"),
        koaza=value("koaza"),
        kana=value("kana") + value("chome_kana"),
        machiaza_id=value("machiaza_id")[-7:],  # 位置参照情報 writes the city before it
        postal_code=value("postal_code"),
        lon=float(lon) if lon else None,
        lat=float(lat) if lat else None,
    )


def join(lists: Iterable[Iterable[Town]]) -> list[Town]:
    """Towns of several lists, each once: what one list lacks of a town another gives (the earlier one counts)."""
    found: dict[str, Town] = {}
    for town in (town for towns in lists for town in towns):
        old = found.setdefault(town.key, town)
        lacking = {name: value for name, value in vars(town).items() if not vars(old)[name] and value}
        if old.lon is not None:
            lacking.pop("lon", None), lacking.pop("lat", None)
        found[town.key] = replace(old, **lacking)
    return list(found.values())


def import_towns(
    raw: Raw, layer: Layer, city: City, towns: Sequence[Town], who: str, files: Sequence[str]
) -> tuple[int, list[Town]]:
    """Put the towns that have a place into the layer, in the place of the towns there (levels 3 and 4): one revision.

    Houses and lots stay. Returns how many were put in, and those without a place. The caller's transaction.
    """
    placed = [town for town in towns if town.lon is not None and town.lat is not None]
    revision = new_revision(raw, layer.id, who, {"files": list(files), "towns": len(placed)})
    table = table_of(layer)
    raw.execute(_DELETE.format(table), [[TOWN, TOWN_IN_DETAIL]])
    values = [_values(town, city, revision) for town in placed]
    with raw.cursor() as cursor:
        cursor.executemany(_INSERT.format(table), values)
    return len(placed), [town for town in towns if town.lon is None]


def _values(town: Town, city: City, revision: int) -> list[object]:
    names = [town.machiaza_id or None, town.name, town.kana or None, town.koaza or None]
    place = [town.lon, town.lat, city.srid]
    return [city.code, *names, _level(town), town.postal_code or None, *place, revision]


def _level(town: Town) -> int:
    return TOWN_IN_DETAIL if town.koaza or key_of(town.name).endswith("丁目") else TOWN


def _refused(path: Path, why_ja: str, why_en: str) -> errors.TownsRefused:
    return errors.TownsRefused(file=path.name, why_ja=why_ja, why_en=why_en)
