"""Tiles of generalised zooms over HTTP, read by a decoder that is not ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient

from gisapp.catalogue.generalised import class_columns
from gisapp.catalogue.layer import POINT_COUNT
from gisapp.generalise.frame import PIXEL, flipped
from gisapp.generalise.queries import rows_of, tiles_there
from gisapp.geo.tiles import tile_box, unit
from gisapp.installation import Installation
from tests.tiles.decoding import decode, fetch

LAYERS = ("tax.parcel", "land_use.land_use", "base.building", "disaster.hydrant", "roads.streetlight")


@pytest.mark.parametrize("layer_id", LAYERS)
def test_a_tile_holds_its_rows_and_nothing_else(
    installation: Installation, signed_in: Callable[[str], FlaskClient], layer_id: str
) -> None:
    layer, client = installation.catalogue.layer(layer_id), signed_in("tax")
    with installation.database.transaction("owner") as connection:
        raw = connection.connection.dbapi_connection
        frames = [
            f
            for z in range(layer.min_zoom, layer.max_zoom)
            if layer.generalised_at(z)
            for f in tiles_there(raw, layer, z)
        ]  # type: ignore[arg-type]
        rows = {frame: rows_of(raw, layer, frame) for frame in frames}  # type: ignore[arg-type]
    assert frames
    for frame in frames:
        data = fetch(client, layer_id, frame.z, frame.x, frame.y)
        drawn = decode(data, frame.z, frame.x, frame.y)[layer_id]
        assert len(data) <= 500_000 and [one.id for one in drawn] == [row[0] for row in rows[frame]]
        for one, row in zip(drawn, rows[frame], strict=True):
            assert one.shape.is_valid and set(one.properties) <= {*class_columns(layer), POINT_COUNT}
            want = flipped([shapely.from_wkb(bytes(row[-1]))])[0]
            assert frame.to_units([one.shape])[0].symmetric_difference(want).area < 1


def test_visitors_get_no_generalised_tile_of_what_they_may_not_see(
    installation: Installation, client: FlaskClient
) -> None:
    parcel = installation.catalogue.layer("tax.parcel")
    with installation.database.transaction("owner") as connection:
        frame = max(tiles_there(connection.connection.dbapi_connection, parcel, 12))  # type: ignore[arg-type]
    assert client.get(f"/tiles/tax.parcel/{frame.z}/{frame.x}/{frame.y}.mvt").status_code == 404


def test_a_zoom_that_was_never_built_is_drawn_from_the_layer_itself(
    installation: Installation, app: Flask, client: FlaskClient
) -> None:
    layer = installation.catalogue.layer("base.building")
    with installation.database.transaction("owner") as connection:
        raw = connection.connection.dbapi_connection
        frame = max(tiles_there(raw, layer, 14), key=lambda one: len(rows_of(raw, layer, one)))  # type: ignore[arg-type]
        kept = rows_of(raw, layer, frame)  # type: ignore[arg-type]
    path = (frame.z, frame.x, frame.y)
    forget = app.extensions["gisapp_maker"].cache.follower.begin_anew
    ours = decode(fetch(client, "base.building", *path), *path)["base.building"]
    assert len(ours) == len(kept)
    try:
        _execute(
            installation,
            "CREATE TABLE generalised.kept AS TABLE generalised.base__building; TRUNCATE generalised.base__building",
        )
        forget()
        theirs = decode(fetch(client, "base.building", *path), *path)["base.building"]
        assert len(theirs) > len(ours)
        west, south, east, north = tile_box(*path)
        inside = shapely.box(west, south, east, north)
        areas = [sum(one.shape.intersection(inside).area for one in some) for some in (ours, theirs)]
        assert areas[0] == pytest.approx(areas[1], rel=0.03, abs=(PIXEL * unit(frame.z)) ** 2)
    finally:
        _execute(
            installation,
            "INSERT INTO generalised.base__building TABLE generalised.kept; DROP TABLE generalised.kept",
        )
        forget()


def _execute(installation: Installation, text: str) -> None:
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(text)


def test_an_empty_tile_of_a_built_zoom_has_no_bytes(client: FlaskClient) -> None:
    assert fetch(client, "base.building", 14, 0, 0) == b""
