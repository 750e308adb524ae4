"""Uploads that wait with their rows staged, are sent in pieces, and whose publishing can be undone; revisions with history."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATES = (
    "receiving",
    "received",
    "checking",
    "asking",
    "checked",
    "publishing",
    "published",
    "undoing",
    "undone",
    "refused",
    "failed",
    "discarded",
)
TABLES = f"""
ALTER TABLE gisapp.revision ADD COLUMN kept boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN gisapp.revision.kept IS 'what it changed and removed is in the layer''s history, so it can be undone';

ALTER TABLE gisapp.upload
  DROP CONSTRAINT upload_state,
  ADD CONSTRAINT upload_state CHECK (state IN {STATES!r}),
  ADD COLUMN size bigint,
  ADD COLUMN received bigint NOT NULL DEFAULT 0,
  ADD COLUMN difference jsonb,
  ADD COLUMN seen pg_snapshot,
  ADD COLUMN compared_at timestamptz,
  ADD COLUMN revision bigint,
  ADD COLUMN notice jsonb,
  ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ix_gisapp_upload_person_id ON gisapp.upload (person_id, created_at);
COMMENT ON COLUMN gisapp.upload.size IS 'bytes of the whole file, where it is sent in pieces';
COMMENT ON COLUMN gisapp.upload.seen IS 'the layer that the difference was computed against';
COMMENT ON COLUMN gisapp.upload.revision IS 'under which it was published';
COMMENT ON COLUMN gisapp.upload.notice IS 'what a person should know before going on: code, ja, en';

CREATE SCHEMA staging;
COMMENT ON SCHEMA staging IS '公開を待つアップロードの行（公開・破棄で消える）';
"""


def upgrade() -> None:
    op.execute(TABLES)
