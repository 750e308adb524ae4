"""The table of revisions (schema `gisapp`): what was changed when, by whom; the rows themselves are in `history`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gisapp.db import PLATFORM

revision = sa.Table(
    "revision",
    PLATFORM,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("layer", sa.Text, nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", pg.JSONB, nullable=False),  # file, mode, counts, undid
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.false()),  # its rows are in the history
)
