"""Features of a collection: pages of `features.search` as GeoJSON FeatureCollections, with their links."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, visible
from gisapp.catalogue.layer import Layer, View
from gisapp.features import cursor, selection
from gisapp.features.expressions import fields_of
from gisapp.features.filters.scope import Scope
from gisapp.features.parameters import invalid, whole
from gisapp.features.references import Reference, asked_for
from gisapp.features.search import MOST_COUNTED, Page, Search, find_one, search
from gisapp.ogc import links
from gisapp.ogc.links import Link, link
from gisapp.ogc.request import Asked

PARAMETERS = (*selection.PARAMETERS, "limit", "after", "offset", "crs", "properties")
MOST = 10_000  # features a page
USUAL = 10


def parameters_of(layer: Layer, view: View) -> tuple[str, ...]:
    """The parameters of a layer's items: PARAMETERS, and the fields that the asker may see."""
    scope = Scope.of(layer, view, installation().city)
    return (
        *PARAMETERS,
        *(name for name, kind in scope.types().items() if kind != "geometry" and name not in PARAMETERS),
    )


def page_of_items(layer: Layer, view: View, asked: Asked) -> tuple[str, Reference]:
    """A FeatureCollection as text (the features go in as PostGIS wrote them), and its reference system.

    `limit` above 10,000 counts as 10,000, as Part 1 wants. Raises errors.ParameterInvalid.
    """
    values, city = asked.values, installation().city
    reference = asked_for(values, "crs", city)
    _require_beginning(values)
    wanted = Search(
        selection.read_selection(layer, view, city, values, visible),
        limit=min(whole(values, "limit", USUAL), MOST),
        after=cursor.unpack(values["after"]) if "after" in values else 0,
        reference=reference,
        fields=_chosen_fields(view, values.get("properties")),
    )
    page = search(installation().database, audience_role(), wanted)
    trail.note_viewed(((layer, view, feature) for feature in page.ids), channel="ogc")
    head: dict[str, object] = {"type": "FeatureCollection", "numberReturned": page.returned}
    if page.matched is not None:
        head["numberMatched"] = page.matched
    else:  # a number would have to be exact: OGC API has no word for "at least"
        head["numberMatchedAtLeast"] = MOST_COUNTED
    head["timeStamp"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    head["links"] = _links(page, layer, asked)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [\n{page.features}\n]}}', reference


def _require_beginning(values: Mapping[str, str]) -> None:
    """`offset=0` says the beginning, as some clients always do; further on leads `after`, which costs the same everywhere."""
    if values.get("offset", "0") != "0":
        ja = "0 だけです。続きはリンク「next」（after）で読みます"
        raise invalid("offset", ja, "it is only 0: read on by the link “next” (after)", "offset=0")


def _chosen_fields(view: View, raw: str | None) -> tuple[str, ...] | None:
    """The fields that `properties` names, in the layer's order; None where it is not given."""
    if raw is None:
        return None
    named, known = {name for name in raw.split(",") if name}, fields_of(view)
    if named - set(known):
        listed = ", ".join(known)
        raise invalid(
            "properties",
            f"項目は {listed} です",
            f"the fields are {listed}",
            "properties=" + ",".join(known[:2]),
        )
    return tuple(name for name in known if name in named)


def one_item(layer: Layer, view: View, feature_id: int, asked: Asked) -> tuple[str, str, Reference]:
    """One Feature as text, its ETag (without quotes): id, revision and what the asker may see of it; its reference system.

    Raises errors.FeatureNotFound, ParameterInvalid.
    """
    reference = asked_for(asked.values, "crs", installation().city)
    revision, feature = find_one(installation().database, audience_role(), layer, view, feature_id, reference)
    trail.note_viewed([(layer, view, feature_id)], channel="ogc")
    own = links.this(asked, f"collections/{layer.id}/items/{feature_id}", links.GEOJSON)
    listed = json.dumps([*own, _to_collection(layer, asked)], ensure_ascii=False)
    etag = f"{feature_id}-{revision}-{answers.fingerprint(view.columns, listed)}"
    return f'{feature[:-1]},"links":{listed}}}', etag, reference


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
