"""OGC API - Features, Part 4: features made, replaced, changed and removed over HTTP, by those who may edit the layer."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, request

from gisapp import errors
from gisapp.access import trail
from gisapp.access.guard import asker, changes_layer, installation, open_to_all, visible
from gisapp.access.policy import may_change
from gisapp.catalogue.layer import Layer, View
from gisapp.edits import apply
from gisapp.edits.feature import Given, read_feature
from gisapp.features.references import Reference, asked_for
from gisapp.ogc import items, links
from gisapp.ogc.request import read_request

edits = Blueprint("ogc_edits", __name__, url_prefix="/ogc")
ITEMS = "/collections/<string:layer>/items"
ITEM = f"{ITEMS}/<int:feature>"
MERGE_PATCH = "application/merge-patch+json"  # RFC 7396
LARGEST = 16 * 2**20  # bytes of a feature
READING = ["GET", "HEAD", "OPTIONS"]


@edits.route(ITEMS, methods=["OPTIONS"])
@open_to_all
def items_options(layer: str) -> Response:
    """What may be done to a collection's items. Raises errors.LayerNotFound."""
    return _allow(visible(layer)[0], "POST")


@edits.route(ITEM, methods=["OPTIONS"])
@open_to_all
def item_options(layer: str, feature: int) -> Response:
    """What may be done to one feature. Raises errors.LayerNotFound."""
    return _allow(visible(layer)[0], "PUT", "PATCH", "DELETE")


def _allow(layer: Layer, *verbs: str) -> Response:
    allowed = may_change(asker(), layer, "edit").allowed
    answer = Response(status=204)
    answer.headers["Allow"] = ", ".join([*READING, *(verbs if allowed else ())])
    if allowed and "PATCH" in verbs:
        answer.headers["Accept-Patch"] = MERGE_PATCH
    return answer


@edits.post(ITEMS)
@changes_layer("edit")
def create(layer: str) -> Response:
    """Add the feature in the body: 201, its address, and the feature. Raises errors.FeatureInvalid, EditConflict."""
    found, view = visible(layer)
    given = _given(found, view, (links.GEOJSON, links.JSON), id_=None, whole=True)
    where = installation()
    made = apply.create(where.database, where.city, found, given, _who(), _telling(found))
    answer = _changed(found, view, made)
    answer.status_code = 201
    answer.headers["Location"] = links.address(f"collections/{found.id}/items/{made}")
    return answer


@edits.put(ITEM)
@changes_layer("edit")
def replace(layer: str, feature: int) -> Response:
    """Put the feature in the body in the place of one; fields that the asker does not see stay.

    Raises errors.FeatureNotFound, FeatureChanged, FeatureInvalid, EditConflict.
    """
    found, view = visible(layer)
    return _change(
        found, view, feature, _given(found, view, (links.GEOJSON, links.JSON), id_=feature, whole=True)
    )


@edits.patch(ITEM)
@changes_layer("edit")
def update(layer: str, feature: int) -> Response:
    """Change what the body names and leave the rest (JSON Merge Patch). Raises as `replace`."""
    found, view = visible(layer)
    kinds = (MERGE_PATCH, links.GEOJSON, links.JSON)
    return _change(found, view, feature, _given(found, view, kinds, id_=feature, whole=False))


@edits.delete(ITEM)
@changes_layer("edit")
def remove(layer: str, feature: int) -> Response:
    """Remove one feature: 204. Raises errors.FeatureNotFound, FeatureChanged."""
    found, _ = visible(layer)
    read_request()
    apply.remove(installation().database, found, feature, _seen(feature), _who(), _telling(found))
    return make_response("", 204)


def _change(layer: Layer, view: View, feature: int, given: Given) -> Response:
    where = installation()
    apply.change(where.database, where.city, layer, feature, given, _seen(feature), _who(), _telling(layer))
    return _changed(layer, view, feature)


def _given(layer: Layer, view: View, kinds: tuple[str, ...], *, id_: int | None, whole: bool) -> Given:
    if request.mimetype not in kinds:
        raise errors.MediaTypeWrong(found=request.mimetype[:80] or "-", wanted=kinds[0])
    if (request.content_length or 0) > LARGEST:
        raise errors.TooLarge(limit_mb=LARGEST // 2**20)
    body = request.stream.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise errors.TooLarge(limit_mb=LARGEST // 2**20)
    return read_feature(body, layer, view, _content_crs(), id_=id_, whole=whole)


def _content_crs() -> Reference:
    """In which system the body's coordinates are: CRS84 unless `Content-Crs` says another."""
    said = request.headers.get("Content-Crs", "").strip().removeprefix("<").removesuffix(">")
    return asked_for({"Content-Crs": said}, "Content-Crs", installation().city)


def _seen(feature: int) -> frozenset[int] | None:
    """The revisions that `If-Match` names; None where any will do. What names no revision matches none."""
    said = request.headers.get("If-Match", "").strip()
    if said in ("", "*"):
        return None
    return frozenset(map(int, re.findall(rf'(?<!W/)"{feature}-([0-9]{{1,18}})-[^"]*"', said)))


def _changed(layer: Layer, view: View, feature: int) -> Response:
    """The feature as it is now, as a GET gives it."""
    text, etag, reference = items.one_item(layer, view, feature, read_request("crs"))
    answer = Response(text, mimetype=links.GEOJSON)
    answer.set_etag(etag)
    answer.headers["Content-Crs"] = f"<{reference.uri}>"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _who() -> str:
    person = asker().person
    assert person is not None
    return person.login


def _telling(layer: Layer) -> apply.Told:
    """Record the edit before it is committed: none stays without its entry. Values are in the layer's history only."""

    def tell(feature: int, revision: int, changed: list[str]) -> None:
        trail.note("edited", layer, [feature], revision=revision, fields=changed, channel="ogc")

    return tell
