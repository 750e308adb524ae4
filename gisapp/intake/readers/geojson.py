"""GeoJSON, whole or a feature a line; TopoJSON; and JSON that is neither, told apart."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from gisapp import errors
from gisapp.catalogue.layer import Text
from gisapp.intake.problem import QUESTION, REPAIR, Problem, refuse
from gisapp.intake.readers.ogr import AGAIN, layers_of, open_ogr, under_name
from gisapp.intake.several import refuse_several
from gisapp.intake.sniff import SCRIPT
from gisapp.intake.source import Source
from gisapp.text.encodings import encoding_of_file

LARGEST_EXPLAINED = 64 * 2**20  # bytes of JSON that are read again to say where they break
LARGEST_TOPOLOGY = 256 * 2**20  # bytes; a topology is held in memory
MOST_SYSTEMS = 1_000  # crs members looked at
CRS = re.compile(
    rb'"crs"\s*:\s*\{[^{}]{0,200}"properties"\s*:\s*\{[^{}]{0,200}"name"\s*:\s*"([^"]{1,200})"', re.S
)
TOPOLOGY = re.compile(rb'"type"\s*:\s*"Topology"')
EDGE = 65_536  # bytes at the start and end of a file where a topology says so
DO_GEOJSON = ("GeoJSON として書き出してください。", "Export it as GeoJSON.")


def open_geojson(path: Path, scratch: Path, part: str = "") -> Source:
    """GeoJSON or TopoJSON. Without `crs` GeoJSON is longitude and latitude (RFC 7946). Raises errors.FileRefused."""
    if encoding_of_file(path, ["utf-8"]) is None:
        why = ("文字コードが UTF-8 ではありません", "it is not in UTF-8")
        refuse("encoding_unknown", why, ("UTF-8 で保存し直してください。", "Save it as UTF-8."))
    if _may_be_topology(path):
        return open_topojson(path, scratch, part)
    path = under_name(path, scratch / "data.geojson")
    try:
        source = open_ogr(path, "GeoJSON", counted=False)
    except errors.FileRefused:
        _refuse_json(path)
    systems = set(_systems(path))
    said = Text("ファイルの crs", "its crs member") if systems else Text("RFC 7946 による", "by RFC 7946")
    if source.shapeless:
        return source
    return replace(source, crs_from=said, problems=(*source.problems, *_contradictions(systems)))


def open_script(path: Path, scratch: Path, part: str) -> Source:
    """JSON that a web page loads as a script: what stands around it is taken off, and said. Raises errors.FileRefused."""
    raw = path.read_bytes() if path.stat().st_size <= LARGEST_TOPOLOGY else b""
    match = SCRIPT.match(raw.removeprefix(b"\xef\xbb\xbf").lstrip())
    if match is None:
        refuse("not_this_format", ("JavaScript のプログラムです", "it is a JavaScript program"), DO_GEOJSON)
    body = raw[raw.index(match[0]) + len(match[0]) - 1 :].rstrip().rstrip(b";").rstrip()
    if b"(" in match[0]:
        body = body.rstrip(b")").rstrip()
    inner = scratch / "script.geojson"
    inner.write_bytes(body)
    began = match[0].decode("ascii", "replace").strip()
    ja = f"JSON ではなく JavaScript（「{began}」で始まる）なので、前後を除いて読みました"
    en = f"it is JavaScript (it begins with “{began}”), not JSON; what stands around the JSON was left out"
    source = open_geojson(inner, scratch, part)
    return replace(source, problems=(Problem(REPAIR, "not_this_format", ja, en), *source.problems))


def _may_be_topology(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(EDGE)
        file.seek(max(path.stat().st_size - EDGE, 0))
        tail = file.read()
    outer = head.partition(b'"objects"')[0].partition(b'"arcs"')[0].partition(b'"features"')[0]
    return bool(TOPOLOGY.search(outer)) or (b'"arcs"' in head + tail and bool(TOPOLOGY.search(tail)))


def open_topojson(path: Path, scratch: Path, part: str = "") -> Source:
    """One object of a topology: the only one, or `part`. Its coordinates are taken for longitude and latitude by place.

    Raises errors.FileRefused.
    """
    _check_json(path, "not_this_format")
    path = under_name(path, scratch / "data.topojson")
    if path.suffix == ".geojson":
        path = Path(path.rename(scratch / "data.topojson"))
    layers = list(layers_of(path))
    if part not in layers and (part or len(layers) > 1):
        refuse_several(layers, part)
    source = open_ogr(path, "TopoJSON", layer=part or layers[0], counted=False)
    convention = Text("TopoJSON の慣例（経緯度）による", "by TopoJSON's convention (longitude, latitude)")
    return replace(
        source,
        crs=source.crs or "EPSG:4326",
        crs_from=convention if not source.crs else Text("ファイルの crs", "its crs member"),
        layers=tuple(layers),
        layer=part or layers[0],
    )


def _systems(path: Path) -> Iterator[bytes]:
    """Names of reference systems in crs members, of the file or of its features."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield from (match[1] for match in islice(CRS.finditer(content), MOST_SYSTEMS))


