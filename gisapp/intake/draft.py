"""A layer for a file that belongs to none: the layers it may fit, and the draft of a new one, made of what is in the file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gisapp.catalogue.layer import STAFF, STANDARD_COLUMNS, Field, Layer, Source, Text
from gisapp.catalogue.load import Catalogue
from gisapp.intake import source as sources
from gisapp.intake.choice import Choice
from gisapp.intake.columns import map_columns
from gisapp.intake.problem import QUESTION, Problem
from gisapp.intake.survey import SINGLE_NAMES, Survey
from gisapp.text.folding import fold

DRAFT = "draft"  # the department of a layer that nobody has put anywhere yet
TAKEN = {*STANDARD_COLUMNS, "row", "tableoid", "xmin", "xmax", "ctid", "cmin", "cmax"}
TECHNICAL = {"ogc_fid", "fid", "gid", "objectid", "id", "shape_leng", "shape_area", "shape_length"}
"""Columns that programs add and that say nothing of what a file is about."""
LEAST_FIT = 0.5
MOST_FITS = 3
LONGEST = 40  # characters of a field's name


@dataclass(frozen=True)
class Fit:
    """A layer of the catalogue that a file may belong to. `share`: of the file's columns, those it has a field for."""

    layer: Layer
    share: float
    missing: tuple[str, ...]  # titles of required fields without a column


def draft_of(source: sources.Source, found: Survey, catalogue: Catalogue, name: str, only: str) -> Layer:
    """A layer that holds everything in the file: its kind of shape, a field for each column. Open to staff only."""
    known = _known_names(catalogue)
    taken = set(TAKEN)
    fields = tuple(
        Field(
            name=_field_name(column, known, taken, number),
            type=found.types.get(column, "text"),
            title=Text(column, column),
            see=STAFF,
            alias=(column,),
        )
        for number, column in enumerate(source.columns, 1)
    )
    label = next((f"{{{field.name}}}" for field in fields if field.type == "text"), "{id}")
    kind = found.kind(only) or f"Multi{SINGLE_NAMES[only or found.leading()]}"
    return Layer(
        id=f"{DRAFT}.{_slug(Path(name).stem) or 'layer'}",
        department=DRAFT,
        name=_slug(Path(name).stem) or "layer",
        title=Text(Path(name).stem, Path(name).stem),
        description=None,
        geometry=kind,
        key=(),
        label=label,
        see=STAFF,
        default=False,
        min_zoom=12,
        max_zoom=16,
        source=Source(Text(name, name)),
        fields=fields,
        codes={},
        style=(),
        folder=Path(),
    )


def mixed(found: Survey, only: str) -> tuple[list[Problem], list[Choice]]:
    """A question where shapes are of several dimensions, with the dimensions to choose from, that of most rows first."""
    if found.kind(only) is not None or not found.shapes:
        return [], []
    words = {"point": ("点", "points"), "line": ("線", "lines"), "polygon": ("面", "polygons")}
    counts = found.shapes.most_common()
    listed = "、".join(f"{words.get(name, ('複合', ''))[0]} {count:,}" for name, count in counts)
    listed_en = ", ".join(f"{count:,} {words.get(name, ('', 'collections'))[1]}" for name, count in counts)
    ja = f"点・線・面が混ざっています（{listed}）。どれを読み込むかを `--only` で選んでください"
    problem = Problem(
        QUESTION, "mixed_geometry", ja, f"it mixes kinds of shapes ({listed_en}); choose one with `--only`"
    )
    order = [name for name, _ in counts if name in words] or list(words)
    return [problem], [
        Choice("only", name, f"{words[name][0]}だけを読み込む", f"only {words[name][1]}") for name in order
    ]


def fits(source: sources.Source, kind: str, catalogue: Catalogue) -> list[Fit]:
    """Layers of the same dimension that have fields for the file's columns, the best first."""
    found = []
    columns = [c for c in source.columns if c not in source.position and fold(c) not in TECHNICAL]
    for layer in catalogue.layers.values():
        if layer.geometry.removeprefix("Multi") != kind.removeprefix("Multi") or not columns:
            continue
        mapped = map_columns(layer, source, {})
        used = set(mapped.fields.values()) & set(columns)
        share = len(used) / len(columns)
        missing = tuple(f.title.ja for f in layer.fields if f.required and f.name not in mapped.fields)
        if share >= LEAST_FIT and len(used) >= min(2, len(columns)):
            found.append(Fit(layer, round(share, 2), missing))
    return sorted(found, key=lambda fit: (len(fit.missing), -fit.share))[:MOST_FITS]


def _known_names(catalogue: Catalogue) -> dict[str, str]:
    """What columns of that heading are called in the catalogue's layers (the commonest name)."""
    counted: dict[str, Counter[str]] = {}
    for layer in catalogue.layers.values():
        for field in layer.fields:
            for word in {fold(one) for one in (field.title.ja, field.name, *field.alias)}:
                counted.setdefault(word, Counter())[field.name] += 1
    return {word: names.most_common(1)[0][0] for word, names in counted.items()}


def _field_name(column: str, known: dict[str, str], taken: set[str], number: int) -> str:
    wished = _slug(column) or known.get(fold(column)) or f"column_{number}"
    name = next(one for one in _numbered(wished) if one not in taken)
    taken.add(name)
    return name


def _numbered(name: str) -> Iterator[str]:
    yield name
    count = 2
    while True:
        yield f"{name}_{count}"
        count += 1


def _slug(text: str) -> str:
    """A lower-case identifier where the text is mostly Latin letters and digits, else empty."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        return ""
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:LONGEST]
    if not slug:
        return ""
    return slug if slug[0].isalpha() else f"f_{slug}"
