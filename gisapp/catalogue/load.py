"""The catalogue of one city: the shared layer folders with the city's own in their place or beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gisapp import errors
from gisapp.catalogue import folders
from gisapp.catalogue.check import check
from gisapp.catalogue.departments import Departments
from gisapp.catalogue.folders import DEPARTMENTS, LAYER_FILE, STYLE_FILE, Folder
from gisapp.catalogue.found import Search
from gisapp.catalogue.layer import (
    CodeList,
    Department,
    Field,
    Generalised,
    Layer,
    Source,
    Text,
    visibility_of,
)
from gisapp.catalogue.problem import invalid
from gisapp.catalogue.row_rule import RowRule
from gisapp.settings import ROOT, City


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Which departments and layers a city has, both by their names and in the order of departments.toml."""

    departments: Mapping[str, Department]
    layers: Mapping[str, Layer]

    def layer(self, layer_id: str) -> Layer:
        """The layer of that id. Raises errors.LayerNotFound."""
        if layer_id not in self.layers:
            raise errors.LayerNotFound(layer=layer_id)
        return self.layers[layer_id]

    def department(self, name: str) -> Department:
        """The department of that name. Raises errors.DepartmentNotFound."""
        if name not in self.departments:
            raise errors.DepartmentNotFound(department=name)
        return self.departments[name]

    def layers_of(self, department: str) -> tuple[Layer, ...]:
        """The department's layers; none for a department that has none."""
        return tuple(layer for layer in self.layers.values() if layer.department == department)


def load_catalogue(city: City, root: Path = ROOT) -> Catalogue:
    """Read layers/ and cities/<city>/layers/ below the checkout `root`; a city's folder replaces the shared
    one of its id.

    Raises errors.CatalogueInvalid with all problems: as text in its sentence, as Problems in
    `values["found"]`.
    """
    problems = tuple(check(root, city))
    if problems:
        raise invalid(problems)
    departments = Departments(root / DEPARTMENTS)
    chosen = {
        folder.id: folder for folder in (*folders.shared_folders(root), *folders.city_folders(root, city.key))
    }
    order = list(departments)
    ordered = sorted(chosen.values(), key=lambda folder: (order.index(folder.department), folder.name))
    return Catalogue(departments, {folder.id: read_layer(folder) for folder in ordered})


def read_layer(folder: Folder) -> Layer:
    """The layer of a folder in which `check` found no mistake."""
    raw = _toml(folder.path / LAYER_FILE)
    see = visibility_of(raw["see"])
    return Layer(
        id=folder.id,
        department=folder.department,
        name=folder.name,
        title=_text(raw["title"]),
        description=_text(raw["description"]) if "description" in raw else None,
        geometry=raw["geometry"],
        key=tuple(raw["key"]),
        label=raw["label"],
        see=see,
        default=raw.get("default", False),
        min_zoom=raw["zoom"]["min"],
        max_zoom=raw["zoom"]["max"],
        source=Source(**{**raw["source"], "name": _text(raw["source"]["name"])}),
        fields=tuple(_field(name, field, raw["see"]) for name, field in raw.get("fields", {}).items()),
        codes={name: _codes(name, codes) for name, codes in raw.get("codes", {}).items()},
        style=tuple(folders.read_json(folder.path / STYLE_FILE)),
        folder=folder.path,
        was=raw.get("was"),
        generalised=_generalised(raw["zoom"].get("generalised", [])),
        overlap=raw.get("overlap", "allow"),
        search=_search(raw["search"]) if "search" in raw else None,
        time=tuple(raw.get("time", ())),
        rows=_row_rule(raw["rows"], folder.department) if "rows" in raw else None,
    )


def _search(raw: Mapping[str, Any]) -> Search:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()}
    return Search(**values)


def _row_rule(raw: Mapping[str, Any], department: str) -> RowRule:
    return RowRule(raw["column"], tuple(raw["open"]), visibility_of(raw.get("see")) | {department})


def _generalised(raw: list[Mapping[str, Any]]) -> tuple[Generalised, ...]:
    blocks = (
        Generalised(
            one["min"], one["max"], one["how"], tuple(one.get("by", ())), one.get("grid", Generalised.grid)
        )
        for one in raw
    )
    return tuple(sorted(blocks, key=lambda block: block.min_zoom))


def _field(name: str, raw: Mapping[str, Any], layer_see: object) -> Field:
    return Field(
        name=name,
        type=raw["type"],
        title=_text(raw["title"]),
        see=visibility_of(raw.get("see", layer_see)),
        required=raw.get("required", False),
        alias=tuple(raw.get("alias", ())),
        shares=tuple(raw.get("shares", ())),
        form=raw.get("form", ""),
        unit=raw.get("unit", ""),
        codes=raw.get("codes"),
        personal=raw.get("personal", False),
        was=raw.get("was"),
    )


def _codes(name: str, raw: Mapping[str, Any]) -> CodeList:
    values = {code: _text(title) for code, title in raw["values"].items()}
    alias = {text: str(code) for text, code in raw.get("alias", {}).items()}
    return CodeList(name, values, raw.get("confirmed", False), raw.get("source", ""), alias)


def _text(raw: Mapping[str, str]) -> Text:
    return Text(raw["ja"], raw["en"])


def _toml(path: Path) -> dict[str, Any]:
    raw = folders.read_toml(path)
    assert isinstance(raw, dict), f"{path.name} changed between its check and its reading"
    return raw
