"""What a layer is: plain frozen values, made from its folder by `catalogue.load` after `catalogue.check`
found no mistake.

Who may see what is written as *tokens*. A visitor holds the token `public`; somebody who speaks for at least
one department also holds `staff` and the names of those departments. A layer or field is visible to whoever
holds one of the tokens in its `see`; a field only together with its layer.
"""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from gisapp.catalogue.found import Search
from gisapp.catalogue.row_rule import RowRule

Visibility = frozenset[str]
PUBLIC: Visibility = frozenset({"public"})
STAFF: Visibility = frozenset({"staff"})

GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
TYPES = ("text", "integer", "number", "boolean", "date", "datetime")
OVERLAPS = ("allow", "forbid")
FORMS = ("local_government_code",)
STANDARD_COLUMNS = ("id", "revision", "geom", "geom_web")
"""Columns that every layer's table has besides its fields, and every view of it too."""


@dataclass(frozen=True)
class Text:
    """The same words in Japanese and English. `str()` gives the Japanese."""

    ja: str
    en: str

    def __str__(self) -> str:
        return self.ja

    def get(self, lang: str) -> str:
        """The words in Japanese (`ja`) or English (anything else)."""
        return self.ja if lang == "ja" else self.en


@dataclass(frozen=True)
class Department:
    """One department of the city, in the order of departments.toml; `office` answers for its layers."""

    name: str
    title: Text
    office: Text | None = None


@dataclass(frozen=True)
class Source:
    """Where a layer's data come from and what they were compared with."""

    name: Text
    licence: str = ""
    date: date | None = None
    confirmed: bool = False
    standard: str = ""


@dataclass(frozen=True, eq=False)
class CodeList:
    """What the codes of a field mean. Codes are kept as text ("1"), also where the field is an integer.

    alias: what files write instead of a code or its title ("第1種低層住居専用地域") → the code.
    """

    name: str
    values: Mapping[str, Text]
    confirmed: bool = False
    source: str = ""
    alias: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def title(self, code: object) -> Text | None:
        """The meaning of a code as it comes from the database (1 or "1"); None for one that is not in the
        list.
        """
        return self.values.get(str(code))


@dataclass(frozen=True)
class Field:
    """One column of a layer. `see` is the layer's own where the folder names none."""

    name: str
    type: str
    title: Text
    see: Visibility
    required: bool = False
    alias: tuple[str, ...] = ()
    shares: tuple[
        str, ...
    ] = ()  # columns of another field from which this one is read too, where it has none of its own
    form: str = ""  # one of FORMS: what kind of name its values are
    unit: str = ""
    codes: str | None = None
    personal: bool = False
    was: str | None = None  # the name it had before: `layers sync` renames instead of dropping


@dataclass(frozen=True)
class View:
    """One visibility class of a layer: a database view with exactly `columns`, for those who hold all of
    `needs`.

    `needs` is empty for the public, {"staff"} for anybody in a department, else the departments' names.
    whole: it shows every row, not only those that the layer's row rule leaves open.
    """

    name: str
    columns: tuple[str, ...]
    needs: frozenset[str]
    whole: bool = True


@dataclass(frozen=True)
class Generalised:
    """Zooms at which a layer is drawn from a table generalised ahead of time, and how that is made.

    how: dissolve | aggregate | cluster. by: the fields that tell the classes apart, the only ones that its rows
    have. grid: for cluster, the side of a cell in pixels of a tile 512 pixels wide.
    """

    min_zoom: int
    max_zoom: int
    how: str
    by: tuple[str, ...] = ()
    grid: int = 32