def _contradictions(systems: set[bytes]) -> list[Problem]:
    if len(systems) < 2:
        return []
    named = "、".join(sorted(name.decode("utf-8", "replace") for name in systems))
    ja = f"座標系が2通り以上書かれていて、食い違っています（{named}）"
    return [
        Problem(
            QUESTION, "crs_ambiguous", ja, f"it names reference systems that contradict each other ({named})"
        )
    ]


def _check_json(path: Path, code: str) -> Any:
    """The whole of a JSON file. Raises errors.FileRefused that says where it breaks."""
    if path.stat().st_size > LARGEST_TOPOLOGY:
        refuse("too_large", ("JSON として大きすぎます", "it is too large for JSON"), DO_GEOJSON)
    try:
        return json.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except RecursionError:
        refuse("too_deep", ("JSON の入れ子が深すぎます", "its JSON is nested too deeply"), AGAIN)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        where, at = (f"{line}行目で", f" at line {line}") if line else ("", "")
        why = (
            f"JSON が{where}壊れています（途中で切れている可能性があります）",
            f"its JSON breaks{at}; it may be cut off",
        )
        refuse(code, why, AGAIN)


def _refuse_json(path: Path) -> NoReturn:
    """Say why a JSON file is no GeoJSON: broken at some line, or something else. Raises errors.FileRefused."""
    whole = _check_json(path, "truncated") if path.stat().st_size <= LARGEST_EXPLAINED else {}
    if isinstance(whole, dict):
        _refuse_known(whole)
    refuse(
        "unsupported_variant",
        ("JSON ですが、GeoJSON ではありません", "it is JSON but not GeoJSON"),
        DO_GEOJSON,
    )


def _refuse_known(whole: dict[str, Any]) -> None:
    """Raises errors.FileRefused for JSON of kinds that people do hand in."""
    if "elements" in whole and ("osm3s" in whole or "generator" in whole or "version" in whole):
        why = (
            "Overpass API の回答（OpenStreetMap の elements）で、GeoJSON ではありません",
            "it is an answer of the Overpass API (OpenStreetMap's elements), not GeoJSON",
        )
        refuse("unsupported_variant", why, ("Overpass Turbo などで GeoJSON に変換してください。", "Turn it into GeoJSON, for example with Overpass Turbo."))  # fmt: skip
    if str(whole.get("geometryType", "")).startswith("esri") or "spatialReference" in whole:
        why = (
            "ArcGIS の JSON（Esri JSON）で、GeoJSON ではありません",
            "it is ArcGIS's JSON (Esri JSON), not GeoJSON",
        )
        refuse(
            "unsupported_variant",
            why,
            ("`f=geojson` を付けて書き出してください。", "Ask the service for `f=geojson`."),
        )
    said = whole.get("message") or whole.get("error")
    if said and not any(key in whole for key in ("features", "geometry", "coordinates")):
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        why = (
            f"データではなく、知らせだけが入っています：「{text[:200]}」",
            f"it holds no data but a message: “{text[:200]}”",
        )
        refuse(
            "not_geodata",
            why,
            ("提供元で公開されているか確かめてください。", "See whether its provider publishes it."),
        )
