"""Every mistake in every layer folder, one after the other: what `gisapp layers check` prints and `load`
refuses.

A mistake never hides the next: each file is judged as far as it can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gisapp.catalogue import folders, value_shapes
from gisapp.catalogue.check_generalised import check_style_of_generalised
from gisapp.catalogue.check_layer import check_layer
from gisapp.catalogue.check_meaning import style_facts
from gisapp.catalogue.check_style import check_style
from gisapp.catalogue.folders import DEPARTMENTS, LAYER_FILE, STYLE_FILE, Folder
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings, Problem
from gisapp.catalogue.value_shapes import Key
from gisapp.settings import City

__all__ = ["Problem", "check", "check_folder"]

RESERVED_DEPARTMENTS = (
    "public",
    "staff",
    "gisapp",
    "jobs",
    "generalised",
    "search",
    "history",
    "open_rows",
    "pieces",
    "staging",
    "information_schema",
    "tiger",
    "topology",
)
"""Tokens of `see`, and schemas that a city's database has or PostGIS makes."""


def check(root: Path, city: City | None = None) -> Iterator[Problem]:
    """All problems of the shared folders and of one city's own (None: of every city's), below the checkout
    `root`.
    """
    departments = folders.read_toml(root / DEPARTMENTS)
    if isinstance(departments, Text):
        yield Problem(DEPARTMENTS, "", departments)
        return
    for key, sentence in _check_departments(departments):
        yield Problem(DEPARTMENTS, key, sentence)
    cities = [city.key] if city else sorted(path.name for path in (root / "cities").glob("*"))
    for folder in folders.shared_folders(root):
        yield from check_folder(root, folder, departments)
    for name in cities:
        for folder in folders.city_folders(root, name):
            yield from check_folder(root, folder, departments)


def check_folder(root: Path, folder: Folder, departments: Collection[str]) -> Iterator[Problem]:
    """All problems of one layer folder."""
    file = str((folder.path / LAYER_FILE).relative_to(root))
    layer = folders.read_toml(folder.path / LAYER_FILE)
    if isinstance(layer, Text):
        yield Problem(file, "", layer)
    else:
        yield from (Problem(file, *finding) for finding in check_layer(folder, layer, departments))
    file = str((folder.path / STYLE_FILE).relative_to(root))
    style = folders.read_json(folder.path / STYLE_FILE)
    if isinstance(style, Text):
        yield Problem(file, "", style)
    else:
        facts, geometry = (
            (None, None) if isinstance(layer, Text) else (style_facts(layer), layer.get("geometry"))
        )
        yield from (Problem(file, *finding) for finding in check_style(style, facts, geometry))
        if not isinstance(layer, Text):
            yield from (Problem(file, *finding) for finding in check_style_of_generalised(layer, style))


def _check_departments(raw: Mapping[str, Any]) -> Findings:
    keys = {"title": Key(value_shapes.pair, required=True), "office": Key(value_shapes.pair)}
    for name, department in raw.items():
        yield from value_shapes.identifier(name, name)
        if name in RESERVED_DEPARTMENTS or name.startswith("pg_"):
            yield name, Text(f"部署名「{name}」は使えません", f"a department cannot be named “{name}”")
        yield from value_shapes.table(name, department, keys)
