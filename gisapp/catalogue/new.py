"""The draft of a new layer folder, to be edited: what `gisapp layers new` writes. It is valid as it stands.

A draft is open to staff only, so that nothing becomes public because somebody forgot a line.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gisapp.catalogue import folders
from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.check_layer import check_layer
from gisapp.catalogue.check_meaning import field_facts, table_in
from gisapp.catalogue.check_style import check_style
from gisapp.catalogue.folders import DEPARTMENTS, LAYER_FILE, LAYERS, STYLE_FILE, Folder
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Problem, invalid

_LAYER_TOML = """\
# How to write this file: docs/layer-folder.md. After every change:
# `gisapp layers check`, then `gisapp layers sync`.

title = {{ ja = "{name}", en = "{name}" }}
geometry = "{geometry}"
key = []
label = "{{name}}"
see = "staff"
default = false

[zoom]
min = 12
max = 16

[source]
name = {{ ja = "{department_ja}", en = "{department_en}" }}
confirmed = false

[fields.name]
type = "text"
title = {{ ja = "名称", en = "Name" }}
alias = ["名称"]
"""

_COLOUR = "#2f6fb3"
_FONT = "Noto Sans CJK JP Regular"
_WIDTH = ["interpolate", ["linear"], ["zoom"], 11, 1, 18, 4]
_SHAPE_STYLES: Mapping[str, Mapping[str, Any]] = {
    "Point": {
        "id": "dot",
        "type": "circle",
        "metadata": {"slot": "point", "legend": True},
        "paint": {
            "circle-color": _COLOUR,
            "circle-radius": 5,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 1.5,
        },
    },
    "LineString": {
        "id": "line",
        "type": "line",
        "metadata": {"slot": "line", "legend": True},
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {"line-color": _COLOUR, "line-width": _WIDTH},
    },
    "Polygon": {
        "id": "area",
        "type": "fill",
        "metadata": {"slot": "fill", "legend": True},
        "paint": {"fill-color": _COLOUR, "fill-opacity": 0.35, "fill-outline-color": "#123a6b"},
    },
}


def draft_layer(department: str, name: str, geometry: str, root: Path) -> Path:
    """Write layers/<department>/<name>/ below the checkout `root` and return that folder.

    Raises errors.CatalogueInvalid for an unknown department, a name or geometry that cannot be, or a folder
    that is there already; then nothing is written.
    """
    departments = known_departments(root)
    layer = _layer_text(departments, department, name, geometry)
    return write_folder(root, root / LAYERS, department, name, layer, draft_style(geometry, "name"))


def known_departments(root: Path) -> Mapping[str, Any]:
    """The tables of departments.toml. Raises errors.CatalogueInvalid."""
    departments = folders.read_toml(root / DEPARTMENTS)
    if isinstance(departments, Text):
        raise invalid([Problem(DEPARTMENTS, "", departments)])
    return departments


def write_folder(
    root: Path, top: Path, department: str, name: str, layer: str, style: list[Mapping[str, Any]]
) -> Path:
    """Write top/<department>/<name>/ with the text of layer.toml and a style, and return that folder.

    Raises errors.CatalogueInvalid with every mistake; then nothing is written.
    """
    folder = check_folder(root, top, department, name, layer, style)
    folder.path.mkdir(parents=True)
    (folder.path / LAYER_FILE).write_text(layer, "utf-8")
    (folder.path / STYLE_FILE).write_text(_style_text(style), "utf-8")
    return folder.path


def check_folder(
    root: Path, top: Path, department: str, name: str, layer: str, style: list[Mapping[str, Any]]
) -> Folder:
    """The folder that `write_folder` would write. Raises errors.CatalogueInvalid with every mistake."""
    names = [*shapes.identifier("department", department), *shapes.identifier("name", name)]
    if names:
        raise invalid([Problem(LAYERS, *finding) for finding in names])
    folder = Folder(top / department / name)
    problems = _problems(root, folder, known_departments(root), layer, style)
    if problems:
        raise invalid(problems)
    return folder


def _layer_text(departments: Mapping[str, Any], department: str, name: str, geometry: str) -> str:
    """layer.toml, with quotes and the like escaped: the geometry may still be wrong and is for the check to
    judge.
    """
    title = table_in(table_in(departments, department), "title")
    values = {
        "name": name,
        "geometry": geometry,
        "department_ja": title.get("ja", department),
        "department_en": title.get("en", department),
    }
    return _LAYER_TOML.format_map(
        {key: json.dumps(text, ensure_ascii=False)[1:-1] for key, text in values.items()}
    )


def draft_style(geometry: str, label: str) -> list[Mapping[str, Any]]:
    """A plain style for the type of geometry; `label`: the field that is written on the map (empty: none)."""
    placement = {"symbol-placement": "line"} if "Line" in geometry else {}
    written = {
        "id": "name",
        "type": "symbol",
        "metadata": {"slot": "label"},
        "minzoom": 14,
        "layout": {"text-field": ["get", label], "text-font": [_FONT], "text-size": 12, **placement},
        "paint": {"text-color": "#123a6b", "text-halo-color": "#ffffff", "text-halo-width": 1.5},
    }
    shape = _SHAPE_STYLES.get(geometry.removeprefix("Multi"))
    return [*([shape] if shape else []), *([written] if label else [])]


def _style_text(style: list[Mapping[str, Any]]) -> str:
    """One style layer after the other, each of its parts on a line."""
    layers = []
    for one in style:
        parts = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in one.items())
        layers.append("  {" + ",\n   ".join(parts) + "}")
    return "[\n" + ",\n".join(layers) + "\n]\n"


def _problems(root: Path, folder: Folder, departments: Any, layer: str, style: Any) -> list[Problem]:
    place = str(folder.path.relative_to(root))
    if folder.path.exists():
        return [Problem(place, "", Text("フォルダがすでにあります", "the folder is there already"))]
    raw = tomllib.loads(layer)
    found = [*check_layer(folder, raw, departments), *check_style(style, field_facts(raw), raw["geometry"])]
    return [Problem(place, *finding) for finding in found]
