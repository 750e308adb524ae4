"""Where the rows of a drafted layer are staged: it has no table to be like."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.stage import Stage

_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamptz",
}


def create_draft_stage(raw: psycopg.Connection[Any], layer: Layer, stage: Stage, srid: int) -> None:
    """Make the temporary table of rows that `stage.create_stage` makes for a layer that is there."""
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(_TYPES[field.type]))
        for field in layer.fields
    ]
    shape = sql.SQL("geom geometry(Geometry, {}), row bigint").format(sql.Literal(srid))
    listed = sql.SQL(", ").join([*columns, shape])
    raw.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(stage.rows, listed))
