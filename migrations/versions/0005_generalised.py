"""How far each layer's generalised table has followed the changes, and for which declaration it was built."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE gisapp.generalised (
  layer text PRIMARY KEY,
  declared text NOT NULL,
  followed pg_snapshot NOT NULL,
  built_at timestamptz NOT NULL
);
COMMENT ON TABLE gisapp.generalised IS '総描した表が、どの変更まで追いついているか';
COMMENT ON COLUMN gisapp.generalised.declared IS 'what layer.toml said when it was built: another text means build it anew';
COMMENT ON COLUMN gisapp.generalised.followed IS 'changes that this snapshot sees are in the table';
"""


def upgrade() -> None:
    op.execute(TABLES)
