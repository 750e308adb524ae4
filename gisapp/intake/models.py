"""The table of uploads (schema `gisapp`)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gisapp.changes.models import PgSnapshot
from gisapp.db import PLATFORM

STATES = (
    "receiving",  # in pieces
    "received",
    "checking",
    "asking",  # it can go on as soon as a person says which reference system, part …
    "checked",  # its rows are staged and wait for `publish`
    "publishing",
    "published",
    "undoing",
    "undone",
    "refused",
    "failed",
    "discarded",
)

upload = sa.Table(
    "upload",
    PLATFORM,
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("layer", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column(
        "options", pg.JSONB, nullable=False
    ),  # mode, crs, encoding, part, set; publish, declined, anyway
    sa.Column("state", sa.Text, nullable=False, server_default="received"),
    sa.Column("done", sa.Float, nullable=False, server_default="0"),  # 0 to 1
    sa.Column("report", pg.JSONB),
    sa.Column("person_id", sa.ForeignKey("gisapp.person.id"), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("size", sa.BigInteger),  # bytes of the whole file, where it is sent in pieces
    sa.Column("received", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("difference", pg.JSONB),  # counts of the staged rows against the layer
    sa.Column("seen", PgSnapshot),  # the layer as it was then
    sa.Column("compared_at", sa.DateTime(timezone=True)),
    sa.Column("revision", sa.BigInteger),  # under which it was published
    sa.Column("notice", pg.JSONB),  # what a person should know before going on: code, ja, en
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Index("ix_gisapp_upload_person_id", "person_id", "created_at"),
    sa.CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="upload_state"),
)
