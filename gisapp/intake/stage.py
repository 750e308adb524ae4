"""Rows on their way: a temporary table of the layer's columns, seen by this transaction only and gone at its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.intake.copy import copy_rows, identifier

STAGED = "gisapp_staged"


def create_stage(raw: psycopg.Connection[Any], layer: Layer) -> sql.Identifier:
    """Make the temporary table: the layer's fields, geom, and `row`, the number in the file. Nothing is required yet."""
    staged = sql.Identifier(STAGED)
    names = [*(field.name for field in layer.fields), "geom"]
    statement = sql.SQL(
        "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {}, 0::bigint AS row FROM {} WITH NO DATA"
    )
    raw.execute(
        statement.format(staged, sql.SQL(", ").join(map(sql.Identifier, names)), identifier(layer.id))
    )
    return staged


def stage_rows(
    raw: psycopg.Connection[Any],
    columns: dict[str, pa.Array],
    geometry: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
    srid: int,
) -> None:
    """Append rows to the temporary table."""
    if len(rows):
        copy_rows(raw, STAGED, {**columns, "row": rows}, geometry, srid)