HOWS = ("dissolve", "aggregate", "cluster")
POINT_COUNT = "point_count"
"""The column that tells how many points a cluster stands for."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: its folder as values. Layers are told apart by identity; a catalogue holds each once."""

    id: str
    department: str
    name: str
    title: Text
    description: Text | None
    geometry: str
    key: tuple[str, ...]
    label: str
    see: Visibility
    default: bool
    min_zoom: int
    max_zoom: int
    source: Source
    fields: tuple[Field, ...]
    codes: Mapping[str, CodeList]
    style: tuple[Mapping[str, Any], ...]
    folder: Path
    was: str | None = None  # the table's name before, in the same department
    generalised: tuple[Generalised, ...] = ()  # by zoom, from the lowest
    overlap: str = "allow"  # or forbid: no two of its polygons may share an area
    search: Search | None = None  # None: its features are not found by words
    time: tuple[
        str, ...
    ] = ()  # the field that says when a feature holds, or the two from when and until when
    rows: RowRule | None = None  # None: whoever sees the layer sees all its rows

    def field(self, name: str) -> Field:
        """The field of that name. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def code_list(self, field_name: str) -> CodeList | None:
        """The code list of a field; None where it has none. Raises KeyError for an unknown field."""
        codes = self.field(field_name).codes
        return self.codes[codes] if codes else None

    def views(self) -> tuple[View, ...]:
        """The layer's visibility classes, from the least to the most (see `visibility_classes`)."""
        return _views(self)

    def generalised_at(self, zoom: int) -> Generalised | None:
        """How the layer is generalised at a tile zoom; None where its own table is drawn."""
        found = (one for one in self.generalised if one.min_zoom <= zoom <= one.max_zoom)
        return next(found, None)

    def label_fields(self) -> tuple[str, ...]:
        """The fields that `label` names in braces, in its order."""
        return braces(self.label)

    def label_of(self, values: Mapping[str, object], lang: str = "ja") -> str:
        """What one feature is called: `label` filled from its values, codes by their titles.

        Falls back on the layer's title when every field named is empty.
        """
        shown = {name: self._word(name, values.get(name), lang) for name in self.label_fields()}
        if not any(shown.values()):
            return self.title.get(lang)
        return self.label.format_map(shown).strip()

    def _word(self, name: str, value: object, lang: str) -> str:
        if value is None:
            return ""
        codes = self.code_list(name)
        title = codes.title(value) if codes else None
        return title.get(lang) if title else str(value)


def visibility_of(see: object) -> Visibility:
    """`see` as written in layer.toml as a set of tokens; what is not of that form counts for nothing."""
    if isinstance(see, str):
        return {"public": PUBLIC, "staff": STAFF}.get(see, frozenset())
    return frozenset(name for name in see if isinstance(name, str)) if isinstance(see, list) else frozenset()


@cache
def braces(template: str) -> tuple[str, ...]:
    """The names in braces of a template such as "{number} {name}". Raises ValueError for anything but plain
    names.
    """
    names: list[str] = []
    for _, name, form, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(name)
        names.append(name)
    return tuple(names)


def tokens(departments: Iterable[str]) -> frozenset[str]:
    """The tokens that somebody who speaks for these departments holds: see the top of this module."""
    names = frozenset(departments)
    return names | PUBLIC | STAFF if names else PUBLIC


def departments_named(see: Visibility, fields: Iterable[tuple[str, Visibility]]) -> list[str]:
    """The departments that a layer's own `see` and its fields' name, sorted."""
    named = see.union(*(visibility for _, visibility in fields))
    return sorted(named - PUBLIC - STAFF)


def visibility_classes(
    name: str, see: Visibility, fields: Iterable[tuple[str, Visibility]], rows: Visibility | None = None
) -> tuple[View, ...]:
    """One view for every way to see more of a layer than a smaller set of tokens shows.

    `fields` are (name, see); `rows` is who sees every row (None: whoever sees the layer). Persons are the public, staff, and staff of every combination of the departments
    named. Two departments that see the same for themselves get a view each, so that `needs` says exactly who
    may read it.
    """
    fields = tuple(fields)
    named = departments_named(see.union(rows or ()), fields)
    persons = [frozenset[str](), STAFF]
    persons += [frozenset(some) for size in range(1, len(named) + 1) for some in combinations(named, size)]
    found: dict[frozenset[str], View] = {}
    for needs in persons:
        held = tokens(needs)
        if not see & held:
            continue
        columns = tuple(field for field, visibility in fields if visibility & held)
        columns = (STANDARD_COLUMNS[0], *columns, *STANDARD_COLUMNS[1:])
        whole = rows is None or bool(rows & held)
        seen = (columns, whole)
        if not any((v.columns, v.whole) == seen and smaller <= held for smaller, v in found.items()):
            found[needs] = View(f"{name}_for_{'_'.join(sorted(needs)) or 'public'}", columns, needs, whole)
    return tuple(found.values())


def view_for(layer: Layer, departments: frozenset[str]) -> View | None:
    """The view for somebody who speaks for these departments (none: a visitor); None: the layer is hidden
    from them.
    """
    held = tokens(departments)
    open_to = [view for view in layer.views() if view.needs <= held]
    return max(open_to, key=lambda view: (len(view.columns), view.whole), default=None)


@cache
def _views(layer: Layer) -> tuple[View, ...]:
    fields = ((field.name, field.see) for field in layer.fields)
    return visibility_classes(layer.name, layer.see, fields, layer.rows.see if layer.rows else None)
