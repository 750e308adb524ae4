"""What changed in the layers and where: tiles forget by it, generalised tables and the search index follow it."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE gisapp.tile_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  relation text NOT NULL,
  columns text[],
  boxes float8[],
  zoom smallint
);
CREATE INDEX ix_gisapp_tile_change_txid ON gisapp.tile_change (txid);
CREATE INDEX ix_gisapp_tile_change_at ON gisapp.tile_change (at);
COMMENT ON TABLE gisapp.tile_change IS 'どのレイヤーの、どこが、いつ変わったか';
COMMENT ON COLUMN gisapp.tile_change.columns IS 'changed columns; NULL: the shape, or the row as a whole';
COMMENT ON COLUMN gisapp.tile_change.boxes IS 'xmin, ymin, xmax, ymax of each old and new shape, EPSG:3857; NULL: anywhere';
COMMENT ON COLUMN gisapp.tile_change.zoom IS 'NULL: tiles of every zoom';

CREATE TABLE gisapp.tile_state (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  pruned xid8 NOT NULL DEFAULT '0'
);
INSERT INTO gisapp.tile_state DEFAULT VALUES;
COMMENT ON COLUMN gisapp.tile_state.epoch IS 'every cache that knows another epoch is empty';
COMMENT ON COLUMN gisapp.tile_state.pruned IS 'changes of this transaction and before may be gone from tile_change';
"""


def upgrade() -> None:
    op.execute(TABLES)
