"""Pieces of long outlines, kept by triggers of the layers' tables in the transaction of each change.

They are derived, so nothing is lost with them: a table of pieces that is not as it should be (its columns, its index, how they
are cut, the triggers), or whose layer's shapes are about to change their type or reference system, is dropped and made anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.catalogue.pieces import COLUMNS, LONG, SCHEMA, ZOOM
from gisapp.geo.tiles import BUFFER, EXTENT
from gisapp.schema import kept, triggers
from gisapp.schema.step import Step, literal, quote, statement
from gisapp.tiles.plan import reads_pieces

_PREFIX = "cut_"  # of the functions that keep the pieces
_KEY = "id, x, y"
# Halved and halved again from the whole world down: each cut goes through what its parent left, so that an outline is gone
# through once a zoom and not once a tile. They reach twice a tile's buffer beyond: where they are cut, nothing is drawn.
_CUT = f"""INSERT INTO {{pieces}} ({", ".join(COLUMNS)})
  SELECT n.id, c.x, c.y, ST_Multi(c.shape), CASE WHEN l.point && c.shape_box THEN l.point END
  FROM {{rows}} AS n
  CROSS JOIN LATERAL (SELECT ST_PointOnSurface(n.geom_web) AS point OFFSET 0) AS l
  CROSS JOIN LATERAL (
    WITH RECURSIVE cut (z, x, y, shape, shape_box) AS (
      SELECT 0, 0, 0, n.geom_web::geometry, ST_TileEnvelope(0, 0, 0)
      UNION ALL
      SELECT z + 1, child_x, child_y, piece, box
      FROM cut
      CROSS JOIN LATERAL (VALUES (2*x, 2*y), (2*x + 1, 2*y), (2*x, 2*y + 1), (2*x + 1, 2*y + 1)) AS child (child_x, child_y)
      CROSS JOIN LATERAL (
        SELECT ST_TileEnvelope(z + 1, child_x, child_y, margin => {2 * BUFFER / EXTENT} / 2 ^ ({ZOOM - 1} - z)) AS box OFFSET 0
      ) AS around
      CROSS JOIN LATERAL (
        SELECT CASE WHEN shape @ box THEN shape
          ELSE coalesce(ST_CollectionExtract(ST_ClipByBox2D(shape, box::box2d), 3), shape) END AS piece
        OFFSET 0
      ) AS clipped
      WHERE z < {ZOOM} AND shape && box AND NOT ST_IsEmpty(piece)
    )
    SELECT * FROM cut WHERE z = {ZOOM}
  ) AS c
  WHERE ST_MemSize(n.geom_web) > {LONG}"""
_BODY = """
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE {pieces};
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM {pieces} AS p USING old_rows AS o WHERE p.id = o.id;
    RETURN NULL;
  ELSIF TG_OP = 'UPDATE' THEN
    DELETE FROM {pieces} AS p USING old_rows AS o
    WHERE p.id = o.id AND NOT EXISTS (SELECT FROM new_rows AS n WHERE n.id = o.id AND n.geom_web = o.geom_web);
  END IF;
  {cut} AND NOT EXISTS (SELECT FROM {pieces} AS p WHERE p.id = n.id);
  RETURN NULL;
END
"""


def stale_pieces(connection: Connection, catalogue: Catalogue, changing: Iterable[str]) -> set[str]:
    """Names of tables of pieces that are missing, different or no longer wanted, or whose layers' tables are `changing` (ids)."""
    layers = _with_pieces(catalogue)
    want = {name: _parts(layer, name) for name, layer in layers.items()}
    stale = kept.stale_copies(want, kept.kept_parts(connection, SCHEMA, _PREFIX))
    return stale | {name for name, layer in layers.items() if layer.id in changing}


def drop_steps(connection: Connection, stale: set[str]) -> list[Step]:
    """Steps that drop these tables with what keeps them."""
    there = kept.kept_parts(connection, SCHEMA, _PREFIX).keys()
    return kept.drop_steps(SCHEMA, stale & there, lambda name: (_PREFIX + name,))


def create_steps(connection: Connection, catalogue: Catalogue, stale: set[str]) -> list[Step]:
    """Steps that make those of the tables in `stale` that are wanted, of the rows that there are now."""
    layers, steps = _with_pieces(catalogue), []
    if layers and not connection.exec_driver_sql("SELECT to_regnamespace(%s)", (SCHEMA,)).scalar():
        steps.append(statement(f"create schema {SCHEMA}", f"CREATE SCHEMA {SCHEMA}"))
    for name in sorted(stale & layers.keys()):
        steps.append(statement(f"create table {SCHEMA}.{name}", making(layers[name])))
    return steps


def making(layer: Layer) -> str:
    """Statements that make the layer's table of pieces (the schema is there) of the rows that there are, and its triggers."""
    name, full, rows = table_name(layer), _full(table_name(layer)), (layer.department, layer.name)
    listed = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    made = [
        # Before the rows: whoever changes the layer waits from then on, so that nothing is missed.
        *triggers.statements(rows, _PREFIX + name, _body(name), "gisapp_pieces_"),
        f"CREATE TABLE {full} ({listed}, PRIMARY KEY ({_KEY}))",
        f"CREATE INDEX ON {full} (x, y)",
        _CUT.format(pieces=full, rows=".".join(map(quote, rows))),
        f"COMMENT ON TABLE {full} IS {literal(f'{layer.title.ja}（長い輪郭をタイルごとに切ったもの、自動更新）')}",
    ]
    return ";\n".join(made)


def _with_pieces(catalogue: Catalogue) -> dict[str, Layer]:
    return {table_name(layer): layer for layer in catalogue.layers.values() if reads_pieces(layer)}


def _parts(layer: Layer, name: str) -> set[str]:
    """What a table and its keeping consist of, in the words of `kept_parts`."""
    parts = {f"column {column} {kind}" for column, kind in COLUMNS.items()}
    parts |= {f"index btree ({_KEY})", "index btree (x, y)"}
    parts |= {f"trigger {layer.id} {event}" for event in triggers.EVENTS}
    return {part.replace('"', "") for part in (*parts, f"rule {_body(name)}")}


def _body(name: str) -> str:
    full = _full(name)
    return _BODY.format(pieces=full, cut=_CUT.format(pieces=full, rows="new_rows"))


def _full(name: str) -> str:
    return f"{SCHEMA}.{quote(name)}"
