"""Tables of the audit (schema `gisapp`). They belong to a role that nobody can sign in as: see `rights`.

Entries are never changed, so the chain is a table of its own: writers wait neither for each other nor for it.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gisapp.changes.models import Xid8
from gisapp.db import PLATFORM

audit_entry = sa.Table(
    "audit_entry",
    PLATFORM,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column(
        "at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp(), index=True
    ),
    sa.Column("txid", Xid8, nullable=False, server_default=sa.func.pg_current_xact_id(), index=True),
    sa.Column("written_by", sa.Text, nullable=False, server_default=sa.text("session_user")),
    sa.Column("person_id", sa.BigInteger),  # no foreign key: entries outlive people
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("departments", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("via", sa.Text, nullable=False),  # session:…, token:…, address:…, upload:…, shell
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("layer", sa.Text, nullable=False),
    sa.Column("features", pg.ARRAY(sa.BigInteger), nullable=False),
    sa.Column("details", pg.JSONB, nullable=False),
    sa.Index("audit_entry_login", "login", "id"),
    sa.Index("audit_entry_layer", "layer", "id"),
)

audit_seal = sa.Table(
    "audit_seal",
    PLATFORM,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … without gaps
    sa.Column("entry", sa.BigInteger, nullable=False, unique=True),
    sa.Column("hash", sa.LargeBinary, nullable=False),  # SHA-256 of the hash before and the entry
    sa.Column("horizon", Xid8, nullable=False),  # every entry of an older transaction was sealed by then
    sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

audit_checkpoint = sa.Table(
    "audit_checkpoint",
    PLATFORM,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),  # up to here purged
    sa.Column("entry", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
