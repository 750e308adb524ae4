"""Tables of the changes: what changed where, and which epoch the caches of this database belong to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gisapp.db import PLATFORM


class Xid8(sa.types.UserDefinedType[Any]):
    """PostgreSQL's 64-bit transaction number, which never comes round again."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """How DDL names it."""
        return "xid8"


class PgSnapshot(sa.types.UserDefinedType[Any]):
    """Which transactions somebody could see: PostgreSQL's `pg_snapshot`."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """How DDL names it."""
        return "pg_snapshot"


tile_change = sa.Table(
    "tile_change",
    PLATFORM,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column(
        "at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp(), index=True
    ),
    sa.Column("txid", Xid8, nullable=False, server_default=sa.func.pg_current_xact_id(), index=True),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("columns", pg.ARRAY(sa.Text)),
    sa.Column("boxes", pg.ARRAY(sa.Double)),
    sa.Column("zoom", sa.SmallInteger),
)

tile_state = sa.Table(
    "tile_state",
    PLATFORM,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("epoch", sa.Uuid, nullable=False, server_default=sa.func.gen_random_uuid()),
    sa.Column("pruned", Xid8, nullable=False, server_default="0"),
)


def _followed(name: str) -> sa.Table:
    """How far the tables made of the layers have followed the changes, a row a layer."""
    return sa.Table(
        name,
        PLATFORM,
        sa.Column("layer", sa.Text, primary_key=True),
        sa.Column("declared", sa.Text, nullable=False),
        sa.Column("followed", PgSnapshot, nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
    )


generalised = _followed("generalised")
search_index = _followed("search_index")

generalised_unfinished = sa.Table(
    "generalised_unfinished",
    PLATFORM,
    sa.Column("layer", sa.ForeignKey(generalised.c.layer, ondelete="CASCADE"), primary_key=True),
    sa.Column("zoom", sa.SmallInteger, primary_key=True),
    sa.Column("boxes", pg.ARRAY(sa.Double), nullable=False),
)
