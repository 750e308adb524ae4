"""Features of a collection: pages of `features.search` as GeoJSON FeatureCollections, with their links."""

from __future__ import annotations

import json

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation
from gisapp.catalogue.layer import Layer, View
from gisapp.features import cursor
from gisapp.features.parameters import box, moment, whole
from gisapp.features.search import Page, Search, find_one, search
from gisapp.ogc import links
from gisapp.ogc.links import Link, link
from gisapp.ogc.request import Asked

PARAMETERS = ("bbox", "datetime", "limit", "after")
MOST = 10_000  # features a page
USUAL = 10


def page_of_items(layer: Layer, view: View, asked: Asked) -> str:
    """A FeatureCollection as text: the features go in as PostGIS wrote them.

    `limit` above 10,000 counts as 10,000, as Part 1 wants. `datetime` is checked, then finds every feature:
    the layers name no time of their features. Raises errors.ParameterInvalid.
    """
    values = asked.values
    moment(values)
    wanted = Search(
        layer,
        view,
        box=box(values),
        limit=min(whole(values, "limit", USUAL), MOST),
        after=cursor.unpack(values["after"]) if "after" in values else 0,
    )
    page = search(installation().database, audience_role(), wanted)
    trail.note_viewed(((layer, view, feature) for feature in page.ids), channel="ogc")
    head: dict[str, object] = {"type": "FeatureCollection", "numberReturned": page.returned}
    if page.matched is not None:
        head["numberMatched"] = page.matched
    head["links"] = _links(page, layer, asked)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [\n{page.features}\n]}}'


def one_item(layer: Layer, view: View, feature_id: int, asked: Asked) -> tuple[str, str]:
    """One Feature as text, and its ETag (without quotes): id, revision and what the asker may see of it.

    Raises errors.FeatureNotFound.
    """
    revision, feature = find_one(installation().database, audience_role(), layer, view, feature_id)
    trail.note_viewed([(layer, view, feature_id)], channel="ogc")
    own = links.this(asked, f"collections/{layer.id}/items/{feature_id}", links.GEOJSON)
    listed = json.dumps([*own, _to_collection(layer, asked)], ensure_ascii=False)
    etag = f"{feature_id}-{revision}-{answers.fingerprint(view.columns, listed)}"
    return f'{feature[:-1]},"links":{listed}}}', etag


def _links(page: Page, layer: Layer, asked: Asked) -> list[Link]:
    path = f"collections/{layer.id}/items"
    found = [*links.this(asked, path, links.GEOJSON), _to_collection(layer, asked)]
    if page.last is not None:
        onward = {**asked.values, "after": cursor.pack(page.last)}
        mimetype = links.HTML if asked.page else links.GEOJSON
        found.append(link(asked, "next", path, mimetype, asked.words["next"], **onward))
    return found


def _to_collection(layer: Layer, asked: Asked) -> Link:
    title = asked.words["collection"].format(layer=layer.title.get(asked.lang))
    return link(asked, "collection", f"collections/{layer.id}", links.JSON, title)
