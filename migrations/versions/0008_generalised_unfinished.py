"""What lower zooms have yet to do where a higher one, from which they are made, was already brought up to date."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE gisapp.generalised_unfinished (
  layer text REFERENCES gisapp.generalised ON DELETE CASCADE,
  zoom smallint,
  boxes double precision[] NOT NULL,
  PRIMARY KEY (layer, zoom)
);
COMMENT ON TABLE gisapp.generalised_unfinished IS '総描した表で、変わった図をまだ下のズームに反映していない場所';
COMMENT ON COLUMN gisapp.generalised_unfinished.zoom IS 'the zoom whose rows changed: those that are made from them have to follow';
COMMENT ON COLUMN gisapp.generalised_unfinished.boxes IS 'west, south, east, north in EPSG:3857, one after the other';
"""


def upgrade() -> None:
    op.execute(TABLES)
