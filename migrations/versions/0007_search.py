"""How far each layer's search table has followed the changes, and for which declaration it was built."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE gisapp.search_index (
  layer text PRIMARY KEY,
  declared text NOT NULL,
  followed pg_snapshot NOT NULL,
  built_at timestamptz NOT NULL
);
COMMENT ON TABLE gisapp.search_index IS '検索用の表が、どの変更まで追いついているか';
COMMENT ON COLUMN gisapp.search_index.declared IS 'what layer.toml said when it was built: another text means build it anew';
COMMENT ON COLUMN gisapp.search_index.followed IS 'changes that this snapshot sees are in the table';
"""


def upgrade() -> None:
    op.execute(TABLES)
