"""The draft of a layer as a folder of the city's own: layer.toml and style.json, to be edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gisapp.catalogue.folders import LAYERS
from gisapp.catalogue.layer import Field, Layer
from gisapp.catalogue.new import check_folder, draft_style, known_departments, write_folder
from gisapp.settings import ROOT, City

_HEAD = """\
# Drafted from a file. How to write this file: docs/layer-folder.md. After every change:
# `gisapp layers check`, then `gisapp layers sync`.

title = {{ ja = {title}, en = {title} }}
geometry = "{geometry}"
key = []
label = {label}
see = "staff"
default = false

[zoom]
min = 12
max = 16

[source]
name = {{ ja = {source}, en = {source} }}
confirmed = false
"""
_FIELD = """
[fields.{name}]
type = "{type}"
title = {{ ja = {title}, en = {title} }}
alias = [{title}]
"""


def write_draft(layer: Layer, new: str, city: City, root: Path = ROOT) -> Path:
    """Write cities/<city>/layers/<department>/<name>/ for `new` (department.name) and return the folder.

    Raises errors.CatalogueInvalid for an unknown department, a name that cannot be, or a folder that is there already.
    """
    return write_folder(*_folder(layer, new, city, root))


def check_draft(layer: Layer, new: str, city: City, root: Path = ROOT) -> Path:
    """The folder that `write_draft` would write; raises as it does, and writes nothing."""
    return check_folder(*_folder(layer, new, city, root)).path


def _folder(
    layer: Layer, new: str, city: City, root: Path
) -> tuple[Path, Path, str, str, str, list[Mapping[str, Any]]]:
    department, _, name = new.partition(".")
    known_departments(root)
    top = root / "cities" / city.key / LAYERS
    labels = [field.name for field in layer.fields if field.type == "text"]
    style = draft_style(layer.geometry, labels[0] if labels else "")
    return root, top, department, name, layer_text(layer), style


def layer_text(layer: Layer) -> str:
    """The draft as layer.toml."""
    labels = [field.name for field in layer.fields if field.type == "text"]
    head = _HEAD.format(
        title=_quoted(layer.title.ja),
        geometry=layer.geometry,
        label=_quoted(f"{{{labels[0]}}}" if labels else layer.title.ja),
        source=_quoted(layer.source.name.ja),
    )
    return head + "".join(_field_text(field) for field in layer.fields)


def _field_text(field: Field) -> str:
    return _FIELD.format(name=field.name, type=field.type, title=_quoted(field.title.ja))


def _quoted(text: Any) -> str:
    """A TOML basic string; JSON's is one, but for DEL."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
