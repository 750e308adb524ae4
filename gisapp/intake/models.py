"""Tables of uploads and of what was published when (schema `gisapp`)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gisapp.db import PLATFORM

STATES = ("received", "checking", "checked", "publishing", "published", "refused", "failed", "discarded")

upload = sa.Table(
    "upload",
    PLATFORM,
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("layer", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("options", pg.JSONB, nullable=False),  # mode, crs, encoding, set, publish
    sa.Column("state", sa.Text, nullable=False, server_default="received"),
    sa.Column("done", sa.Float, nullable=False, server_default="0"),  # 0 to 1
    sa.Column("report", pg.JSONB),
    sa.Column("person_id", sa.ForeignKey("gisapp.person.id"), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="upload_state"),
)

revision = sa.Table(
    "revision",
    PLATFORM,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("layer", sa.Text, nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", pg.JSONB, nullable=False),  # file, mode, counts
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
