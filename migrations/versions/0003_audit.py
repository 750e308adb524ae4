"""The audit: entries, the chain of their hashes, checkpoints of what was purged; nothing in them can be changed."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE gisapp.audit_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  written_by text NOT NULL DEFAULT session_user,
  person_id bigint,
  login text NOT NULL,
  departments text[] NOT NULL,
  via text NOT NULL,
  address text NOT NULL,
  what text NOT NULL,
  layer text NOT NULL,
  features bigint[] NOT NULL,
  details jsonb NOT NULL
);
CREATE INDEX ix_gisapp_audit_entry_at ON gisapp.audit_entry (at);
CREATE INDEX ix_gisapp_audit_entry_txid ON gisapp.audit_entry (txid);
CREATE INDEX audit_entry_login ON gisapp.audit_entry (login, id);
CREATE INDEX audit_entry_layer ON gisapp.audit_entry (layer, id);

CREATE TABLE gisapp.audit_seal (
  position bigint PRIMARY KEY,
  entry bigint NOT NULL UNIQUE,
  hash bytea NOT NULL,
  horizon xid8 NOT NULL,
  sealed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE gisapp.audit_checkpoint (
  position bigint PRIMARY KEY,
  entry bigint NOT NULL,
  hash bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
"""

# Deleting is let through only for what a checkpoint covers, and only `audit_purge` makes checkpoints.
STAY = """
CREATE FUNCTION gisapp.audit_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF TG_TABLE_NAME = 'audit_entry' THEN
      IF EXISTS (SELECT FROM gisapp.audit_seal s WHERE s.entry = OLD.id
          AND s.position <= (SELECT max(c.position) FROM gisapp.audit_checkpoint c)) THEN
        RETURN OLD;
      END IF;
    ELSIF TG_TABLE_NAME = 'audit_seal' THEN
      IF OLD.position <= (SELECT max(c.position) FROM gisapp.audit_checkpoint c) THEN
        RETURN OLD;
      END IF;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit is only ever added to (% of %)', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
"""

TRIGGERS = """
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON gisapp.{table} FOR EACH ROW EXECUTE FUNCTION gisapp.audit_stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON gisapp.{table} FOR EACH STATEMENT EXECUTE FUNCTION gisapp.audit_stays();
"""

# Runs with the rights of the tables' owner, so it checks itself what may go: nothing younger than a year, ever.
PURGE = """
CREATE FUNCTION gisapp.audit_purge(up_to bigint, years integer, who text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last gisapp.audit_seal;
  gone bigint;
BEGIN
  SELECT * INTO last FROM gisapp.audit_seal WHERE position = up_to;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the audit has no position %', up_to;
  END IF;
  IF years < 1 OR EXISTS (
      SELECT FROM gisapp.audit_seal s JOIN gisapp.audit_entry e ON e.id = s.entry
      WHERE s.position <= up_to AND e.at >= now() - make_interval(years => years)) THEN
    RAISE EXCEPTION 'the audit is kept for % years', greatest(years, 1);
  END IF;
  INSERT INTO gisapp.audit_checkpoint (position, entry, hash) VALUES (last.position, last.entry, last.hash);
  DELETE FROM gisapp.audit_entry e USING gisapp.audit_seal s WHERE s.entry = e.id AND s.position <= up_to;
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM gisapp.audit_seal WHERE position <= up_to;
  INSERT INTO gisapp.audit_entry (login, departments, via, address, what, layer, features, details)
    VALUES (who, '{}', 'shell', '', 'audit_purged', '', '{}',
      jsonb_build_object('up_to', last.entry, 'rows', gone, 'years', years));
  RETURN gone;
END $$;
"""


def upgrade() -> None:
    for statement in (TABLES, STAY, PURGE):
        op.execute(statement)
    for table in ("audit_entry", "audit_seal", "audit_checkpoint"):
        op.execute(TRIGGERS.replace("{table}", table))
    op.execute("REVOKE EXECUTE ON FUNCTION gisapp.audit_purge FROM PUBLIC")
