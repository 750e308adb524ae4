"""What a layer's tile holds at a zoom: which relation it is read from, which columns and features, how exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gisapp.catalogue.layer import Layer, View, view_for
from gisapp.catalogue.pieces import pieces_of
from gisapp.catalogue.rows import relation, source
from gisapp.catalogue.style import LABEL, Style, drawn_at, fields_named, style_fields, takes_label_points
from gisapp.tiles.ahead import Ahead, ahead_at
from gisapp.tiles.condition import NO, YES, Condition, all_of, any_of, may_hold, may_show
from gisapp.tiles.operand import Kinds

THINNED_SLOTS = frozenset({"building", "line", "label"})


@dataclass(frozen=True)
class Part:
    """One layer inside the tile: the features themselves, or a point for the name of each."""

    name: str
    columns: tuple[str, ...]  # besides id and geometry
    where: str  # SQL (with % doubled) for what the style may draw; empty: everything
    label_points: bool


@dataclass(frozen=True)
class Slice:
    """What the tiles of one layer hold at one zoom. Equal slices give the same SQL."""

    relation: tuple[str, str]  # schema and name of what the tile is read from
    depends: str  # the view's table (`Plan.source`), or the generalised one: a change of its rows makes the tile stale …
    columns: tuple[str, ...]  # … when one of these, its geometry or the row's being there has changed
    parts: tuple[Part, ...]  # none: the style draws nothing at this zoom
    simplified: bool  # outlines lose what is finer than the tile's units
    thinned: bool  # what is smaller than a pixel is left out
    ahead: Ahead | None = None  # the generalised table that it is read from instead, once that has been built
    rings: bool = (
        False  # plain outlines of its first part are written by `rings`: it holds everything, without columns
    )
    pieces: str = ""  # the table (of schema `pieces`) that long outlines are read from


@dataclass(frozen=True)
class Plan:
    """What the tiles of one layer hold for those who read it through one view."""

    layer: str  # its id, which is also the layer's name inside the tile
    columns: tuple[str, ...]  # besides id and geometry, at any zoom
    min_zoom: int
    max_zoom: int
    public: bool  # visitors get the same tile
    made_of: tuple[Layer, View]

    @property
    def source(self) -> str:
        """The table that the view shows, as changes name it."""
        return relation(source(*self.made_of))

    def same_as(self, other: Plan) -> bool:
        """Whether both give the same tiles, whichever view they read."""
        return (self.columns, self.source) == (other.columns, other.source)

    def at(self, z: int) -> Slice:
        """What a tile at zoom `z` holds; beyond the last zoom (in joined tiles) what it holds at the last."""
        return _slice(*self.made_of, min(z, self.max_zoom))

    def parts(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """For each layer inside the tiles the first zoom that has it, and its columns at any zoom."""
        layer = self.made_of[0]
        found: dict[str, tuple[int, set[str]]] = {layer.id: (self.min_zoom, set())}
        for z in range(self.min_zoom, self.max_zoom + 1):
            for part in self.at(z).parts:
                found.setdefault(part.name, (z, set()))[1].update(part.columns)
        order = self.columns.index
        return {name: (first, tuple(sorted(columns, key=order))) for name, (first, columns) in found.items()}


@cache
def plan(layer: Layer, view: View) -> Plan:
    """The plan of a layer's tiles for one of its views: the fields that its style names and the view has."""
    columns = _within(view, style_fields(layer))
    visitors = view_for(layer, frozenset())
    return Plan(
        layer=layer.id,
        columns=columns,
        min_zoom=layer.min_zoom,
        max_zoom=layer.max_zoom,
        public=visitors is not None
        and (_within(visitors, style_fields(layer)), visitors.whole) == (columns, view.whole),
        made_of=(layer, view),
    )


def _within(view: View, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in columns if name in view.columns)


