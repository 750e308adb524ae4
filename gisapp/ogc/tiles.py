"""OGC API - Tiles over HTTP: another address of the tiles and pictures at `/tiles/`, from the same cache.

https://docs.ogc.org/is/20-057/20-057.html
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from gisapp import errors
from gisapp.access.guard import installation, open_to_all, visible, visible_layers
from gisapp.features.parameters import invalid
from gisapp.geo.tiles import exists
from gisapp.ogc import tilesets
from gisapp.ogc.answer import Trail, answer
from gisapp.ogc.request import Asked, read_request, read_values
from gisapp.ogc.tilesets import KINDS, NAME, VECTOR, Kind, Tileset
from gisapp.rasters.routes import answer_picture, as_drawn, open_picture
from gisapp.tiles.routes import answer_tile, asked, open_tile, planned

ogc_tiles = Blueprint("ogc_tiles", __name__, url_prefix="/ogc")
BASES = (
    ("/tiles", {"kind": "vector", "layer": ""}),
    ("/map/tiles", {"kind": "map", "layer": ""}),
    ("/collections/<string:layer>/tiles", {"kind": "vector"}),
    ("/collections/<string:layer>/map/tiles", {"kind": "map"}),
)


@ogc_tiles.get("/tileMatrixSets")
@open_to_all
def matrix_sets() -> Response:
    """The tile matrix sets."""
    wanted = read_request()
    return answer(tilesets.matrix_sets(wanted), wanted, *_above_sets(wanted))


@ogc_tiles.get("/tileMatrixSets/<string:name>")
@open_to_all
def matrix_set(name: str) -> Response:
    """One tile matrix set. Raises errors.MatrixSetNotFound."""
    wanted = read_request()
    _require_set(name)
    return answer(tilesets.matrix_set(), wanted, *_above_sets(wanted), (NAME, f"tileMatrixSets/{NAME}"))


@open_to_all
def tileset_list(kind: str, layer: str) -> Response:
    """The tilesets of the dataset or of a collection. Raises errors.LayerNotFound, ParameterInvalid."""
    wanted = read_request("collections")
    found = _tileset(KINDS[kind], layer, wanted.values)
    return answer(tilesets.tileset_list(found, wanted), wanted, *_above(found, wanted))


@open_to_all
def tileset(kind: str, layer: str, name: str) -> Response:
    """All about one tileset. Raises errors.LayerNotFound, MatrixSetNotFound, ParameterInvalid."""
    wanted = read_request("collections")
    found = _tileset(KINDS[kind], layer, wanted.values)
    _require_set(name)
    document = tilesets.tileset_document(installation().city, found, wanted)
    return answer(document, wanted, *_above(found, wanted), (NAME, f"{found.base}/{NAME}"))


@open_to_all
def tile(kind: str, layer: str, name: str, z: int, row: int, column: int) -> Response:
    """One tile: `f=mvt`, or `f=png`, `webp`. Outside of the tileset's limits there is none.

    Raises errors.LayerNotFound, MatrixSetNotFound, TileNotFound, ParameterInvalid.
    """
    found = _tileset(KINDS[kind], layer, values := read_values("collections", "f", "lang"))
    form = _form(found.kind, values)
    _require_set(name)
    _require_within(found, z, row, column)
    if found.kind is VECTOR:
        plans = [plan for _, plan in found.layers]
        open_tile(plans, z, column, row)
        return answer_tile(plans, z, column, row)
    plans = as_drawn(list(found.layers))
    open_picture(plans, z, column, row)
    return answer_picture(plans, z, column, row, form)


for _path, _defaults in BASES:
    ogc_tiles.add_url_rule(_path, view_func=tileset_list, defaults=_defaults)
    ogc_tiles.add_url_rule(f"{_path}/<string:name>", view_func=tileset, defaults=_defaults)
    _one = f"{_path}/<string:name>/<int:z>/<int:row>/<int:column>"
    ogc_tiles.add_url_rule(_one, view_func=tile, defaults=_defaults)


def _tileset(kind: Kind, layer: str, values: dict[str, str]) -> Tileset:
    """A collection's tiles, or those of the collections named, or of all that the asker may see."""
    chosen = values.get("collections", "")
    if layer and "collections" in values:
        why = "一つのデータのタイルには使えません", "a collection's own tiles do not take it"
        raise invalid("collections", *why, f"/ogc/tiles?collections={layer}")
    if layer:
        return Tileset(kind, planned([visible(layer)]), layer)
    if "collections" in values:
        return Tileset(kind, asked(chosen), "", chosen)
    return Tileset(kind, planned(visible_layers()), "")


def _form(kind: Kind, values: dict[str, str]) -> str:
    """The form that `f` names, else the one that the asker accepts first, else the kind's own."""
    own = next(iter(kind.forms))
    if "f" in values and values["f"] not in kind.forms:
        listed = ", ".join(kind.forms)
        raise invalid("f", f"次のどれかです：{listed}", f"it is one of: {listed}", f"f={own}")
    accepted = request.accept_mimetypes.best_match(list(kind.forms.values()))
    of = {mimetype: form for form, mimetype in kind.forms.items()}
    return values.get("f") or of.get(accepted or "", own)


def _require_set(name: str) -> None:
    if name != NAME:
        raise errors.MatrixSetNotFound(name=name[:50], known=NAME)


def _require_within(found: Tileset, z: int, row: int, column: int) -> None:
    first, last = found.zooms()
    missing = errors.TileNotFound(z=z, x=column, y=row, min_zoom=first, max_zoom=last)
    if not (first <= z <= last and exists(z, column, row)):
        raise missing
    left, right, top, bottom = tilesets.limits(installation().city, z)
    if not (left <= column <= right and top <= row <= bottom):
        raise missing


def _above_sets(wanted: Asked) -> Trail:
    return [(wanted.words["matrix_sets"], "tileMatrixSets")]


def _above(found: Tileset, wanted: Asked) -> Trail:
    trail = [(wanted.words[f"tiles_{found.kind.name}"], found.base)]
    if not found.collection:
        return trail
    title = found.layers[0][0].title.get(wanted.lang)
    return [
        (wanted.words["collections"], "collections"),
        (title, f"collections/{found.collection}"),
        *trail,
    ]