@cache
def _slice(layer: Layer, view: View, z: int) -> Slice:
    drawn = drawn_at(layer, z)
    labels = tuple(style for style in drawn if takes_label_points(layer, style))
    shapes = tuple(style for style in drawn if style not in labels)
    planned = [
        _part(layer, view, styles, name)
        for name, styles in ((layer.id, shapes), (layer.id + LABEL, labels))
        if styles
    ]
    ahead = ahead_at(layer, z, fields_named(layer, drawn))
    points = layer.geometry.endswith("Point")  # never simplified, nor too small
    last_two = z >= layer.max_zoom - 1  # hold everything
    columns = ahead.columns if ahead else _within(view, fields_named(layer, drawn))
    parts = tuple(part for part in planned if part is not None)
    rings = last_two and layer.geometry.endswith("Polygon") and ahead is None and _only_outlines(parts)
    return Slice(
        relation=(layer.department, view.name),
        depends=ahead.relation if ahead else relation(source(layer, view)),
        columns=columns,
        parts=parts,
        simplified=not points and z < layer.max_zoom,
        thinned=not points and not last_two and _may_thin(shapes),
        ahead=ahead,
        rings=rings,
        pieces="" if ahead or rings or not parts else pieces_of(layer, z),
    )


def _only_outlines(parts: tuple[Part, ...]) -> bool:
    """Whether the first part is every row's outline and nothing else of it."""
    return bool(parts) and not (parts[0].columns or parts[0].where or parts[0].label_points)


@cache
def reads_pieces(layer: Layer) -> bool:
    """Whether tiles of the layer at some zoom, for whomever, are drawn from the pieces of long outlines."""
    zooms = range(layer.min_zoom, layer.max_zoom + 1)
    return any(plan(layer, view).at(z).pieces for view in layer.views() for z in zooms)


@cache
def choices(layer: Layer) -> frozenset[str]:
    """Conditions (SQL, % doubled) by which the style chooses some of the layer's lines or points at low zooms, where at the last
    it draws others too. Areas are drawn from their first zoom on; the rows of layers with a row rule are in two tables."""
    if layer.rows or layer.geometry.endswith("Polygon"):
        return frozenset()
    found: set[str] = set()
    for one in (plan(layer, view) for view in layer.views()):
        last = {part.where for part in one.at(layer.max_zoom).parts}
        low = (one.at(z) for z in range(layer.min_zoom, layer.max_zoom))
        found |= {part.where for of in low if of.ahead is None for part in of.parts} - last
    return frozenset(found - {""})


def _part(layer: Layer, view: View, styles: tuple[Style, ...], name: str) -> Part | None:
    kinds = {field.name: field.type for field in layer.fields if field.name in view.columns}
    where = any_of(_conditions(styles, kinds))
    if where == NO:
        return None
    return Part(
        name=name,
        columns=_within(view, fields_named(layer, styles)),
        where="" if where == YES else where.text(),
        label_points=name.endswith(LABEL),
    )


def _conditions(styles: tuple[Style, ...], kinds: Kinds) -> list[Condition]:
    """When each style layer may draw a feature: by its filter, and a name only where there is one to write."""
    found = [may_hold(s.get("filter", True), kinds) for s in styles if s["type"] != "symbol"]
    for style in styles:
        filtered = may_hold(style.get("filter", True), kinds)
        if style["type"] == "symbol" and filtered not in found:
            text = style.get("layout", {}).get("text-field", "")
            found.append(all_of([filtered, may_show(text, kinds)]))
    return found


def _may_thin(shapes: tuple[Style, ...]) -> bool:
    """Whether a piece smaller than a pixel shows nothing in these style layers.

    It does show where the style gives it a sign or a name of its own size, and where small pieces add up to
    an area with a meaning: a flooded area made of small cells must not vanish at low zooms.
    """
    return all(s["type"] in ("fill", "line") and s["metadata"]["slot"] in THINNED_SLOTS for s in shapes)
